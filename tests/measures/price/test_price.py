"""The third dimension as a whole: every measure has its rows, and every frame its name."""

import pandas as pd
import pytest

from kmanalysis.measures import price
from kmanalysis.tables import MEASURES, tables
from kmanalysis.words import Words

DAY = "2026-10-15 02:00:00"


@pytest.fixture
def workbook(workbook_of):
    quotes = [{"supplier_id": supplier, "quoted_at": DAY, "unit_price": price} for supplier, price in {"a": "10", "b": "10.2", "c": "9.9", "s1": "8"}.items()]
    quotes.append({"supplier_id": "s1", "quoted_at": "2026-10-30 02:00:00", "unit_price": "8"})  # it stands at the month's end
    return workbook_of(
        {
            "products": [{"sku": "k1", "is_core": True}],
            "listings": [{"suggested_retail_price": "12", "currency": "CNY", "cost_price": "8"}],
            "quotes": quotes,
            "purchases": [{"purchased_at": DAY, "quantity": 10, "received_quantity": 10, "list_amount": "80", "paid_amount": "80"}],
            "fees": [{"charged_at": DAY, "amount": "20", "is_disclosed": False}],
            "discount_tiers": [{"threshold_amount": "80000"}],
        }
    )


@pytest.mark.parametrize("measure", price.MEASURES, ids=lambda measure: measure.id)
def test_measure_and_rows_speak_of_the_same_supplier(workbook, measure):
    found = measure.compute(workbook)
    assert tuple(found.columns) == MEASURES
    assert {name for name in found["measure"] if "." not in name.removeprefix(measure.id).lstrip(".")} >= {measure.id}
    evidence = measure.rows(workbook)
    assert {"supplier_id", "severity"} <= set(evidence.columns)
    assert str(evidence.schema()["severity"]).startswith("float64")
    of_supplier = workbook.rows_of(evidence.filter(evidence.supplier_id == "s1"))
    assert len(of_supplier)
    assert of_supplier["severity"].notna().all()


@pytest.mark.parametrize("function", price.FRAMES)
def test_frames_survive_a_file(workbook, function, tmp_path):
    found = function(workbook)
    assert len(found)
    found.to_parquet(tmp_path / "frame.parquet", index=False)
    assert pd.read_parquet(tmp_path / "frame.parquet").columns.tolist() == found.columns.tolist()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_readers_find_a_name_for_every_measure_and_column(workbook, lang):
    words = Words(lang)
    shown = {column for measure in price.MEASURES for column in measure.rows(workbook).columns}
    shown |= {column for function in price.FRAMES for column in function(workbook).columns}
    known = {column for table in tables().values() for column in table.columns} | {"severity"}
    measured = {name for measure in price.MEASURES for name in measure.compute(workbook)["measure"]}
    asked = {f"column.{column}" for column in shown - known} | measured
    assert sorted(name for name in asked if not words.has_name(name)) == []
