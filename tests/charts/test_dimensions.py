"""The charts of the dimensions, the review and the dossier: what each draws of a few literal rows, and what it says where there are none."""

import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kmanalysis.charts import compliance, price, reputation, service, stability, supplier
from kmanalysis.charts.kit.style import picture
from kmanalysis.charts.review import grades as review
from kmanalysis.standards import default_standards
from kmanalysis.times import Month

STANDARDS = default_standards()
FLOORS = {"S": 88, "A": 75, "B": 60}
DAY = pd.Timestamp("2026-10-03")


def frame(columns, *rows):
    return pd.DataFrame(list(rows), columns=columns.split())


HISTORY = "month supplier_id grade reason score"
EMPTY = {
    "stock by day": lambda words, names: stability.stock_by_day(frame("supplier_id day available_share"), words, names),
    "servers by day": lambda words, names: stability.servers_by_day(frame("supplier_id day up_share"), words, names),
    "outages": lambda words, names: stability.outages(frame("supplier_id since until seconds"), Month(2026, 10), words, names),
    "delivery": lambda words, names: stability.delivery(frame("supplier_id seconds share"), STANDARDS["stability.delivery_time"], words, names),
    "authorisation": lambda words, names: compliance.authorisation(frame("supplier_id sku state days"), words, names),
    "licences": lambda words, names: compliance.licences(frame("supplier_id kind proven_days unverified_days outdated_days absent_days"), words, names),
    "deviations": lambda words, names: price.deviations(frame("supplier_id sku median_deviation"), STANDARDS["price.band_share"], words, names),
    "landed": lambda words, names: price.landed(frame("supplier_id sku name headline_gap landed_gap is_trap"), words, names),
    "fees": lambda words, names: price.fees(frame("supplier_id is_disclosed share_of_purchases"), words, names),
    "response": lambda words, names: service.response(frame("supplier_id seconds share"), STANDARDS["service.first_response"], words, names),
    "resolution": lambda words, names: service.resolution(frame("supplier_id seconds share"), STANDARDS["service.resolution"], words, names),
    "free times": lambda words, names: service.free_times(frame("supplier_id measure value"), STANDARDS["service.round_the_clock"], words, names),
    "hours": lambda words, names: service.hours(frame("supplier_id day_kind hour share"), words),
    "remedies": lambda words, names: service.remedies(frame("supplier_id currency failures due_amount paid_amount outstanding_amount"), words, names),
    "disputes": lambda words, names: service.disputes(frame("supplier_id kind orders"), words, names),
    "backlog": lambda words, names: service.backlog(frame("supplier_id age_from_days tickets"), words, names),
    "references": lambda words, names: reputation.references(frame("supplier_id outcome"), words, names),
    "findings": lambda words, names: reputation.findings(frame("supplier_id found_on polarity"), words, names),
    "chances": lambda words, names: review.chances(frame("supplier_id grade reason probability p_s p_a p_b p_none"), words, names),
    "scores": lambda words, names: review.scores(frame(HISTORY), FLOORS, words, names),
    "dimensions": lambda words, names: supplier.dimensions(frame("dimension score coverage"), FLOORS, words),
    "months": lambda words, names: supplier.months(frame(HISTORY), FLOORS, words),
    "lost points": lambda words, names: supplier.lost_points(frame("measure verdict lost"), words),
    "moved": lambda words, names: supplier.moved(frame("measure points previous_points"), words),
    "days": lambda words, names: supplier.days({"stability.uptime": frame("day share")}, words),
}


@pytest.mark.parametrize("draw", EMPTY.values(), ids=EMPTY.keys())
def test_nothing_to_show_is_a_sentence(draw, words, names):
    ax = draw(words, names)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that no font has
        picture(ax)
    assert not ax.axison
    assert len(ax.get_label()) > 15
    assert ax.lines[:] + ax.patches[:] + ax.collections[:] == []


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_outages_lie_on_the_local_calendar(en, names, texts):
    since, until = pd.Timestamp("2026-10-05 16:00"), pd.Timestamp("2026-10-06 04:00")
    found = frame("supplier_id since until seconds", ("S01", since, since + pd.Timedelta(minutes=5), 300.0), ("S02", since, until, 43200.0))
    ax = stability.outages(found, Month(2026, 10), en, names)
    assert labels(ax) == ["S02 灵犀智享", "S01 云杉数卡"]
    day = ax.convert_xunits(np.datetime64("2026-10-06"))
    assert sorted((bar.get_x(), bar.get_width()) for bar in ax.patches) == [(day, pytest.approx(5 / 1440)), (day, pytest.approx(0.5))]
    assert {"12 hours", "5 minutes"} <= set(texts(picture(ax)))


