import numpy as np
import pytest
from scipy.stats import norm

from kmanalysis.scoring.grades import grade_history, grades, score_draws, weight_draws
from kmanalysis.scoring.scorecard import moves, reasons, scorecard, standards_frame
from kmanalysis.standards import default_standards
from tests.scoring.observed import UNREQUESTED, observed_rows

NO_DATA = {"value": np.nan, "n": 0}


def only(frame, supplier="S01"):
    return frame[frame["supplier_id"] == supplier].iloc[0]


@pytest.mark.parametrize(("earning", "grade", "reason"), [(95, "S", ""), (80, "A", ""), (65, "B", ""), (30, "", "below_floor")])
def test_the_score_reaches_its_grade(seen, earning, grade, reason):
    row = only(grades(seen({"2026-10": observed_rows("2026-10", "S01", earning)})))
    assert (row["grade"], row["reason"]) == (grade, reason)


def test_a_supplier_that_just_meets_every_standard_is_an_a(seen):
    row = only(grades(seen({"2026-10": observed_rows("2026-10", "S01", 80)})))
    # what asks for everything or nothing is met in full: 100 points
    assert row["grade"] == "A"
    assert 80 < row["score"] < 88


def test_a_veto_is_not_averaged_away(seen):
    rows = observed_rows("2026-10", "S01", 100, compliance__grey_listings={"value": 1.0})
    row = only(grades(seen({"2026-10": rows})))
    assert (row["grade"], row["reason"], row["vetoes"], row["p_none"]) == ("", "vetoed", "compliance.grey_listings", 1.0)


@pytest.mark.parametrize("changes", [NO_DATA, {"value": 0.5, "lower": 0.5, "upper": 1.0, "basis": "bounded"}])
def test_a_veto_without_proof_lacks_evidence_and_is_not_vetoed(seen, changes):
    row = only(grades(seen({"2026-10": observed_rows("2026-10", "S01", 100, compliance__licences=changes)})))
    assert (row["grade"], row["reason"], row["vetoes"]) == ("", "lacks_evidence", "")


def test_hiding_bad_data_cannot_raise_a_grade(seen):
    hidden = {identifier.replace(".", "__"): NO_DATA for identifier in default_standards().measures if identifier.startswith(("service.", "reputation."))}
    row = only(grades(seen({"2026-10": observed_rows("2026-10", "S01", 100, **hidden)})))
    assert row["coverage"] == pytest.approx(0.65)
    assert (row["grade"], row["reason"]) == ("", "lacks_evidence")


def test_s_asks_for_more_coverage_than_a(seen):
    hidden = {f"service__{name}": NO_DATA for name in ("first_response", "resolution", "round_the_clock", "reship_in_time")}
    row = only(grades(seen({"2026-10": observed_rows("2026-10", "S01", 100, **hidden)})))
    assert row["coverage"] == pytest.approx(0.825)
    assert row["grade"] == "A"


def months_earning(*earnings, last=10):
    months = [f"2026-{last - len(earnings) + 1 + place:02d}" for place in range(len(earnings))]
    return {month: observed_rows(month, "S01", earning) for month, earning in zip(months, earnings, strict=True)}


@pytest.mark.parametrize(
    ("earnings", "shown"),
    [
        ((95, 65), ["S", "S"]),
        ((95, 65, 65), ["S", "S", "B"]),
        ((95, 80, 65, 65), ["S", "S", "A", "B"]),
        ((95, 65, 95), ["S", "S", "S"]),
        ((65, 95), ["B", "S"]),
        ((80, 30, 30), ["A", "A", ""]),
    ],
)
def test_falling_takes_two_months_and_rising_one(seen, earnings, shown):
    assert list(grade_history(seen(months_earning(*earnings)))["grade"]) == shown


def test_one_month_alone_gives_the_same_grade_as_the_whole_history(seen):
    months = months_earning(95, 80, 65, 65)
    history = grade_history(seen(months))
    for month in months:
        alone = grades(seen({known: rows for known, rows in months.items() if known <= month}))
        assert alone.to_dict("records") == history[history["month"] == month].to_dict("records")


def test_a_veto_ends_a_grade_at_once_and_what_was_held_is_gone(seen):
    months = months_earning(95, 95, 65)
    months["2026-09"] = observed_rows("2026-09", "S01", 95, compliance__grey_listings={"value": 2.0})
    assert list(grade_history(seen(months))["grade"]) == ["S", "", "B"]


