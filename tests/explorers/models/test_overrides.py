import tomllib

import pytest
from hypothesis import given, settings

from kmanalysis.errors import StandardsError, UsageError
from kmanalysis.explorers.models.overrides import HEAD, differences, moved, standards_toml, write_standards
from kmanalysis.standards import default_standards, load_standards, override_standards
from tests.explorers.models.test_whatif import CHANGES

DEFAULTS = default_standards()


@settings(max_examples=60, deadline=None)
@given(changes=CHANGES)
def test_what_is_written_is_what_was_set(tmp_path_factory, changes):
    try:
        standards = moved(DEFAULTS, changes)
    except UsageError:
        return
    written = write_standards(standards, tmp_path_factory.mktemp("own") / "own.toml")
    read = load_standards(written)
    assert differences(read) == differences(standards)
    assert {name: (read[name].value, read[name].weight, read[name].veto) for name in read} == {
        name: (standards[name].value, standards[name].weight, standards[name].veto) for name in standards
    }


def test_an_operator_s_own_standards_stay_under_what_is_moved():
    own = override_standards({"grade.S.points": 90, "service.resolution": {"weight": 5, "limit": 3600}}, file="own")
    both = moved(own, {"service.resolution": {"weight": 7.0}})
    assert tomllib.loads(standards_toml(both)) == {"grade.S.points": {"value": 90}, "service.resolution": {"weight": 7.0, "limit": 3600}}


def test_nothing_moved_writes_a_file_that_changes_nothing(tmp_path):
    written = write_standards(DEFAULTS, tmp_path / "same.toml")
    assert written.read_text(encoding="utf-8") == f"{HEAD}\n"
    assert load_standards(written).changed == ()


def test_a_file_of_the_explorer_is_written_over_and_no_other(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('"grade.S.points" = 90\n', encoding="utf-8")
    with pytest.raises(UsageError, match="was not written by the explorer"):
        write_standards(DEFAULTS, own)
    assert own.read_text(encoding="utf-8") == '"grade.S.points" = 90\n'
    first = write_standards(DEFAULTS, tmp_path / "first.toml")
    assert write_standards(moved(DEFAULTS, {"grade.S.points": {"value": 91.0}}), first) == first
    assert load_standards(first).value("grade.S.points") == 91
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.toml", "own.toml"]


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(UsageError, match="was not found"):
        write_standards(DEFAULTS, tmp_path / "missing" / "own.toml")


def test_what_cannot_be_in_force_is_refused():
    with pytest.raises(StandardsError):
        moved(DEFAULTS, {"stability.uptime": {"value": 0.95}})
    with pytest.raises(UsageError, match="must weigh something"):
        moved(DEFAULTS, {identifier: {"weight": 0.0} for identifier in DEFAULTS.measures})