def test_authorisation_puts_the_least_covered_first(en, names):
    status = frame("supplier_id sku state days", ("S01", "G1", "authorised", 31), ("S02", "G1", "authorised", 10), ("S02", "G2", "missing", 21))
    ax = compliance.authorisation(status, en, names)
    assert labels(ax) == ["S02 灵犀智享", "S01 云杉数卡"]
    assert ax.get_legend_handles_labels()[1] == ["missing", "authorised"]


def test_licences_show_what_did_not_hold_alone(en, names):
    days = frame(
        "supplier_id kind proven_days unverified_days outdated_days absent_days",
        ("S01", "business_licence", 31, 0, 0, 0),
        ("S02", "industry_permit", 10, 0, 21, 0),
    )
    assert labels(compliance.licences(days, en, names)) == ["灵犀智享 industry permit"]
    assert "valid and verified on every day" in compliance.licences(days.head(1), en, names).get_label()


def test_expiring_documents_come_in_their_order(zh, names):
    columns = "supplier_id kind document_id scope valid_to days_left state"
    documents = frame(
        columns,
        ("S01", "business_licence", "D1", "*", pd.Timestamp("2027-01-01"), 62.0, "valid"),
        ("S01", "industry_permit", "D2", "*", pd.NaT, np.nan, "valid"),
        ("S02", "industry_permit", "D3", "*", pd.Timestamp("2026-10-01"), -30.0, "outdated"),
    )
    shown = compliance.expiring(documents, zh, names).html
    assert shown.index("D3") < shown.index("D1")
    assert "D2" not in shown
    assert "已过期" in shown
    assert "没有带到期日的资质存档。" in compliance.expiring(documents.head(0), zh).html


def test_families_are_marked_by_who_has_them(zh, names):
    found = frame("supplier_id family listings is_asked", ("S01", "Tencent", 3, True), ("S02", "Tencent", 0, True), ("S02", "Other", 5, False))
    shown = compliance.families(found, zh, names).html
    assert "✓ 3" in shown
    assert "✗" in shown
    assert "Other" not in shown
    assert "需求画像没有指定平台。" in compliance.families(found.assign(is_asked=False), zh, names).html


def test_goods_outside_the_band_have_their_own_mark(en, names):
    skus = frame("supplier_id sku median_deviation", ("S01", "G1", 0.02), ("S01", "G2", -0.05), ("S02", "G1", 0.12))
    ax = price.deviations(skus, STANDARDS["price.band_share"], en, names)
    within, outside = (collection.get_offsets().tolist() for collection in ax.collections)
    assert (sorted(within), outside) == ([[-0.05, 1], [0.02, 1]], [[0.12, 0]])
    assert ax.patches[0].get_extents().x0 < ax.patches[0].get_extents().x1
    assert "±5%" in ax.get_label()


def test_traps_come_first_and_are_marked(en, names):
    prices = frame(
        "supplier_id sku name headline_gap landed_gap is_trap",
        ("S01", "G1", "月卡", 0.01, 0.03, False),
        ("S03", "G2", "季卡", -0.14, 0.0, True),
    )
    ax = price.landed(prices, en, names)
    assert labels(ax) == ["⚠ S03 速惠卡仓 季卡", "S01 云杉数卡 月卡"]
    assert "1 of 2 goods are traps" in ax.get_label()


def test_hidden_fees_come_before_disclosed_ones(en, names):
    found = frame("supplier_id is_disclosed share_of_purchases", ("S01", True, 0.03), ("S03", False, 0.1), ("S03", False, 0.07), ("S03", True, 0.01))
    ax = price.fees(found, en, names)
    assert labels(ax) == ["S03 速惠卡仓", "S01 云杉数卡"]
    assert ax.patches[0].get_width() == pytest.approx(0.17)


