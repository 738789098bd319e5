"""Sheets of price lists as rectangles, with what is merged in them."""

import openpyxl
import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.pricelists.grid import grids


def saved(path, *ranges):
    book = openpyxl.Workbook()
    for row in range(1, 5):
        book.active.append([f"{row}{column}" for column in "ABC"])
    book.active.merged_cells.ranges = {openpyxl.worksheet.cell_range.CellRange(name) for name in ranges}
    book.save(path)
    return path


def test_every_cell_of_a_merged_range_holds_its_text(tmp_path):
    (grid,) = grids(saved(tmp_path / "a.xlsx", "A1:B2", "C3:XFD1048576"))
    assert grid.rows == [["1A", "1A", "1C"], ["1A", "1A", "2C"], ["3A", "3B", "3C"], ["4A", "4B", "3C"]]
    assert grid.is_one_cell((0, 0), (1, 1))
    assert not grid.is_one_cell((0, 0), (0, 2))


def test_ranges_that_overlap_are_a_damaged_file(tmp_path):
    with pytest.raises(DataError, match=r"a\.xlsx cannot be read as an Excel workbook"):
        grids(saved(tmp_path / "a.xlsx", "A1:C3", "A2:C4", "B1:C4"))
