"""The counts of `engine_work` in SQL as one writes it by hand for these three tables and no others."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

START, END = "TIMESTAMP '2026-09-30 16:00:00'", "TIMESTAMP '2026-10-31 16:00:00'"
LENGTH = 31 * 86_400_000_000
READING_CAP, PROBE_CAP = 86_400_000_000, 21_600_000_000

_ORDERS = f"FROM orders WHERE ordered_at >= {START} AND ordered_at < {END}"
_NEVER = "status IN ('failed', 'cancelled', 'refunded')"
_SNAPSHOTS = f"FROM stock_snapshots WHERE observed_at >= {START} AND observed_at < {END}"


def _spoken(table: str, moment: str, series: str, cap: int, columns: str, chosen: str = "") -> str:
    """``own``, ``carried`` and ``spoken``: readings with the time for which they speak, in microseconds of the month."""
    return f"""
own AS (
  SELECT {series}, {columns}, date_diff('microsecond', {START}, {moment}) AS taken, date_diff('microsecond', {START}, next_at) AS following,
    least(coalesce(following, {LENGTH}), taken + {cap}, {LENGTH}) AS until
  FROM {table} {chosen} WHERE {moment} >= {START} AND {moment} < {END}),
first AS (SELECT {series}, min({moment}) AS first_at FROM {table} WHERE {moment} >= {START} AND {moment} < {START} + to_microseconds({cap})
  GROUP BY ALL),
carried AS (
  SELECT {series}, {columns}, 0::BIGINT AS taken, date_diff('microsecond', {START}, first_at) AS following,
    least(coalesce(following, {LENGTH}), date_diff('microsecond', {START}, {moment}) + {cap}) AS until
  FROM (SELECT DISTINCT ON ({series}) * FROM {table} {chosen}
    WHERE {moment} > {START} - to_microseconds({cap}) AND {moment} < {START} AND (next_at IS NULL OR next_at >= {START})
    ORDER BY {series}, {moment} DESC) LEFT JOIN first USING ({series})
  WHERE until > 0),
spoken AS (FROM own UNION ALL FROM carried)"""


_OVERSOLD = f"""
SELECT supplier_id, count(*) AS orders, count(*) FILTER (failure_cause = 'stock_out') AS oversold,
  count(*) FILTER (failure_cause IS NULL AND status = 'failed') AS unclear
{_ORDERS} GROUP BY 1"""

_DELIVERY = f"""
SELECT supplier_id, CASE WHEN NOT {_NEVER} THEN (CASE WHEN delivered_at < {END} THEN date_diff('microsecond', ordered_at, delivered_at) + 999999
    ELSE date_diff('microsecond', ordered_at, {END}) END) // 1000000 END AS seconds,
  coalesce(delivered_at < {END}, false) AND NOT {_NEVER} AS ended,
  coalesce(delivered_is_upper_bound AND delivered_at < {END}, false) AND NOT {_NEVER} AS is_bound, count(*) AS cases
{_ORDERS} AND (delivered_at IS NOT NULL OR status <> 'delivered') AND ({_NEVER} OR coalesce(delivered_at >= ordered_at, true)) GROUP BY 1, 2, 3, 4"""

_HOT = f"""
WITH hot AS (SELECT sku FROM orders WHERE ordered_at >= TIMESTAMP '2026-06-30 16:00:00' AND ordered_at < {START} GROUP BY sku
  ORDER BY sum(quantity) DESC, sku LIMIT 50),
offers AS (SELECT supplier_id, sku, greatest(date_diff('day', DATE '2026-10-01', listed_from), 0) * 86400000000 AS since_,
    least(coalesce(date_diff('day', DATE '2026-10-01', listed_to) + 1, 31), 31) * 86400000000 AS until_
  FROM listings SEMI JOIN hot USING (sku) WHERE since_ < until_),
{
    _spoken(
        "stock_snapshots",
        "observed_at",
        "supplier_id, sku",
        READING_CAP,
        "CASE WHEN scan_ok AND NOT is_placeholder THEN quantity END AS stock",
        "SEMI JOIN hot USING (sku)",
    )
},
met AS (SELECT supplier_id, stock, least(until, until_) - greatest(taken, since_) AS length FROM spoken JOIN offers USING (supplier_id, sku)
  WHERE taken < until_ AND until > since_)
SELECT supplier_id, coalesce(sum(length) FILTER (stock IS NOT NULL), 0) AS known, coalesce(sum(length) FILTER (stock = 0), 0) AS out, min(stock) AS lowest
FROM met GROUP BY 1"""

_AGE = f"""
SELECT supplier_id, (date_diff('microsecond', source_synced_at, observed_at) + 999999) // 1000000 AS seconds, true AS ended, count(*) AS cases
{_SNAPSHOTS} AND source_synced_at <= observed_at GROUP BY 1, 2"""

_CADENCE = f"""
SELECT supplier_id, (date_diff('microsecond', observed_at, next_at) + 500000) // 1000000 AS seconds, true AS ended, count(*) AS cases
{_SNAPSHOTS} AND next_at < {END} GROUP BY 1, 2"""

_DOWN_AND_COMMON = f"""
down AS (SELECT supplier_id, min(taken) AS since, max(until) AS until FROM (
    SELECT *, sum(begins) OVER (PARTITION BY supplier_id ORDER BY taken) AS run FROM (
      SELECT *, (lag(until) OVER (PARTITION BY supplier_id ORDER BY taken) IS DISTINCT FROM taken)::INT AS begins FROM spoken WHERE NOT is_up))
  GROUP BY supplier_id, run),