def test_nights_weekends_and_holidays_stand_apart(en, names):
    observed = frame(
        "supplier_id measure value",
        ("S01", "service.round_the_clock", 0.5),
        ("S01", "service.round_the_clock.night", 0.4),
        ("S01", "service.round_the_clock.holiday", 0.9),
        ("S02", "service.round_the_clock.weekend", 1.0),
    )
    ax = service.free_times(observed, STANDARDS["service.round_the_clock"], en, names)
    assert labels(ax) == ["S01 云杉数卡", "S02 灵犀智享"]
    assert [len(collection.get_offsets()) for collection in ax.collections] == [1, 1, 1]
    assert [line.get_xdata()[0] for line in ax.lines] == [0.95]
    at_night = observed[observed["measure"] == "service.round_the_clock.night"]
    of_nights = service.free_times(at_night, STANDARDS["service.round_the_clock"], en, names)
    assert [len(collection.get_offsets()) for collection in of_nights.collections] == [1, 0, 0]


def test_what_is_owed_is_told_in_its_currency(zh, names, texts):
    found = frame(
        "supplier_id currency failures due_amount paid_amount outstanding_amount",
        ("S01", "CNY", 3, Decimal("9"), Decimal("9"), Decimal("0")),
        ("S02", "CNY", 5, Decimal("60"), Decimal("1.8"), Decimal("58.20")),
        ("S03", "USD", 1, Decimal("2"), Decimal("0"), Decimal("2")),
    )
    ax = service.remedies(found, zh, names)
    assert labels(ax) == ["S02 灵犀智享", "S01 云杉数卡"]
    assert "欠 ¥58.20" in texts(picture(ax))
    assert "另有 1 行为其他币种，未画出。" in ax.get_label()


def test_backlog_is_stacked_by_age(en, names):
    found = frame("supplier_id age_from_days tickets", ("S01", 0, 2), ("S02", 7, 3), ("S02", 30, 1))
    ax = service.backlog(found, en, names)
    assert labels(ax) == ["S02 灵犀智享", "S01 云杉数卡"]
    assert ax.get_legend_handles_labels()[1] == ["younger than a day", "7 days and older", "30 days and older"]


def test_denied_references_come_first(en, names):
    rows = [("S01", "confirmed")] * 5 + [("S02", "denied")] * 2 + [("S02", "not_asked")]
    ax = reputation.references(frame("supplier_id outcome", *rows), en, names)
    assert labels(ax) == ["S02 灵犀智享", "S01 云杉数卡"]
    assert ax.get_legend_handles_labels()[1] == ["denied", "not asked yet", "confirmed"]


def test_findings_tell_good_from_bad_by_mark(en, names):
    ax = reputation.findings(frame("supplier_id found_on polarity", ("S01", DAY, "good"), ("S02", DAY, "bad")), en, names)
    assert labels(ax) == ["S02 灵犀智享", "S01 云杉数卡"]
    good, bad = ax.collections
    assert good.get_paths()[0].vertices.tolist() != bad.get_paths()[0].vertices.tolist()
    for polarity, marks in (("good", [1, 0]), ("bad", [0, 1])):
        ax = reputation.findings(frame("supplier_id found_on polarity", ("S01", DAY, polarity)), en, names)
        assert [len(collection.get_offsets()) for collection in ax.collections] == marks


def test_chances_leave_out_who_cannot_be_graded(en, names, texts):
    grades = frame(
        "supplier_id grade reason probability p_s p_a p_b p_none",
        ("S01", "S", "", 0.9, 0.9, 0.1, 0.0, 0.0),
        ("S02", "", "vetoed", 1.0, 0.0, 0.0, 0.0, 1.0),
        ("S03", "", "below_floor", 0.7, 0.0, 0.0, 0.3, 0.7),
    )
    ax = review.chances(grades, en, names)
    assert labels(ax) == ["S03 速惠卡仓", "S01 云杉数卡"]
    assert {"– 70%", "S 90%"} <= set(texts(picture(ax)))


def test_scores_follow_those_whose_grade_changed(en, names):
    history = frame(HISTORY, *[(month, s, g, "", p) for month, s, g, p in (("2026-09", "S01", "S", 93), ("2026-10", "S01", "S", 94))])
    moved = frame(HISTORY, ("2026-09", "S02", "S", "", 90.0), ("2026-10", "S02", "A", "", 80.0))
    ax = review.scores(pd.concat([history, moved]), FLOORS, en, names)
    assert ax.get_legend_handles_labels()[1] == ["S02 灵犀智享"]
    assert sorted(line.get_ydata()[0] for line in ax.lines[:3]) == [60, 75, 88]


