"""Spark gives what DuckDB gives: every measure of every supplier, and every row behind it, to the last bit."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import pandas as pd
import pytest

from kmanalysis.assets import samples_folder
from kmanalysis.cli.terminal import scores
from kmanalysis.decisions import exceptions
from kmanalysis.decisions.repeats import repeat_counts
from kmanalysis.decisions.review import supplier_earnings
from kmanalysis.engine import spark
from kmanalysis.engine.spark import spark_session
from kmanalysis.errors import UsageError
from kmanalysis.measures import observation
from kmanalysis.measures.price.market import daily_deviations
from kmanalysis.measures.registry import measures
from kmanalysis.opening import open_workbook
from kmanalysis.steps.market.demand import known_buyers, pairs
from kmanalysis.times import Month, to_local
from kmanalysis.workbook import Workbook, kept, query
from tests.engines.here import MASTER, NEEDS_SPARK, write_parquet
from tests.engines.nasty import make_nasty

MONTH = "2026-10"
MEASURES = tuple(measures())
NO_ROWS = {("samples", "compliance.family_coverage"), ("samples", "compliance.new_category_speed")}
"""What nothing lies behind: the samples ask for no family and no category."""

pytestmark = NEEDS_SPARK


@pytest.fixture(scope="module")
def parquet(tmp_path_factory) -> Path:
    """The samples as Parquet, orders and probes in parts."""
    folder = tmp_path_factory.mktemp("samples [1]")  # brackets are a pattern where paths are patterns
    write_parquet(samples_folder(), folder, parts=("orders", "probes"))
    return folder


@pytest.fixture(scope="module")
def samples(parquet) -> tuple[Workbook, Workbook]:
    """The samples on DuckDB and on Spark."""
    return both(parquet)


@pytest.fixture(scope="module")
def nasty(tmp_path_factory) -> tuple[Workbook, Workbook]:
    """The nasty rows as CSV, on DuckDB and on Spark."""
    return both(make_nasty(tmp_path_factory.mktemp("nasty") / "rows"))


def both(folder: Path) -> tuple[Workbook, Workbook]:
    return opened(folder, "duckdb"), opened(folder, "spark")


def opened(folder: Path, engine: str, **more) -> Workbook:
    spark = {"engine": "spark", "master": MASTER, "memory": "3GB"}
    return open_workbook(folder, MONTH, lang="en", **(spark if engine == "spark" else {}), **more)


def assert_rows_equal(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Same rows, in whatever order: which of equal rows comes first is nobody's business."""
    assert list(found.columns) == list(wanted.columns)
    order = list(wanted.columns)
    found, wanted = (frame.astype({column: "str" for column in order if frame[column].dtype == "object"}) for frame in (found, wanted))
    pd.testing.assert_frame_equal(found.sort_values(order, ignore_index=True), wanted.sort_values(order, ignore_index=True), check_exact=True)


@pytest.mark.parametrize("folder", ["samples", "nasty"])
def test_every_measure_is_the_same(folder, request):
    duckdb, spark = request.getfixturevalue(folder)
    assert spark.attached.receipts == duckdb.attached.receipts
    wanted = observation.observed(duckdb)
    assert wanted.groupby("measure")["n"].sum().reindex(MEASURES).gt(0).sum() >= len(MEASURES) - 3, "too little is observed to compare"
    pd.testing.assert_frame_equal(observation.observed(spark), wanted, check_exact=True)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("folder", ["samples", "nasty"])
def test_the_rows_behind_a_measure_are_the_same(folder, measure, request):
    duckdb, spark = request.getfixturevalue(folder)
    wanted = duckdb.rows_of(observation.rows(duckdb, measure))
    assert len(wanted) > 0 or (folder, measure) in NO_ROWS
    assert_rows_equal(spark.rows_of(observation.rows(spark, measure)), wanted)


@pytest.mark.parametrize("shown", [*exceptions.FRAMES, supplier_earnings], ids=lambda shown: shown.name)
def test_exceptions_and_earnings_are_the_same(shown, nasty):
    """Of tables too that the samples do not have: the operator's list of repeats, and what was ordered upstream."""
    duckdb, spark = nasty
    wanted = shown(duckdb)
    assert not wanted.empty
    assert_rows_equal(shown(spark), wanted)


def test_repeats_of_every_cause_are_compared(nasty):
    duckdb, _ = nasty
    assert set(repeat_counts(duckdb)["cause"]) == {"supplier", "race", "marked", "listed"}
    assert set(exceptions.exception_sums(duckdb)["kind"]) >= {"repeated_code", "platform_race", "upstream_mismatch", "below_cost", "cost_jump"}


