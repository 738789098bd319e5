"""Worlds without a cast: what happens is chance, by rates that truth.csv states."""

import csv
import filecmp
from collections import defaultdict

import duckdb
import numpy as np
import pytest
from scipy.stats import binom

from kmanalysis.loaders.load import check
from kmanalysis.samples import make_samples
from kmanalysis.samples.plan import CAST
from kmanalysis.samples.regimes import REGIMES, conduct_of, drawn_suppliers
from kmanalysis.samples.watch import _spells
from kmanalysis.times import Month

SUPPLIERS, MONTHS, ORDERS = 10, 6, 24_000
FIRST, LAST = Month(2026, 5), Month(2026, 10)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_samples(tmp_path_factory.mktemp("samples") / "world", SUPPLIERS, MONTHS, ORDERS, format="parquet", random=True)


@pytest.fixture(scope="module")
def rates(world):
    found = defaultdict(dict)
    with (world / "truth.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found[row["measure"]][row["supplier_id"], row["month"]] = float(row["expected"].removeprefix("rate:"))
    return found


@pytest.fixture(scope="module")
def engine(world):
    connection = duckdb.connect()
    for name in ("orders", "tickets", "stock_snapshots", "probes"):
        connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{world}/{name}/*.parquet')")
    return connection


def by_month(engine, moment, of, what):
    """(supplier_id, month) → n and how many of them."""
    local = f"strftime({moment} + INTERVAL 8 HOUR, '%Y-%m')"
    rows = engine.execute(f"SELECT supplier_id, {local}, count(*), count(*) FILTER ({what}) FROM {of} GROUP BY ALL").fetchall()
    return {(supplier, month): (n, events) for supplier, month, n, events in rows}


def test_it_is_a_folder_in_order(world):
    attached = check(world)
    assert attached.rejects.empty
    assert {receipt.table for receipt in attached.receipts} >= {"orders", "tickets", "probes", "stock_snapshots", "quotes", "documents"}


def test_the_same_arguments_give_the_same_bytes(world, tmp_path):
    again = make_samples(tmp_path / "again", SUPPLIERS, MONTHS, ORDERS, format="parquet", random=True)
    names = sorted(path.relative_to(world) for path in world.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all(filecmp.cmp(world / name, again / name, shallow=False) for name in names)
    other = make_samples(tmp_path / "other", SUPPLIERS, MONTHS, ORDERS, seed=2, format="parquet", random=True)
    assert not filecmp.cmp(world / "truth.csv", other / "truth.csv", shallow=False)


@pytest.mark.parametrize(
    ("measure", "moment", "of", "what", "is_complement"),
    [
        ("service.dispute_rate", "ordered_at", "orders", "failure_cause IS NOT NULL", False),
        ("stability.oversold_rate", "ordered_at", "orders", "failure_cause = 'stock_out'", False),
        ("stability.stock_sync_lag", "observed_at", "stock_snapshots", "observed_at - source_synced_at > INTERVAL 300 SECOND", True),
    ],
)
def test_events_happen_at_their_rates_and_not_by_quota(engine, rates, measure, moment, of, what, is_complement):
    found = by_month(engine, moment, of, what)
    chances = []
    for key, (n, events) in sorted(found.items()):
        rate = 1 - rates[measure][key] if is_complement else rates[measure][key]
        # The place of the count in its distribution, between the two that a discrete one has.
        chances.append((binom.cdf(events - 1, n, rate) + binom.cdf(events, n, rate)) / 2)
    assert len(chances) == SUPPLIERS * MONTHS
    # Even over all: neither all in the middle, as quotas are, nor at the ends. Their mean has a deviation of 0.037.
    assert abs(np.mean(chances) - 0.5) < 0.15
    assert 0.15 < np.std(chances) < 0.4


def test_lateness_is_correlated_within_a_day(engine, rates):
    late = "delivered_at - ordered_at > INTERVAL 300 SECOND"
    rows = engine.execute(
        f"SELECT supplier_id, (ordered_at + INTERVAL 8 HOUR)::DATE AS day, count(*), count(*) FILTER ({late}) FROM orders "
        "WHERE delivered_at IS NOT NULL GROUP BY ALL"
    ).fetchall()
    spread = []
    for supplier, day, n, events in rows:
        rate = 1 - rates["stability.delivery_time"][supplier, f"{day:%Y-%m}"]
        if n > 5 and rate > 0.03:
            spread.append((events - n * rate) ** 2 / (n * rate * (1 - rate)))
    # Binomial days would have 1; with the correlation of a day it is 1 + (n - 1) / 20.
    assert 1.2 < np.mean(spread) < 2.5


def test_spells_take_their_share_of_the_time():
    moments = np.arange(0, 400 * 86_400, 600)
    mask = _spells(np.random.default_rng(3), moments, 0.1, 36_000.0)
    assert abs(mask.mean() - 0.1) < 0.02
    lengths = np.diff(np.flatnonzero(np.diff(mask.astype(int))))[::2] * 600
    assert 0.75 < lengths.mean() / 36_000 < 1.3
    assert not _spells(np.random.default_rng(3), moments, 0.0, 36_000.0).any()


def test_suppliers_are_of_the_regimes_in_turns_and_of_no_cast():
    drawn = drawn_suppliers(12, 1, 200)
    assert [supplier.slug for supplier in drawn] == [REGIMES[place % 5] for place in range(12)]
    assert {supplier.part for supplier in drawn} == {0}
    assert [supplier.part for supplier in CAST] == list(range(1, len(CAST) + 1))


def test_steady_suppliers_keep_their_rates_and_drifting_ones_go_down():
    steady, *_, drifting = drawn_suppliers(5, 1, 200)
    months = FIRST.until(LAST)
    assert len({conduct_of(steady, month, FIRST, LAST, 1) for month in months}) == 1
    late = [conduct_of(drifting, month, FIRST, LAST, 1).late for month in months]
    assert late[0] == late[3] < late[4] < late[5]
    disputes = [sum(share for _, share in conduct_of(drifting, month, FIRST, LAST, 1).failures) for month in months]
    assert disputes[0] == disputes[3] < disputes[4] < disputes[5]
