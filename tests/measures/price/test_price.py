"""The third dimension as a whole: every measure has its rows, and every frame its name."""

import pandas as pd
import pytest

from kmanalysis.measures import price
from kmanalysis.standards import default_standards
from kmanalysis.tables import MEASURES, tables
from kmanalysis.words import Words

DAY = "2026-10-15 02:00:00"


@pytest.fixture
def workbook(workbook_of):
    quotes = [{"supplier_id": supplier, "quoted_at": DAY, "unit_price": price} for supplier, price in {"a": "10", "b": "10.2", "c": "9.9", "s1": "8"}.items()]
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


def test_every_standard_of_the_dimension_has_a_measure():
    assert set(price.MEASURES) == {identifier for identifier, standard in default_standards().items() if standard.dimension == "price"}


@pytest.mark.parametrize("identifier", price.MEASURES)
def test_measure_and_rows_speak_of_the_same_supplier(workbook, identifier):
    measure, rows = price.MEASURES[identifier]
    found = measure(workbook)
    assert tuple(found.columns) == MEASURES
    assert {name for name in found["measure"] if "." not in name.removeprefix(identifier).lstrip(".")} >= {identifier}
    evidence = rows(workbook)
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
    shown = {column for _, rows in price.MEASURES.values() for column in rows(workbook).columns}
    shown |= {column for function in price.FRAMES for column in function(workbook).columns}
    known = {column for table in tables().values() for column in table.columns} | {"severity"}
    measured = {name for measure, _ in price.MEASURES.values() for name in measure(workbook)["measure"]}
    asked = {f"column.{column}" for column in shown - known} | measured
    assert sorted(name for name in asked if not words.has_name(name)) == []