def test_grades_by_month_put_who_moved_first(zh, names):
    history = frame(
        HISTORY,
        ("2026-09", "S01", "S", "", 93.0), ("2026-10", "S01", "S", "", 93.0), ("2026-09", "S02", "A", "", 80.0), ("2026-10", "S02", "", "vetoed", 80.0),
    )  # fmt: skip
    shown = review.grades_by_month(history, zh, names).html
    assert shown.index("S02 灵犀智享 ◀") < shown.index("S01 云杉数卡<")


def test_grades_by_month_leave_out_who_was_never_scored(zh, names):
    history = frame(HISTORY, ("2026-10", "S01", "", "lacks_evidence", np.nan), ("2026-10", "S02", "A", "", 80.0))
    shown = review.grades_by_month(history, zh, names).html
    assert "S02" in shown
    assert "S01" not in shown.split("</style>")[1]


def test_not_graded_are_named_with_their_veto(zh, names):
    grades = frame(
        "supplier_id grade reason vetoes score coverage",
        ("S01", "S", "", "", 93.0, 1.0),
        ("S03", "", "lacks_evidence", "", np.nan, 0.2),
        ("S02", "", "vetoed", "compliance.licences;compliance.grey_listings", 89.7, 1.0),
    )
    shown = review.not_graded(grades, zh, names).html
    assert shown.index("一票否决") < shown.index("证据不足")
    assert "资质齐全有效、灰色货源数" in shown
    assert "所有供货商均已定级。" in review.not_graded(grades.head(1), zh, names).html


def test_reasons_are_told_by_what_they_cost(zh, names):
    reasons = frame(
        "supplier_id rank measure verdict lost",
        ("S01", 1, "service.first_response", "missed", 5.04),
        ("S01", 2, "compliance.licences", "no_data", np.nan),
    )
    grades = frame("supplier_id grade reason score", ("S01", "B", "", 61.0), ("S02", "S", "", 100.0))
    shown = review.top_reasons(reasons, grades, zh, names).html
    assert "✗ 首次响应及时率 −5; – 资质齐全有效 —" in shown
    assert "S02" not in shown.split("</style>")[1]


def test_moved_measures_show_both_months(zh):
    moves = frame(
        "supplier_id measure unit weight value points verdict previous_value previous_points previous_verdict",
        ("S01", "service.dispute_rate", "share", 0.1, 0.03, 60.0, "missed", 0.01, 90.0, "met"),
        ("S01", "service.resolution", "share", 0.1, 1.0, 100.0, "met", 1.0, 100.0, "met"),
        ("S01", "service.first_response", "share", 0.1, 1.0, 100.0, "met", np.nan, np.nan, np.nan),
    )
    shown = review.moved_measures(moves, zh, None).html
    assert "✓ 1%" in shown
    assert "✗ 3%" in shown
    assert "▼ −30" in shown
    assert "解决及时率" not in shown
    assert "首次响应及时率" not in shown


def test_dimension_without_data_has_no_bar(en, texts):
    scores = frame("dimension score coverage", ("stability", 90.0, 1.0), ("price", np.nan, np.nan))
    ax = supplier.dimensions(scores, FLOORS, en)
    assert [bar.get_width() for bar in ax.patches] == [90.0, 0.0, 0.0, 0.0, 0.0]
    shown = texts(picture(ax))
    assert shown.count("no data") == 4
    assert "90, 100% covered" in shown


def test_months_carry_their_grade(en, texts):
    history = frame(HISTORY, ("2026-08", "S01", "S", "", 93.0), ("2026-09", "S01", "", "vetoed", 80.0), ("2026-10", "S01", "", "lacks_evidence", np.nan))
    shown = texts(picture(supplier.months(history, FLOORS, en)))
    assert "S" in shown
    assert "✗" in shown
    assert "?" not in shown


def test_hours_keep_what_nobody_asked_empty(en):
    found = frame("supplier_id day_kind hour share", ("S01", "workday", 9, 1.0), ("S01", "holiday", 3, 0.0))
    ax = service.hours(found, en)
    assert labels(ax) == ["workday", "public holiday"]
    (mesh,) = ax.collections
    assert int((~np.ma.getmaskarray(mesh.get_array())).sum()) == 2
