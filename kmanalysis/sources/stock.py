"""Stock at past moments, rebuilt from when each card came in and went out."""

from __future__ import annotations

import duckdb

MICROSECONDS_A_MINUTE = 60_000_000


def make_readings(connection: duckdb.DuckDBPyConnection, every_minutes: int, uncertain_share: float) -> None:
    """Makes ``made.stock_readings`` (supplier_id, sku, observed_at, quantity, scan_ok, is_placeholder) of ``made.stock_cards``.

    A card (supplier_id, sku, since, sure_until, maybe_until) is there from ``since`` until ``sure_until``, and may be until ``maybe_until``; an empty end is
    still ahead, an empty ``since`` is not known. Readings stand at whole multiples of the step, from the first card on until the pull. One that the
    cards which may have been there would change by more than ``uncertain_share`` (0 to 1) is no count: it failed (``scan_ok`` false, no quantity).
    """
    step = every_minutes * MICROSECONDS_A_MINUTE
    first_at_or_after = f"(epoch_us({{}}) + {step - 1}) // {step}"
    since, sure, maybe = (first_at_or_after.format(column) for column in ("since", "sure_until", "maybe_until"))
    connection.execute(f"""
        CREATE OR REPLACE TABLE made._stock_changes AS
        WITH cards AS (SELECT supplier_id, sku, {since} AS since, {sure} AS sure_until, {maybe} AS maybe_until FROM made.stock_cards),
        begun AS (SELECT supplier_id, sku, min(since) AS first FROM cards GROUP BY ALL HAVING first IS NOT NULL),
        placed AS (
            SELECT supplier_id, sku, first, since IS NULL AS is_undated, greatest(coalesce(since, first), first) AS since,
                CASE WHEN since IS NULL THEN first WHEN sure_until IS NOT NULL THEN greatest(sure_until, since, first) END AS sure_until,
                CASE WHEN maybe_until IS NOT NULL THEN greatest(maybe_until, first) END AS maybe_until
            FROM cards JOIN begun USING (supplier_id, sku)
        ),
        changes AS (
            SELECT supplier_id, sku, since AS place, 1 AS sure, 0 AS maybe FROM placed
            UNION ALL SELECT supplier_id, sku, sure_until, -1, 0 FROM placed WHERE sure_until IS NOT NULL
            UNION ALL SELECT supplier_id, sku, sure_until, 0, 1 FROM placed
                WHERE sure_until IS NOT NULL AND (maybe_until IS NULL OR maybe_until > sure_until)
            UNION ALL SELECT supplier_id, sku, maybe_until, 0, -1 FROM placed WHERE sure_until IS NOT NULL AND maybe_until > sure_until
        )
        SELECT supplier_id, sku, place, sum(sure) AS sure, sum(maybe) AS maybe FROM changes GROUP BY ALL
    """)
    # Exact: a stock at the very limit is a count.
    is_count = f"(maybe <= sure::BIGINT * {uncertain_share:.6f}::DECIMAL(9, 6))"
    connection.execute(f"""
        CREATE OR REPLACE TABLE made.stock_readings AS
        WITH counted AS (
            SELECT supplier_id, sku, place, sum(sure) OVER counting AS sure, sum(maybe) OVER counting AS maybe,
                lead(place) OVER (PARTITION BY supplier_id, sku ORDER BY place) AS next, epoch_us(pull_now()) // {step} + 1 AS ahead
            FROM made._stock_changes WINDOW counting AS (PARTITION BY supplier_id, sku ORDER BY place ROWS UNBOUNDED PRECEDING)
        ),
        places AS (SELECT *, unnest(range(place, least(coalesce(next, ahead), ahead))) AS moment FROM counted)
        SELECT supplier_id, sku, make_timestamp(moment * {step}) AS observed_at, CASE WHEN {is_count} THEN sure::BIGINT END AS quantity,
            {is_count} AS scan_ok, false AS is_placeholder
        FROM places
    """)
