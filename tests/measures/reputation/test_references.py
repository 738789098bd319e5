import math

import pandas as pd
import pytest

from kmanalysis.measures.reputation import MEASURES, references
from tests.measures.shanghai import only

CONTACTED = "2026-09-10 03:00:00"


def confirmed(**more):
    return {"contacted_at": CONTACTED, "outcome": "confirmed", "client_size": "small", "since": "2024-01-01"} | more


def test_cooperation_is_the_longest_that_a_client_confirmed_and_at_most_the_longest_not_denied(workbook_of):
    book = workbook_of(
        {
            "references": [
                confirmed(client="a", since="2024-10-31"),
                confirmed(client="b", since="2025-10-31"),
                {"client": "c", "outcome": "unreachable", "contacted_at": CONTACTED, "since": "2022-10-31"},
                {"client": "d", "outcome": "denied", "contacted_at": CONTACTED, "since": "2010-01-01"},
            ]
        }
    )
    years = only(references.cooperation_years(book), "reputation.cooperation_years")
    assert years[["value", "lower"]].tolist() == pytest.approx([730 / 365.25] * 2, abs=1e-12)
    assert years["upper"] == pytest.approx(1461 / 365.25, abs=1e-12)
    assert (years["n"], years["unit"], years["basis"]) == (3, "years", "bounded")


def test_cooperation_without_a_date_has_no_upper_bound(workbook_of):
    book = workbook_of({"references": [confirmed(client="a", since="2025-10-31"), {"client": "b", "since": None}]})
    years = only(references.cooperation_years(book), "reputation.cooperation_years")
    assert years["value"] == pytest.approx(365 / 365.25, abs=1e-12)
    assert math.isnan(years["upper"])


def test_cooperation_that_everybody_denied_is_none_at_all(workbook_of):
    book = workbook_of({"references": [{"client": "a", "outcome": "denied", "contacted_at": CONTACTED, "since": "2020-01-01"}]})
    years = only(references.cooperation_years(book), "reputation.cooperation_years")
    assert years[["value", "lower", "upper", "n"]].tolist() == [0, 0, 0, 1]


def test_references_that_nobody_reached_are_no_data_and_not_forged(workbook_of):
    book = workbook_of({"references": [{"client": "a", "outcome": "unreachable", "contacted_at": CONTACTED}, {"client": "b"}]})
    for measure in (references.cooperation_years, references.platforms_served, references.reference_confirmed):
        main = measure(book).iloc[0]
        assert main["n"] == 0
        assert main[["value", "lower", "upper"]].isna().all()


def test_an_answer_given_after_the_month_is_not_known_in_it(workbook_of):
    rows = [confirmed(client="a", contacted_at="2026-10-31 15:59:59"), confirmed(client="b", contacted_at="2026-10-31 16:00:00")]
    book = workbook_of({"references": rows})
    assert references.stated_references(book)["outcome"].tolist() == ["confirmed", "not_asked"]
    assert only(references.platforms_served(book), "reputation.platforms_served")["value"] == 1
    assert only(references.platforms_served(book.at(book.month + 1)), "reputation.platforms_served")["value"] == 2


def test_platforms_are_distinct_small_and_medium_clients(workbook_of):
    book = workbook_of(
        {
            "references": [
                confirmed(client="a"),
                confirmed(client=" a"),
                confirmed(client="b", client_size="medium"),
                confirmed(client="c", client_size="large"),
                confirmed(client="d", client_size=None),
                {"client": "e", "client_size": "small"},
                {"client": "f", "client_size": "small", "outcome": "denied", "contacted_at": CONTACTED},
                {"client": "g", "client_size": "large"},
            ]
        }
    )
    served = only(references.platforms_served(book), "reputation.platforms_served")
    assert served[["value", "lower", "upper", "n"]].tolist() == [2, 2, 4, 6]
    assert (served["unit"], served["basis"]) == ("count", "bounded")


