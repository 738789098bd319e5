from dataclasses import replace

import ibis
import pandas as pd
import pytest

from kmanalysis.explorers.models.rows import categories, page_of, suppliers_of
from kmanalysis.measures import observation
from kmanalysis.measures.registry import measures
from kmanalysis.standards import default_standards


@pytest.mark.parametrize("measure", ["stability.delivery_time", "service.resolution", "price.band_share"])
def test_pages_lie_end_to_end_and_are_all_rows_the_worst_first(english_samples, measure):
    evidence = observation.rows(english_samples, measure)
    whole = english_samples.rows_of(evidence.filter(evidence.supplier_id == "S10"))
    first = page_of(english_samples, "S10", measure, size=7)
    assert first.total == len(whole) > 14
    pages = [page_of(english_samples, "S10", measure, start, size=7).rows for start in range(0, first.total, 7)]
    assert all(len(page) == 7 for page in pages[:-1])
    together = pd.concat(pages, ignore_index=True)
    order = list(together.columns)
    left, right = (frame.astype("str").sort_values(order, ignore_index=True)[order] for frame in (together, whole))
    pd.testing.assert_frame_equal(left, right)
    # In whatever order rows of one severity stand, severities fall.
    of_row = whole.astype("str").drop_duplicates(order).set_index(order)["severity"].astype("float64")
    assert [of_row[row] for row in together.astype("str").itertuples(index=False, name=None)] == sorted(whole["severity"], reverse=True)
    pd.testing.assert_frame_equal(page_of(english_samples, "S10", measure, 7, size=7).rows, pages[1])


@pytest.mark.parametrize("measure", default_standards().measures)
def test_no_digest_is_shown(english_samples, measure):
    page = page_of(english_samples, "S10", measure)
    assert not [column for column in page.rows if column.endswith("_digest")]
    assert not page.rows.astype("str").apply(lambda column: column.str.contains("kd1:")).to_numpy().any()


def test_a_secret_in_the_evidence_is_left_out(english_samples, monkeypatch):
    uptime = measures()["stability.uptime"]
    leaking = replace(uptime, rows=lambda workbook: workbook.table("codes").mutate(severity=1.0, supplier_id=ibis.literal("S10")))
    monkeypatch.setattr(observation, "measures", lambda: {uptime.id: leaking})
    page = page_of(english_samples, "S10", "stability.uptime")
    assert page.total
    assert "code_id" in page.rows
    assert not page.rows.astype("str").apply(lambda column: column.str.contains("kd1:")).to_numpy().any()


def test_a_category_leaves_its_suppliers_and_rows(workbook_of):
    workbook = workbook_of(
        {
            "suppliers": [{"supplier_id": supplier} for supplier in ("s1", "s2", "s3")],
            "products": [{"sku": "k1", "category": "game"}, {"sku": "k2", "category": "tool"}],
            "listings": [
                {"supplier_id": "s1", "sku": "k1", "listed_from": "2026-10-05"},
                {"supplier_id": "s2", "sku": "k2", "listed_from": "2026-01-01"},
                {"supplier_id": "s3", "sku": "k1", "listed_from": "2026-01-01", "listed_to": "2026-09-30"},
            ],
            "orders": [{"order_id": "a", "sku": "k1"}, {"order_id": "b", "sku": "k2"}],
        }
    )
    assert categories(workbook) == ["game", "tool"]
    assert [suppliers_of(workbook, category) for category in ("game", "tool")] == [["s1"], ["s2"]]
    assert page_of(workbook, "s1", "stability.oversold_rate").total == 2
    only = page_of(workbook, "s1", "stability.oversold_rate", category="tool")
    assert (only.total, list(only.rows["order_id"])) == (1, ["b"])
