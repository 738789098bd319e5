import pytest

from kmanalysis.errors import StandardsError
from kmanalysis.standards import default_standards, load_standards, override_standards
from kmanalysis.tables import DIMENSIONS


def refused(declared):
    with pytest.raises(StandardsError) as caught:
        override_standards(declared, file="mine.toml")
    return str(caught.value)


def test_the_essay_s_figures_are_the_defaults():
    standards = default_standards()
    figures = {
        "stability.delivery_time": (300, "seconds"),
        "service.first_response": (600, "seconds"),
        "service.resolution": (7200, "seconds"),
        "service.reship_in_time": (86400, "seconds"),
        "price.band_share": (0.05, "share"),
        "price.tier_discount": (50000, "currency"),
    }
    assert {identifier: (standards[identifier].limit, standards[identifier].limit_unit) for identifier in figures} == figures
    assert [standards.value(f"grade.{grade}.points") for grade in "SAB"] == [88, 75, 60]
    assert {identifier for identifier, standard in standards.items() if standard.veto} == {
        "compliance.authorised_share",
        "compliance.licences",
        "compliance.grey_listings",
    }
    assert standards.value("trial.valid_share") == 0.99
    assert standards.value("contract.damages_share") == 0.3


def test_every_judging_standard_belongs_to_a_dimension_and_has_a_scale():
    for identifier in default_standards().measures:
        standard = default_standards()[identifier]
        assert standard.dimension in DIMENSIONS
        assert None not in (standard.worst, standard.best)
        assert standard.op in (">=", "<=")


def test_an_operator_changes_single_fields(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text('["service.first_response"]\nlimit = 300\n[grade.S]\npoints = 90\n', encoding="utf-8")
    standards = load_standards(mine)
    assert standards.limit("service.first_response") == 300
    assert standards["service.first_response"].value == 0.95
    assert standards.value("grade.S.points") == 90
    assert standards.changed == ("service.first_response", "grade.S.points")
    assert standards["service.first_response"].source == "operator"
    assert standards.digest != default_standards().digest
    assert load_standards().changed == ()


def test_a_unit_may_be_repeated_but_not_changed():
    assert override_standards({"service.resolution": {"limit": 3600, "limit_unit": "seconds"}}, file="mine.toml").limit("service.resolution") == 3600
    assert "counted in seconds, not in minutes" in refused({"service.resolution": {"limit": 60, "limit_unit": "minutes"}})
    assert "counted in share, not in percent" in refused({"price.gross_margin": {"value": 20, "unit": "percent"}})


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"service.first_respons": {"limit": 1}}, "Did you mean service.first_response?"),
        ({"service.first_response": {"limt": 1}}, "has no field 'limt'"),
        ({"service.first_response": {"limit": "ten"}}, "must be a number, found 'ten'"),
        ({"service.first_response": {"value": True}}, "must be a number"),
        ({"price.gross_margin": {"value": 20}}, "a share from 0 to 1, found 20. Write 95 % as 0.95."),
        ({"compliance.licences": {"veto": "yes"}}, "true or false"),
        ({"price.gross_margin": {"op": ">"}}, "op must be one of >=, <=, ="),
        ({"price.gross_margin": {"weight": -1}}, "may not be negative"),
        ({"price.gross_margin": {"limit": 0.3}}, "has no limit inside the measure"),
        ({"grade.S.points": 75}, "grade S asks for points 75, no more than grade A with 75"),
        ({"grade": {"B": {"points": 80}}}, "grade A asks for points 75"),
        ({"grade.S.coverage": 0.6}, "grade S asks for coverage 0.6"),
        ({"price.gross_margin": {"value": 0.4}}, "out of order"),
        ({"price.gross_margin": {"op": "<="}}, "out of order"),
    ],
)
def test_what_cannot_be_in_force_is_refused_and_says_why(declared, says):
    message = refused(declared)
    assert message.startswith("mine.toml: ")
    assert says in message


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"\xff\xfe=")
    with pytest.raises(StandardsError, match=r"broken\.toml, line 1: this is not text in UTF-8"):
        load_standards(broken)
