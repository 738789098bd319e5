"""The second dimension as a whole: every measure has its rows, and every frame its name."""

import pandas as pd
import pytest

from kmanalysis.measures import compliance
from kmanalysis.measures.compliance.chain import STATES
from kmanalysis.tables import MEASURES, tables
from kmanalysis.words import Words


@pytest.fixture
def workbook(workbook_of):
    product = {"sku": "k1", "rights_holder": "Owner", "family": "F", "category": "C", "launched_on": "2026-10-01"}
    return workbook_of(
        {
            "products": [product],
            "listings": [{"listed_from": "2026-10-02", "grey_kind": "other"}],
            "orders": [{}],
            "documents": [{"kind": "ip_authorisation", "licensor": "Owner"}],
            "needs": [{"subject": "family", "item": "F2"}, {"subject": "category", "item": "C"}],
        }
    )


@pytest.mark.parametrize("measure", compliance.MEASURES, ids=lambda measure: measure.id)
def test_measure_and_rows_speak_of_the_same_supplier(workbook, measure):
    found = measure.compute(workbook)
    assert tuple(found.columns) == MEASURES
    assert measure.id in set(found["measure"])
    assert all(name == measure.id or name.startswith(f"{measure.id}.") for name in found["measure"])
    evidence = measure.rows(workbook)
    assert str(evidence.schema()["severity"]).startswith("float64")
    of_supplier = workbook.rows_of(evidence.filter(evidence.supplier_id == "s1"))
    assert len(of_supplier)
    assert of_supplier["severity"].notna().all()


@pytest.mark.parametrize("function", compliance.FRAMES)
def test_frames_survive_a_file(workbook, function, tmp_path):
    found = function(workbook)
    assert len(found)
    found.to_parquet(tmp_path / "frame.parquet", index=False)
    assert pd.read_parquet(tmp_path / "frame.parquet").columns.tolist() == found.columns.tolist()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_readers_find_a_name_for_every_measure_column_and_state(workbook, lang):
    words = Words(lang)
    shown = {column for measure in compliance.MEASURES for column in measure.rows(workbook).columns}
    shown |= {column for function in compliance.FRAMES for column in function(workbook).columns}
    known = {column for table in tables().values() for column in table.columns} | {"severity"}
    measured = {name for measure in compliance.MEASURES for name in measure.compute(workbook)["measure"]}
    states = {f"value.{state}" for state in (*STATES, "valid", "outdated", "absent", "unexamined")}
    asked = {f"column.{column}" for column in shown - known} | measured | states
    assert sorted(name for name in asked if not words.has_name(name)) == []
