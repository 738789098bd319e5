import pytest

from kmanalysis.errors import UsageError
from kmanalysis.measures.observation import EVIDENCE_ROWS, worst_rows
from kmanalysis.scoring.explain import explain

TICKETS = [
    {
        "ticket_id": f"t{number:02d}",
        "opened_at": "2026-10-12 02:00:00",
        "first_response_at": f"2026-10-12 02:{number:02d}:00",
        "resolved_at": "2026-10-12 03:00:00",
    }
    for number in range(1, 26)
]


def test_why_names_standard_value_n_bounds_and_the_rows_behind(workbook_of):
    found = explain(workbook_of({"tickets": TICKETS}), "s1", "service.first_response")
    # ten of 25 answers came within ten minutes
    assert (found.value, found.n, found.verdict) == (0.4, 25, "missed")
    assert (found.standard.limit, found.standard.source) == (600, "essay")
    assert found.lower < 0.4 < found.upper
    assert len(found.rows) == 25
    assert found.rows["ticket_id"].tolist()[:2] == ["t25", "t24"]
    assert "40%" in found.sentence()


def test_what_was_not_observed_is_said_to_be_so(workbook_of):
    found = explain(workbook_of({"tickets": TICKETS}), "s1", "price.gross_margin")
    assert found.verdict == "no_data"
    assert "nothing was observed" in found.sentence()
    assert found.rows.empty


def test_names_from_data_are_text_on_the_page(workbook_of):
    named = [TICKETS[0] | {"ticket_id": "<img src=x onerror=alert(1)>"}]
    shown = explain(workbook_of({"tickets": named}), "s1", "service.first_response")._repr_html_()
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_rows_are_limited_and_the_worst_are_kept(workbook_of):
    workbook = workbook_of({"tickets": TICKETS})
    assert explain(workbook, "s1", "service.first_response", limit=3).rows["ticket_id"].tolist() == ["t25", "t24", "t23"]
    worst = worst_rows(workbook, "service.first_response")
    assert worst["rank"].tolist() == list(range(1, EVIDENCE_ROWS + 1))


@pytest.mark.parametrize(("supplier", "measure", "says"), [("s9", "service.first_response", "Known: s1"), ("s1", "service.speed", "service.resolution")])
def test_an_unknown_supplier_or_measure_is_refused(workbook_of, supplier, measure, says):
    with pytest.raises(UsageError, match=says):
        explain(workbook_of({"tickets": TICKETS}), supplier, measure)