def test_chances_add_up_and_a_wide_interval_leaves_doubt(seen):
    wide = {"lower": 0.6, "upper": 1.0}
    rows = observed_rows(
        "2026-10", "S01", 80, price__gross_margin={"value": 0.2, "lower": 0.05, "upper": 0.35}, service__first_response={"value": 0.95, **wide}
    )
    row = only(grades(seen({"2026-10": rows})))
    assert row[["p_s", "p_a", "p_b", "p_none"]].sum() == pytest.approx(1.0)
    assert row["probability"] == row["p_a"]
    assert 0 < row["p_a"] <= 1


def test_another_supplier_moves_nobody(seen):
    rows = observed_rows("2026-10", "S02", 85, service__first_response={"value": 0.95, "lower": 0.8, "upper": 0.99})
    alone = only(grades(seen({"2026-10": rows})), "S02")
    joined = only(grades(seen({"2026-10": rows + observed_rows("2026-10", "S01", 40) + observed_rows("2026-10", "S03", 99)})), "S02")
    assert alone.to_dict() == joined.to_dict()


def test_the_weights_drawn_are_around_those_configured():
    standards = default_standards()
    configured = standards_frame(standards, UNREQUESTED).set_index("measure")["weight"]
    drawn = weight_draws(standards, UNREQUESTED, 20_000)
    # Dirichlet(c·w) has mean w and variance w(1−w)/(c+1); Kotz et al., Continuous Multivariate Distributions, ch. 49.
    expected = configured[drawn.index]
    np.testing.assert_allclose(drawn.mean(axis=1), expected, atol=0.001)
    np.testing.assert_allclose(drawn.var(axis=1), expected * (1 - expected) / 101, rtol=0.1)
    assert configured.sum() == pytest.approx(1.0)


def test_a_measure_is_redrawn_from_its_interval(seen):
    rows = observed_rows("2026-10", "S01", 80, price__gross_margin={"value": 0.2, "lower": 0.17, "upper": 0.23})
    workbook = seen({"2026-10": rows})
    judged = scorecard(workbook).query("measure == 'price.gross_margin'")
    weights = weight_draws(workbook.standards, UNREQUESTED, 20_000)
    drawn = score_draws(judged, weights, workbook.standards)["S01"]
    # below the target a point is worth 80/0.15 of margin, above it 20/0.15; the bounds are the 5 % and 95 % quantiles
    assert np.quantile(drawn, 0.05) == pytest.approx(80 - 0.03 / 0.15 * 80, abs=0.5)
    assert np.quantile(drawn, 0.95) == pytest.approx(80 + 0.03 / 0.15 * 20, abs=0.5)
    assert norm.ppf(0.95) == pytest.approx(1.645, abs=1e-3)


def test_weights_sum_to_the_dimensions_shares():
    weights = standards_frame(default_standards(), UNREQUESTED).groupby("dimension")["weight"].sum()
    assert weights.to_dict() == pytest.approx({"stability": 0.25, "compliance": 0.2, "price": 0.2, "service": 0.25, "reputation": 0.1})


def test_reasons_name_the_veto_first_and_then_what_costs_most(seen):
    rows = observed_rows(
        "2026-10", "S01", 100, compliance__grey_listings={"value": 1.0}, price__band_share={"value": 0.6}, service__dispute_rate={"value": 0.05}
    )
    found = reasons(seen({"2026-10": rows}))
    assert list(found["measure"])[:3] == ["compliance.grey_listings", "price.band_share", "service.dispute_rate"]
    assert found["rank"].tolist() == list(range(1, len(found) + 1))


def test_moves_set_this_month_beside_the_last(seen):
    moved = moves(seen(months_earning(95, 65))).set_index("measure").loc["price.gross_margin"]
    assert (moved["previous_verdict"], moved["verdict"]) == ("met", "missed")
    first = moves(seen(months_earning(95))).set_index("measure").loc["price.gross_margin"]
    assert np.isnan(first["previous_value"])


def test_an_s_supplier_misses_no_standard_however_good_the_rest(seen):
    rows = observed_rows("2026-10", "S01", 100, reputation__reference_confirmed={"value": 0.3})
    row = only(grades(seen({"2026-10": rows})))
    assert row["score"] > 88
    assert (row["grade"], row["missed"], row["p_s"]) == ("A", 1, 0.0)