def test_the_middle_of_two_values_is_the_same(samples):
    duckdb, spark = samples
    found = daily_deviations(duckdb)
    assert (found["days"] % 2 == 0).sum() > 100
    pd.testing.assert_frame_equal(daily_deviations(spark), found, check_exact=True)


def test_the_scorecard_is_printed_to_the_byte(samples):
    duckdb, spark = samples
    assert scores.score_csv(spark, False) == scores.score_csv(duckdb, False)


def test_names_and_months_are_the_same(nasty):
    duckdb, spark = nasty
    assert spark.names == duckdb.names
    assert spark.first_month == duckdb.first_month


def test_a_folder_with_one_table_has_nothing_to_observe(tmp_path):
    (tmp_path / "suppliers.csv").write_text("supplier_id,name\ns1,x\n", encoding="utf-8")
    duckdb, spark = both(tmp_path)
    pd.testing.assert_frame_equal(observation.observed(spark), observation.observed(duckdb), check_exact=True)


def test_two_workbooks_share_a_driver_and_no_table(tmp_path, nasty):
    (tmp_path / "suppliers.csv").write_text("supplier_id,name\ns1,x\n", encoding="utf-8")
    _, spark = nasty
    other = opened(tmp_path, "spark")
    assert other.suppliers == ["s1"]
    assert spark.value_of(spark.table("suppliers").count()) == 6


@kept("test_spark.daily")
def daily(workbook: Workbook):
    orders = workbook.in_month("orders")
    return orders.group_by("supplier_id", day=to_local(orders.ordered_at).date()).agg(orders=orders.count(), amount=orders.amount.sum())


@query("test_spark.before")
def before(workbook: Workbook):
    return daily(workbook, months_before=2).order_by("supplier_id", "day")


class Kept(dict):
    """What a run worked out, as the shelf of another."""

    def taken(self, table, month):
        return self.get((table, month))


def test_a_kept_table_is_worked_out_once_a_month_and_may_come_from_another_run(tmp_path):
    folder, heard = make_nasty(tmp_path / "rows"), []

    def hear(counting):
        heard.append((str(counting.month), counting.table))
        return nullcontext()

    def book(shelf=None):
        found = opened(folder, "spark", shelf=shelf)
        found.listen(hear)
        return found

    first = book()
    frames = [before(first.at(Month.parse(month))) for month in (MONTH, "2026-11", MONTH)]
    assert [month for month, table in heard if table == "orders"] == ["2026-09", "2026-08", "2026-10"]
    heard.clear()
    shelf = Kept({(table, month): rows for table, month, rows in first.reusable_tables()})
    assert len(shelf) == 3
    pd.testing.assert_frame_equal(before(book(shelf)), frames[0])
    assert heard == [(MONTH, "")]


@pytest.mark.parametrize(("one", "other"), [("duckdb", "spark"), ("spark", "duckdb")])
def test_what_one_engine_kept_serves_the_other(one, other, parquet):
    first, months = opened(parquet, one), []
    wanted = [known_buyers(first), pairs(first)]
    shelf = Kept({(table, month): rows for table, month, rows in first.reusable_tables()})
    assert {table for table, _ in shelf} >= {"market.basket_counts", "orders.orders_by_day"}
    second = opened(parquet, other, shelf=shelf)
    second.listen(lambda counting: months.append(str(counting.month)) or nullcontext())
    for found, frame in zip((known_buyers(second), pairs(second)), wanted, strict=True):
        assert len(frame)
        pd.testing.assert_frame_equal(found, frame, check_exact=True)
    assert set(months) == {MONTH}


def test_an_unknown_engine_is_said(tmp_path):
    with pytest.raises(UsageError, match="duckdb, spark"):
        open_workbook(samples_folder(), MONTH, engine="pandas")


def test_a_master_needs_spark():
    with pytest.raises(UsageError, match="spark alone"):
        open_workbook(samples_folder(), MONTH, master=MASTER)


def test_without_java_spark_is_not_started(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="Java 17"):
        spark_session()


def test_without_pyspark_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"kmanalysis\[spark\]"):
        spark_session()


@pytest.mark.parametrize(("master", "cores"), [("local", 1), ("local[2]", 2), ("local[2,4]", 2), ("local[*]", os.cpu_count()), ("local-cluster[2,3,2048]", 6)])
def test_cores_of_a_master(master, cores):
    assert spark.cores_of(master) == cores