def test_confirmed_share_is_of_those_reached_and_its_bounds_are_those_of_the_lot(workbook_of):
    rows = [confirmed(client=f"c{number}") for number in range(4)]
    rows += [{"client": "x", "outcome": "denied", "contacted_at": CONTACTED}, {"client": "y", "outcome": "unreachable", "contacted_at": CONTACTED}]
    frame = references.reference_confirmed(workbook_of({"references": rows}))
    share = only(frame, "reputation.reference_confirmed")
    # Of 6 stated 5 were reached, 4 of them good: the sixth is good or bad, and with either the draw is likely enough (by hand: 1 in 3 and 1 in 1).
    assert share[["value", "lower", "upper"]].tolist() == pytest.approx([0.8, 4 / 6, 5 / 6], abs=1e-12)
    assert (share["n"], share["basis"]) == (5, "sample")
    assert only(frame, "reputation.reference_confirmed.stated")["value"] == 6
    assert only(frame, "reputation.reference_confirmed.not_reached")["value"] == 1


def test_denied_references_are_the_worst_evidence(workbook_of):
    book = workbook_of(
        {"references": [confirmed(reference_id="r1"), {"reference_id": "r2", "outcome": "denied", "contacted_at": CONTACTED}, {"reference_id": "r3"}]}
    )
    rows = book.rows_of(references.reference_rows(book).order_by("reference_id"))
    assert rows["severity"].tolist() == [0, 3, 1]


def test_public_signal_counts_the_window_of_twelve_months(workbook_of):
    days = {"2025-10-31": "bad", "2025-11-01": "good", "2026-03-05": "bad", "2026-10-31": "good", "2026-11-01": "bad"}
    book = workbook_of({"signals": [{"found_on": day, "polarity": polarity} for day, polarity in days.items()], "suppliers": [{"supplier_id": "s2"}]})
    frame = references.public_signal(book)
    signal = only(frame, "reputation.public_signal")
    assert signal["value"] == pytest.approx(2 / 3, abs=1e-12)
    assert (signal["n"], signal["basis"]) == (3, "census")
    assert math.isnan(signal["lower"])
    assert frame["supplier_id"].tolist() == ["s1"]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://bbs.example.cn/t/12?x=1#y", "bbs.example.cn"),
        ("https://user:@Forum.Example.com:8443/a", "forum.example.com"),
        ("tieba.example.com/p/1", "tieba.example.com"),
        ("https://论坛.中国/主题", "论坛.中国"),
        ("seen on a fair", None),
        (None, None),
    ],
)
def test_an_address_is_shown_as_its_host_alone(workbook_of, address, host):
    book = workbook_of({"signals": [{"found_on": "2026-10-02", "source_url": address, "summary": "see https://a.example/b?c=d for more"}]})
    found = references.public_findings(book).iloc[0]
    assert found["host"] == host or (host is None and pd.isna(found["host"]))
    assert found["summary"] == "see … for more"
    assert "source_url" not in found


def test_bad_findings_are_worse_the_younger(workbook_of):
    findings = [
        {"signal_id": "old", "found_on": "2026-01-01", "polarity": "bad"},
        {"signal_id": "new", "found_on": "2026-10-30", "polarity": "bad"},
        {"signal_id": "good"},
    ]
    workbook = workbook_of({"signals": findings})
    rows = workbook.rows_of(references.public_signal_rows(workbook).order_by("signal_id")).set_index("signal_id")["severity"]
    assert rows["new"] == 0.5
    assert 0 < rows["old"] < rows["new"]
    assert rows["good"] == 0


def test_an_empty_folder_has_nothing_to_say(workbook_of):
    book = workbook_of({"suppliers": [{"supplier_id": "s1"}]})
    for measure in MEASURES:
        assert measure.compute(book).empty
        assert book.rows_of(measure.rows(book)).empty
