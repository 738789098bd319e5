"""Queries and kept tables: written once, worked out once a month, whoever asks and from wherever."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import ibis
import pytest

from kmanalysis.assets import samples_folder
from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.engine.duckdb import DuckDB
from kmanalysis.engine.texts import CACHE_VARIABLE, Need, known_texts
from kmanalysis.opening import open_workbook
from kmanalysis.times import Month, to_local
from kmanalysis.workbook import Workbook, kept, query, row_fact

ORDERS = [
    {"order_id": f"{month}-{number}", "ordered_at": f"2026-{month:02d}-15 04:00:00", "quantity": month}
    for month, orders in ((6, 1), (7, 2), (8, 3), (9, 4))
    for number in range(orders)
]


def asked(workbook: Workbook, month: str, question) -> dict:
    found = question(workbook.at(Month.parse(month))).set_index("day")
    return {str(day)[:10]: rows for day, rows in found["orders"].items()}


@kept("test_queries.daily")
def daily(workbook: Workbook):
    orders = workbook.in_month("orders")
    return orders.group_by(day=to_local(orders.ordered_at).date()).agg(orders=orders.count())


@query("test_queries.this_month")
def this_month(workbook: Workbook):
    return daily(workbook)


@query("test_queries.two_months_before")
def two_months_before(workbook: Workbook):
    return daily(workbook, months_before=2)


@kept("test_queries.busy")
def busy(workbook: Workbook):
    before = daily(workbook, months_before=1)
    return before.filter(before.orders > 1)


@query("test_queries.busy_before")
def busy_before(workbook: Workbook):
    return busy(workbook)


def test_a_kept_table_is_the_month_s_own(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    assert [asked(workbook, month, this_month) for month in ("2026-08", "2026-06", "2026-08", "2026-10")] == [
        {"2026-08-15": 3},
        {"2026-06-15": 1},
        {"2026-08-15": 3},
        {},
    ]


def test_months_before_are_those_and_not_the_month_itself(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    assert asked(workbook, "2026-09", two_months_before) == {"2026-07-15": 2, "2026-08-15": 3}
    assert asked(workbook, "2026-07", two_months_before) == {"2026-06-15": 1}
    assert asked(workbook, "2026-09", this_month) == {"2026-09-15": 4}


def test_months_before_reach_over_the_turn_of_the_year():
    assert [str(month) for month in Need("daily", 3).months(Month(2026, 2))] == ["2026-01", "2025-12", "2025-11"]
    assert Need("daily", 0).months(Month(2026, 2)) == [Month(2026, 2)]


def test_a_kept_table_may_build_upon_another(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    assert asked(workbook, "2026-08", busy_before) == {"2026-07-15": 2}
    assert asked(workbook, "2026-07", busy_before) == {}


def test_a_month_is_worked_out_once_however_many_ask_at_a_time(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    months = ["2026-06", "2026-07", "2026-08", "2026-09"] * 6
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = list(pool.map(lambda month: (asked(workbook, month, two_months_before), asked(workbook, month, this_month)), months))
    assert found == found[:4] * 6
    # A month that was added twice would count double.
    assert found[3] == ({"2026-07-15": 2, "2026-08-15": 3}, {"2026-09-15": 4})


def test_outside_of_a_query_it_is_an_expression_like_any_other(workbook_of):
    workbook = workbook_of({"orders": ORDERS}, month="2026-09")
    assert workbook.value_of(daily(workbook).orders.sum()) == 4
    assert workbook.value_of(daily(workbook, months_before=3).orders.sum()) == 6


def test_it_may_not_ask_which_month_it_is(workbook_of):
    @kept("test_queries.fixed")
    def fixed(workbook: Workbook):
        return workbook.table("orders").filter(workbook.table("orders").ordered_at < workbook.month.end)

    with pytest.raises(RuntimeError, match="period"):
        fixed(workbook_of({"orders": ORDERS}))


def test_a_listener_hears_of_each_query_while_it_runs(workbook_of):
    workbook, heard = workbook_of({"orders": ORDERS}), []

    @contextmanager
    def hear(counting):
        heard.append((str(counting.month), counting.table, "begins"))
        assert counting.share() is None or 0 <= counting.share() <= 1
        yield
        heard.append((str(counting.month), counting.table, "ends"))

    workbook.listen(hear)
    asked(workbook, "2026-08", two_months_before)
    # Two months of the kept table, then the query, which reads that alone.
    assert heard[0::2] == [("2026-07", "orders", "begins"), ("2026-06", "orders", "begins"), ("2026-08", "", "begins")]
    assert [ends[:2] for ends in heard[1::2]] == [begins[:2] for begins in heard[0::2]]


@query("test_queries.by_kind")
def by_kind(workbook: Workbook):
    return daily(workbook).join(workbook.calendar, "day").select("day", "orders", "day_kind")


def test_another_folder_is_asked_what_was_written_for_the_first(workbook_of, monkeypatch):
    known_texts.cache_clear()
    first = workbook_of({"orders": ORDERS})
    for question in (by_kind, busy_before):
        asked(first, "2026-08", question)
    monkeypatch.setattr(DuckDB, "write", lambda *_: pytest.fail("it was written again"))
    second = workbook_of({"orders": ORDERS[1:]})
    assert asked(second, "2026-08", busy_before) == {"2026-07-15": 2}
    assert asked(second, "2026-07", by_kind) == {"2026-07-15": 2}
    assert asked(second, "2026-06", by_kind) == {}


@query("test_queries.as_many_as_orders")
def as_many_as_orders(workbook: Workbook):
    many = number_of_orders(workbook)
    return daily(workbook).mutate(orders=many)


def test_a_query_that_depends_on_the_rows_is_the_folder_s_own(workbook_of):
    folders = [workbook_of({"orders": orders}) for orders in (ORDERS, ORDERS[1:])]
    assert [asked(folder, month, as_many_as_orders) for folder in folders for month in ("2026-07", "2026-09")] == [
        {"2026-07-15": 10}, {"2026-09-15": 10}, {"2026-07-15": 9}, {"2026-09-15": 9}
    ]  # fmt: skip


@row_fact("test_queries.orders")
def number_of_orders(workbook: Workbook) -> int:
    return int(workbook.value_of(workbook.table("orders").count()))


@kept("test_queries.all_orders")
def all_orders(workbook: Workbook):
    many = number_of_orders(workbook)
    return daily(workbook).mutate(orders=many)


@kept("test_queries.upon_all_orders")
def upon_all_orders(workbook: Workbook):
    return all_orders(workbook).filter(ibis._.orders > 0)


@query("test_queries.looks_back")
def looks_back(workbook: Workbook):
    tables = (daily, all_orders, upon_all_orders)
    return ibis.union(*(table(workbook, months_before=1).select("day", orders=ibis._.orders.cast("int64")) for table in tables))


def test_what_depends_on_other_rows_is_no_later_run_s(workbook_of):
    workbook = workbook_of({"orders": ORDERS})
    looks_back(workbook.at(Month.parse("2026-08")))
    assert {(table.rpartition(".")[2], str(month)) for table, month, _ in workbook.reusable_tables()} == {("daily", "2026-07")}


def test_other_standards_are_other_texts(workbook_of):
    changed = workbook_of({"orders": ORDERS}, standards={"market.trend_months": {"value": 5}})
    standard = workbook_of({"orders": ORDERS})
    assert known_texts("duckdb", changed.standards.digest) is not known_texts("duckdb", standard.standards.digest)
    assert known_texts("duckdb", standard.standards.digest) is not known_texts("spark", standard.standards.digest)


def test_a_text_depends_on_no_folder_and_no_language(workbook_of, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, "")
    known_texts.cache_clear()
    # Of their own: what other tests of this process have asked of the shared ones is written elsewhere already.
    samples = open_workbook(samples_folder(), "2026-10", lang="zh")
    finished_frames(samples)
    of_samples = known_texts("duckdb", samples.standards.digest)
    known_texts.cache_clear()
    # Longer than the standard, and than a month: the failures of more months may be due.
    terms = [{"contract_id": "c1", "term": "reship_hours", "value": "1000"}]
    small = workbook_of({"orders": ORDERS, "contracts": [{"contract_id": "c1", "valid_from": "2026-01-01"}], "contract_terms": terms}, month="2026-07")
    finished_frames(small)
    of_small = known_texts("duckdb", small.standards.digest)
    assert len(list(of_small)) > 60
    both = {name: (of_samples.get(name), of_small.get(name)) for name in of_small if of_samples.get(name)}
    assert [name for name, (first, second) in both.items() if first != second and first.facts == second.facts] == []
    assert {name.partition(".")[0] for name, (first, second) in both.items() if first.facts != second.facts} == {"service", "evidence"}
    assert len(set(of_small) & set(of_samples)) > 60


def test_no_frame_asks_for_what_has_to_be_written_each_time(workbook_of, monkeypatch):
    monkeypatch.setattr(Workbook, "rows_of", None)
    assert len(finished_frames(workbook_of({"orders": ORDERS}, month="2026-07"))) > 100
