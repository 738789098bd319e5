"""How soon hot SKUs came back: from the readings around each stock-out, the shortest and the longest that it can have lasted."""

from __future__ import annotations

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.remedies import allowed_seconds, in_force
from kmanalysis.measures.common.stock import hot_list, is_known
from kmanalysis.measures.common.time import SECOND
from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, frame, kept, query

CASES_SHOWN = 30
"""Stock-outs a supplier that a page lists."""

_KEYS = ("supplier_id", "sku")


@kept("contract.stockouts")
def stockouts(workbook: Workbook) -> ir.Table:
    """The stock-outs of hot SKUs on offer that the month saw, cut at its end: supplier_id, sku, contract_id, and

    - out_at, last_out_at: the first and the last reading of nothing; in_stock_at, restocked_at: the known readings before and after (null: none);
    - lower_seconds and upper_seconds: how long it lasted at least and at most (null: no bound); limit_seconds: what the contract allows;
    - state: late (even the lower bound is over the limit), in_time (even the upper one is within), undecided; is_open (no known reading came after);
    - is_older: it began before the month, which counts it.

    Readings that failed and placeholders say nothing. Readings of nothing that lie further apart than a reading speaks are two stock-outs.
    """
    cases = _with_bounds(workbook, _runs_of_nothing(workbook))
    listings = workbook.table("listings")
    theirs = [cases.supplier_id == listings.supplier_id, cases.sku == listings.sku]
    cases = cases.semi_join(listings, [*theirs, listings.listed_from <= cases.day, ibis.coalesce(listings.listed_to, cases.day) >= cases.day])
    limit = allowed_seconds(workbook, cases.restock_hours, "contract.restock_time")
    cases = cases.mutate(limit_seconds=limit, is_late=cases.lower > limit * SECOND, is_in_time=cases.upper <= limit * SECOND)
    return cases.select(
        *_KEYS, "contract_id", "in_stock_at", "out_at", "last_out_at", "restocked_at", "readings", "is_open", "is_older", "limit_seconds",
        lower_seconds=cases.lower // SECOND,
        upper_seconds=(cases.upper + SECOND - 1) // SECOND,
        state=ibis.cases((cases.is_late, "late"), (ibis.coalesce(cases.is_in_time, False), "in_time"), else_="undecided"),
    )  # fmt: skip


@frame("contract.restock_counts")
@query("contract.restock_counts")
def restock_counts(workbook: Workbook) -> ir.Table:
    """Stock-outs of hot SKUs that began in the month, a row a supplier that had one in sight.

    Columns: supplier_id, stockouts, in_time, late, undecided, still_open, older (began before the month: not in the other counts),
    longest_seconds (the largest lower bound), limit_seconds (the shortest that a contract allowed).
    """
    cases = stockouts(workbook)
    own = ~cases.is_older
    counts = {state: cases.count(where=own & (cases.state == state)) for state in ("in_time", "late", "undecided")}
    found = cases.group_by("supplier_id").agg(
        stockouts=cases.count(where=own),
        **counts,
        still_open=cases.count(where=own & cases.is_open),
        older=cases.count(where=cases.is_older),
        longest_seconds=cases.lower_seconds.max(where=own),
        limit_seconds=cases.limit_seconds.min(),
    )
    return found.order_by("supplier_id")


@frame("contract.restock_cases")
@query("contract.restock_cases")
def restock_cases(workbook: Workbook) -> ir.Table:
    """The month's `stockouts` with the largest lower bound, at most `CASES_SHOWN` a supplier, the longest first."""
    cases = stockouts(workbook)
    own = cases.filter(~cases.is_older)
    order = ibis.window(group_by="supplier_id", order_by=[ibis.desc(own.lower_seconds), ibis.asc(own.sku), ibis.asc(own.out_at)])
    ranked = own.mutate(rank=ibis.row_number().over(order))
    return ranked.filter(ranked["rank"] < CASES_SHOWN).order_by("supplier_id", "rank").drop("rank", "is_older")


def _runs_of_nothing(workbook: Workbook) -> ir.Table:
    """Known readings of zero that follow each other, as one row each, with the known readings around them (microseconds since the month's start)."""
    start, cap = workbook.period.start, int(workbook.standards.value("counting.reading_cap")) * SECOND
    table = workbook.table("stock_snapshots")
    spoken = table.filter(is_known(table), table.observed_at > start - ibis.interval(microseconds=cap), table.observed_at < workbook.period.end)
    spoken = spoken.semi_join(hot_list(workbook), "sku").mutate(at=spoken.observed_at.delta(start, unit="microsecond"))
    order = ibis.window(group_by=list(_KEYS), order_by="at")
    seen = spoken.select(*_KEYS, "observed_at", "at", "quantity").mutate(
        number=ibis.row_number().over(order),
        **{f"{name}_before": spoken[name].lag().over(order) for name in ("at", "observed_at", "quantity")},
        **{f"{name}_after": spoken[name].lead().over(order) for name in ("at", "observed_at", "quantity")},
    )
    out = seen.filter(seen.quantity == 0)
    begins = ~ibis.coalesce((out.quantity_before == 0) & (out["at"] - out.at_before <= cap), False)
    ends = ~ibis.coalesce((out.quantity_after == 0) & (out.at_after - out["at"] <= cap), False)
    edges = out.mutate(begins=begins, ends=ends)
    edges = edges.filter(edges.begins | edges.ends)
    is_back = edges.quantity_after > 0
    last = edges.mutate(
        last_at=edges["at"],
        last_out_at=edges.observed_at,
        last_number=edges.number,
        back_at=ibis.ifelse(is_back, edges.at_after, ibis.null("int64")),
        restocked_at=ibis.ifelse(is_back, edges.observed_at_after, ibis.null("timestamp")),
        is_open=edges.at_after.isnull(),
    )
    ending = ("last_at", "last_out_at", "last_number", "back_at", "restocked_at", "is_open")
    closed = last.mutate(**{name: ibis.ifelse(last.ends, last[name], last[name].lead().over(order)) for name in ending})
    return closed.filter(closed.begins)


def _with_bounds(workbook: Workbook, runs: ir.Table) -> ir.Table:
    was_there = runs.quantity_before > 0
    cases = runs.select(
        *_KEYS, "last_out_at", "restocked_at", "is_open",
        out_at=runs.observed_at,
        in_stock_at=ibis.ifelse(was_there, runs.observed_at_before, ibis.null("timestamp")),
        readings=runs.last_number - runs.number + 1,
        lower=runs.last_at - runs["at"],
        upper=ibis.ifelse(was_there, runs.back_at - runs.at_before, ibis.null("int64")),
        is_older=runs["at"] < 0,
    )  # fmt: skip
    # What ended before the month is the month's before.
    cases = cases.filter(~cases.is_older | (cases.last_out_at >= workbook.period.start))
    return in_force(workbook, cases, key=[*_KEYS, "out_at"], day=to_local(cases.out_at).date())
