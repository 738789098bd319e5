import pandas as pd
import pytest

from kmanalysis.engine.texts import CACHE_VARIABLE, known_texts
from kmanalysis.errors import UsageError
from kmanalysis.measures.observation import observed
from kmanalysis.opening import open_workbook
from kmanalysis.standards import override_standards
from kmanalysis.times import Month, to_local
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


def test_a_table_that_is_not_there_is_empty(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    assert workbook.value_of(workbook.table("tickets").count()) == 0


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


def test_what_was_not_given_is_named(tmp_path):
    (tmp_path / "suppliers.csv").write_text("supplier_id,name\ns1,One\n", encoding="utf-8")
    (tmp_path / "probes.csv").write_text("supplier_id,probed_at,is_up\n", encoding="utf-8")
    workbook = open_workbook(tmp_path, "2026-10", lang="en")
    asked = {"probes": ("probed_at", "latency_ms"), "fees": ("amount",), "suppliers": ("name", "upstream_id")}
    assert workbook.not_given(asked) == ["fees", "probes.latency_ms", "suppliers.upstream_id"]
    assert workbook.at(Month.parse("2026-09")).not_given({"probes": ("is_up",)}) == []


@frame("test_workbook.all_probes", needs=lambda: {"probes": ("latency_ms",)})
def all_probes(workbook: Workbook) -> pd.DataFrame:
    return workbook.rows_of(workbook.in_month("probes")[["supplier_id", "probed_at"]])


@pytest.mark.parametrize(("columns", "rows"), [("supplier_id,probed_at,is_up", 0), ("supplier_id,probed_at,is_up,latency_ms", 1)])
def test_a_frame_without_what_it_needs_has_its_columns_and_no_row(tmp_path, columns, rows):
    (tmp_path / "suppliers.csv").write_text("supplier_id,name\ns1,One\n", encoding="utf-8")
    cells = "s1,2026-10-03 00:00:00,true" + "," * (columns.count(",") - 2)
    (tmp_path / "probes.csv").write_text(f"{columns}\n{cells}\n", encoding="utf-8")
    found = all_probes(open_workbook(tmp_path, "2026-10", lang="en"))
    assert (list(found.columns), len(found)) == (["supplier_id", "probed_at"], rows)


def test_a_month_without_any_event_is_an_error(workbook_of):
    workbook = workbook_of({"orders": ORDERS[1:3]})
    workbook.check_month()
    with pytest.raises(UsageError) as caught:
        workbook.at(Month.parse("2027-01")).check_month()
    assert str(caught.value) == "There are no events in 2027-01. This folder's events run from 2026-10 to 2026-10."
    with pytest.raises(UsageError, match="holds no dated events"):
        workbook_of({"products": [{"sku": "k1"}]}).check_month()


def test_a_folder_without_suppliers_calls_them_by_their_ids(tmp_path):
    (tmp_path / "probes.csv").write_text("supplier_id,probed_at,is_up\ns2,2026-10-03 00:00:00,true\ns1,2026-10-04 00:00:00,true\n", encoding="utf-8")
    (tmp_path / "tickets.csv").write_text("ticket_id,supplier_id,opened_at,kind,is_staged\nt1,s3,2026-12-01 00:00:00,other,false\n", encoding="utf-8")
    workbook = open_workbook(tmp_path, "2026-10", lang="en")
    assert workbook.names == {"s1": "s1", "s2": "s2", "s3": "s3"}
    assert workbook.not_given({"suppliers": ("kind",)}) == ["suppliers"]


def test_a_folder_that_names_no_supplier_is_an_error_that_says_what_to_add(tmp_path):
    (tmp_path / "products.csv").write_text("sku,name\nk1,One\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"no suppliers table\. Add suppliers\.csv with the columns supplier_id and name"):
        _ = open_workbook(tmp_path, "2026-10", lang="en").names
