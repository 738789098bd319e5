import pytest

from kmanalysis.errors import DataError, UsageError
from kmanalysis.opening import open_workbook

ORDERS = [{"ordered_at": "2026-10-31 15:59:59"}, {"ordered_at": "2026-10-31 16:00:00"}, {"ordered_at": None}]


def test_without_a_month_the_last_one_with_an_event_is_opened(workbook_of, tmp_path):
    workbook_of({"orders": ORDERS})
    folder = next(path.parent for path in tmp_path.rglob("orders.parquet"))
    assert str(open_workbook(folder).month) == "2026-11"


def test_a_folder_without_events_has_no_last_month(workbook_of, tmp_path):
    workbook_of({"suppliers": [{"supplier_id": "s1"}], "orders": ORDERS[2:]})
    folder = next(path.parent for path in tmp_path.rglob("orders.parquet"))
    with pytest.raises(UsageError, match="no dated event"):
        open_workbook(folder)
    assert str(open_workbook(folder, "2026-10").first_month) == "2026-10"


def test_a_folder_that_is_none_and_a_language_that_is_none_are_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        open_workbook(tmp_path / "nowhere", "2026-10")
    with pytest.raises(UsageError, match="zh, en"):
        open_workbook(tmp_path, "2026-10", lang="de")