begun AS (SELECT supplier_id, min(taken) AS taken FROM own GROUP BY 1),
series AS (SELECT coalesce(c.until, 0) AS since, coalesce(b.taken, {LENGTH}) AS until FROM begun b FULL JOIN carried c USING (supplier_id)),
silent AS (SELECT until AS since, least(coalesce(following, {LENGTH}), {LENGTH}) AS until FROM own WHERE coalesce(following, {LENGTH}) > until
  UNION ALL SELECT since, until FROM series WHERE since < until),
changes AS (SELECT 0::BIGINT AS moment, count(*) AS known, 0 AS down FROM series
  UNION ALL SELECT since, -1, 0 FROM silent UNION ALL SELECT until, 1, 0 FROM silent
  UNION ALL SELECT since, 0, 1 FROM down UNION ALL SELECT until, 0, -1 FROM down),
levels AS (SELECT moment AS since, coalesce(lead(moment) OVER (ORDER BY moment), {LENGTH}) AS until, sum(known) OVER (ORDER BY moment) AS known,
    sum(down) OVER (ORDER BY moment) AS down FROM (SELECT moment, sum(known) AS known, sum(down) AS down FROM changes GROUP BY 1)),
parts AS (SELECT *, sum(turns) OVER (ORDER BY since) AS part FROM (
    SELECT *, (is_common IS DISTINCT FROM lag(is_common) OVER (ORDER BY since))::INT AS turns FROM (
      SELECT since, until, known >= 3 AND down = known AS is_common FROM levels WHERE since < until))),
periods AS (SELECT is_common, min(since) AS since, max(until) AS until FROM parts GROUP BY part, is_common),
met AS (SELECT supplier_id, is_common, least(d.until, p.until) - greatest(d.since, p.since) AS length FROM down d JOIN periods p
  ON d.since < p.until AND d.until > p.since)"""

_PROBES = _spoken("probes", "probed_at", "supplier_id", PROBE_CAP, "is_up")

_UPTIME = f"""
WITH {_PROBES}, {_DOWN_AND_COMMON},
time AS (SELECT supplier_id, sum(until - taken) AS known, coalesce(sum(until - taken) FILTER (is_up), 0) AS up FROM spoken GROUP BY 1),
asked AS (SELECT supplier_id, count(*) AS probes FROM own GROUP BY 1),
lost AS (SELECT supplier_id, sum(length) AS lost FROM met WHERE is_common GROUP BY 1)
SELECT supplier_id, known - coalesce(lost, 0) AS known, up, coalesce(probes, 0) AS probes FROM time LEFT JOIN asked USING (supplier_id)
  LEFT JOIN lost USING (supplier_id)"""

_OUTAGES = f"""
WITH {_PROBES}, {_DOWN_AND_COMMON}
SELECT supplier_id, count(*) AS outages, max(length) / 1e6 AS longest FROM met WHERE NOT is_common GROUP BY 1"""

QUERIES = {
    "orders": {"oversold": _OVERSOLD, "delivery": _DELIVERY},
    "stock_snapshots": {"hot": _HOT, "age": _AGE, "cadence": _CADENCE},
    "probes": {"uptime": _UPTIME, "outages": _OUTAGES},
}

SCANS = {
    "orders": f"SELECT min(supplier_id), min(sku), min(ordered_at), min(delivered_at), min(delivered_is_upper_bound), sum(quantity), min(status), "
    f"min(failure_cause) {_ORDERS}",
    "stock_snapshots": f"SELECT min(supplier_id), min(sku), min(observed_at), min(next_at), sum(quantity), min(scan_ok), min(is_placeholder), "
    f"min(source_synced_at) {_SNAPSHOTS}",
    "probes": f"SELECT min(supplier_id), min(probed_at), min(next_at), min(is_up), sum(latency_ms) FROM probes "
    f"WHERE probed_at >= {START} AND probed_at < {END}",
}
"""Reading each column once that the product's queries read."""


@contextmanager
def connected(folder: Path, memory: str | None, *, has_next: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the folder's tables; without ``has_next`` a window works out what follows a reading."""
    from kmanalysis.engine.memory import engine_limit

    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"SET memory_limit = '{engine_limit(memory)}B'")
        connection.execute(f"SET temp_directory = '{tempfile.mkdtemp()}'")
        for table, moment, series in (("orders", "", ""), ("stock_snapshots", "observed_at", "supplier_id, sku"), ("probes", "probed_at", "supplier_id")):
            files = f"read_parquet('{folder}/{table}/*.parquet')"
            if has_next or not series:
                connection.execute(f"CREATE VIEW {table} AS FROM {files}")
            else:
                # The month and a cap before it: a filter by time would not reach below the window.
                connection.execute(
                    f"CREATE VIEW {table} AS SELECT * EXCLUDE (next_at), lead({moment}) OVER (PARTITION BY {series} ORDER BY {moment}) AS next_at "
                    f"FROM {files} WHERE {moment} >= {START} - INTERVAL 1 DAY AND {moment} < {END}"
                )
        connection.execute(f"CREATE VIEW listings AS FROM read_parquet('{folder}/listings.parquet')")
        yield connection
