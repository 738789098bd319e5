import pandas as pd
import pytest

from kmanalysis.engine.texts import CACHE_VARIABLE, known_texts
from kmanalysis.errors import DataError, KmError, UsageError
from kmanalysis.measures.observation import observed
from kmanalysis.opening import open_workbook
from kmanalysis.slices import SLICE_VARIABLE, open_slice, save_slice
from kmanalysis.standards import override_standards
from kmanalysis.times import Month, to_local
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook, frame, query

ORDERS = [
    {"order_id": "before", "ordered_at": "2026-09-30 15:59:59.999999"},
    {"order_id": "first", "ordered_at": "2026-09-30 16:00:00"},
    {"order_id": "last", "ordered_at": "2026-10-31 15:59:59.999999"},
    {"order_id": "after", "ordered_at": "2026-10-31 16:00:00"},
    {"order_id": "undated", "ordered_at": None},
]


@frame("test_workbook.order_count")
def order_count(workbook: Workbook) -> pd.DataFrame:
    return pd.DataFrame({"supplier_id": ["s1"], "orders": [workbook.value_of(workbook.in_month("orders").count())]})


def test_a_month_begins_and_ends_at_midnight_in_shanghai(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    assert sorted(workbook.rows_of(workbook.in_month("orders"))["order_id"]) == ["first", "last"]
    assert list(workbook.rows_of(workbook.at(Month.parse("2026-11")).in_month("orders"))["order_id"]) == ["after"]


def test_months_are_looked_back_on_to_the_folder_s_first_and_no_further_than_the_standards_say(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    assert str(workbook.first_month) == "2026-09"
    assert [str(month) for month in workbook.months] == ["2026-09", "2026-10"]
    one = override_standards({"counting.history_months": 1}, file="mine.toml")
    assert [str(month) for month in workbook_of({"orders": ORDERS}, standards=one).months] == ["2026-10"]


def test_without_a_month_the_last_one_with_an_event_is_opened(workbook_of, tmp_path):
    workbook_of({"orders": ORDERS})
    folder = next(path.parent for path in tmp_path.rglob("orders.parquet"))
    assert str(open_workbook(folder).month) == "2026-11"


def test_a_table_that_is_not_there_is_empty(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    assert workbook.value_of(workbook.table("tickets").count()) == 0


def test_a_folder_that_is_none_and_a_language_that_is_none_are_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        open_workbook(tmp_path / "nowhere", "2026-10")
    with pytest.raises(UsageError, match="zh, en"):
        open_workbook(tmp_path, "2026-10", lang="de")


def test_a_frame_is_computed_once_a_month(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    calls = []

    @frame("test_workbook.counted")
    def counted(workbook: Workbook) -> pd.DataFrame:
        calls.append(workbook.month)
        return pd.DataFrame({"n": [len(calls)]})

    first = counted(workbook)
    first["n"] = 99
    assert counted(workbook)["n"].tolist() == [1]
    counted(workbook.at(Month.parse("2026-09")))
    counted(workbook.at(Month.parse("2026-10")))
    assert [str(month) for month in calls] == ["2026-10", "2026-09"]


def test_a_slice_holds_its_frames_and_no_engine(workbook_of, tmp_path, monkeypatch):
    workbook = workbook_of({"orders": ORDERS}, standards={"service.first_response": {"limit": 300}})
    finished = {order_count.name: order_count(workbook)}
    save_slice(tmp_path / "slice", workbook, finished, workbook.suppliers)
    monkeypatch.setenv(SLICE_VARIABLE, str(tmp_path / "slice"))
    page = open_workbook(month="2026-10", lang="en")
    assert order_count(page).equals(order_count(workbook))
    assert (page.month, page.names, page.first_month) == (workbook.month, workbook.names, workbook.first_month)
    assert (page.standards.digest, page.standards.changed) == (workbook.standards.digest, ("service.first_response",))
    assert not page.has_engine
    with pytest.raises(KmError, match="Table orders is not part of this page"):
        page.table("orders")


def test_a_slice_is_the_same_bytes_each_time(workbook_of, tmp_path):
    workbook = workbook_of({"orders": ORDERS})
    for name in ("one", "two"):
        save_slice(tmp_path / name, workbook, {"f": order_count(workbook)}, workbook.suppliers)
    written = [{path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())} for name in ("one", "two")]
    assert written[0] == written[1]
    assert open_slice(tmp_path / "one", Words("zh")).suppliers == workbook.suppliers


@query("test_workbook.orders_by_day")
def orders_by_day(workbook: Workbook):
    orders = workbook.in_month("orders")
    return orders.group_by(day=to_local(orders.ordered_at).date()).agg(orders=orders.count()).order_by("day")


def test_a_query_is_written_once_and_answers_for_each_month(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    for month, days in {"2026-10": ["2026-10-01", "2026-10-31"], "2026-11": ["2026-11-01"], "2026-09": ["2026-09-30"]}.items():
        found = orders_by_day(workbook.at(Month.parse(month)))
        assert [str(day)[:10] for day in found["day"]] == days
        assert found["orders"].tolist() == [1] * len(days)


def test_a_query_may_not_ask_which_month_it_is(workbook_of):
    @query("test_workbook.fixed")
    def fixed(workbook: Workbook):
        return workbook.table("orders").filter(workbook.table("orders").ordered_at < workbook.month.end)

    with pytest.raises(RuntimeError, match="period"):
        fixed(workbook_of({"orders": ORDERS}))


def test_another_month_measures_the_same_as_a_workbook_opened_on_it(samples, monkeypatch):
    """Nothing of the month for which a query was written may stay in it."""
    observed(samples)
    monkeypatch.setenv(CACHE_VARIABLE, "")
    known_texts.cache_clear()
    there = observed(open_workbook(month="2026-08"))
    pd.testing.assert_frame_equal(observed(samples.at(Month.parse("2026-08"))), there)


def test_a_name_that_another_function_has_is_an_error_at_import():
    with pytest.raises(ValueError, match=r"test_workbook\.order_count"):

        @frame("test_workbook.order_count")
        def impostor(workbook):
            return order_count(workbook)

    with pytest.raises(ValueError, match=r"like .package\.thing."):
        query("plain")(order_count)
