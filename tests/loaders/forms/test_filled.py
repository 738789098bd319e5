import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.forms.filled import filled_rows
from tests.loaders.forms.filling import folder_with

CONTRACT = {"contract_id": "C1", "supplier_id": "S01", "valid_from": "2026-01-01"}


def test_tables_that_the_folder_holds_are_filled_in(tmp_path):
    folder = folder_with(tmp_path, {"contracts": [CONTRACT | {"contract_id": "C2"}, CONTRACT], "fees": []}, {"contracts": list(CONTRACT)})
    found = filled_rows(folder)
    assert {name: [row[0] for row in rows] for name, rows in found.rows.items()} == {"contracts": ["C1", "C2"], "fees": []}
    assert found.given["contracts"] == frozenset(CONTRACT)
    assert found.suppliers == ["S01", "S02", "S03"]


def test_faulty_rows_would_be_missing(tmp_path):
    with pytest.raises(DataError, match=r"contracts\.csv holds 1 faulty rows, which would be missing in the form"):
        filled_rows(folder_with(tmp_path, {"contracts": [CONTRACT | {"supplier_id": "S09"}]}))
