"""Exceptions: single orders, codes and goods that somebody should look at this month, with the money that hangs on each. They need no grade.

A kind of exception is looked for only where what it needs was given; `exception_checks` says what was looked at, and what was not.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kmanalysis.decisions.repeats import allowed_cases, handed_again, repeat_counts, unsure_of
from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.money import MONEY, as_amount, as_parts
from kmanalysis.measures.common.orders import UNFULFILLED
from kmanalysis.measures.common.stock import is_known
from kmanalysis.workbook import Reads, Workbook, frame, kept, query

LINES_SHOWN = 50
"""Exceptions a supplier and kind that pages hold, the largest amounts; the command prints all."""

KINDS: Mapping[str, Reads] = {
    "repeated_code": {"codes": ("code_digest",)},
    "not_delivered": {"orders": ("delivered_at",)},
    "no_remedy": {"orders": ("failed_at",), "tickets": ("reshipped_at",), "compensations": ("paid_at",)},
    "upstream_mismatch": {"upstream_orders": ("status",), "orders": ("status",)},
    "below_cost": {"orders": ("cost_amount",)},
    "zero_cost": {"orders": ("cost_amount",)},
    "cost_jump": {"orders": ("cost_amount",)},
    "frozen_stock": {"stock_snapshots": ("quantity",), "orders": ("status",)},
    "unexplained_refund": {"orders": ("failure_cause",), "tickets": ("order_id",)},
    "platform_race": {"codes": ("is_platform_race",)},
}
"""The kinds, the worst first, and what must be given before one is looked for."""

COMPARED_UPSTREAM: Reads = {"orders": ("delivered_at",), "upstream_orders": ("quantity", "amount", "booked_amount", "is_disputed")}
"""What `MISMATCHES` need besides: where one of these was not given, the others are looked for."""

OF_SUPPLIER = ("repeated_code", "not_delivered", "no_remedy", "upstream_mismatch", "cost_jump", "frozen_stock")
"""The kinds that are the supplier's to mend; the others are first of all the platform's."""

OF_NO_SUPPLIER = ("platform_race",)
"""The kinds that say nothing against the supplier of the goods."""

COLUMNS = {
    "supplier_id": "string",
    "kind": "string",
    "order_id": "string",
    "sku": "string",
    "happened_at": "timestamp",
    "amount": MONEY,
    "currency": "string",
    "earlier_order_id": "string",
    "earlier_supplier_id": "string",
    "since_at": "timestamp",
    "cost_before": MONEY,
    "cost_now": MONEY,
    "stock": "int64",
    "units": "int64",
    "mismatch": "string",
}
"""Columns of an exception and their types. ``amount`` is what is at stake: what the buyer paid, what was lost, or by how much the cost rose; null where
it is unknown.

``earlier_order_id``, ``earlier_supplier_id`` and ``since_at`` say to whom a repeated code went before, and since when a remedy is overdue. ``mismatch`` says
in what the platform and the upstream shop differ (`MISMATCHES`).
"""

MISMATCHES = ("delivered_here", "delivered_there", "refunded_here", "units", "cost", "disputed")
"""In what an order differs here and upstream: delivered to the buyer by the month's end although it failed or was refunded there; delivered
there alone; refunded here alone; other units; another cost than was booked; or the platform's own reconciliation says so."""

_SCALE = 10_000
"""Shares are compared as whole numbers of this part."""

_ONE_MONTH = 31 * 86_400  # seconds


@frame("decisions.exceptions")
def exceptions(workbook: Workbook) -> pd.DataFrame:
    """The month's exceptions (`COLUMNS`), at most `LINES_SHOWN` a supplier and kind; by kind, the largest amounts first."""
    return _looked_for(workbook, _shown(workbook))


@frame("decisions.exception_sums")
def exception_sums(workbook: Workbook) -> pd.DataFrame:
    """How many exceptions there are: supplier_id, kind, currency, cases, amount (exact)."""
    return _looked_for(workbook, _sums(workbook))


@frame("decisions.exception_checks")
def exception_checks(workbook: Workbook) -> pd.DataFrame:
    """What was checked, one row per kind: kind, looked_at, lacks, allowed, unsure.

    ``looked_at`` counts orders, codes or goods of the month; for not_delivered, all orders placed before its end. ``lacks`` names what was not given, by
    ``;`` (empty: nothing). Of repeated codes ``allowed`` counts the repeats on purpose, which are no exceptions. ``unsure`` names, by ``;``, what was not
    given that would tell those, or of `COMPARED_UPSTREAM`, without which some mismatches are not found.
    """
    counts = _looked_at(workbook).iloc[0]
    of_kind = {
        "not_delivered": "placed", "repeated_code": "codes", "platform_race": "codes", "no_remedy": "failed", "frozen_stock": "goods",
        "unexplained_refund": "refunded", "upstream_mismatch": "upstream",
    }  # fmt: skip
    lacks = [";".join(workbook.not_given(needs)) for needs in KINDS.values()]
    looked_at = [0 if lack else int(counts[of_kind.get(kind, "orders")]) for kind, lack in zip(KINDS, lacks, strict=True)]
    found = pd.DataFrame({"kind": list(KINDS), "looked_at": looked_at, "lacks": pd.Series(lacks, dtype="str")})
    unsure = {"repeated_code": unsure_of(workbook), "upstream_mismatch": workbook.not_given(COMPARED_UPSTREAM)}
    allowed = (found["kind"] == "repeated_code") * allowed_cases(repeat_counts(workbook))
    return found.assign(allowed=allowed, unsure=pd.Series([";".join(unsure.get(kind, [])) for kind in KINDS], dtype="str"))


def all_exceptions(workbook: Workbook) -> pd.DataFrame:
    """Every exception of the month, in the order of `exceptions`."""
    return _looked_for(workbook, _all(workbook))


def _looked_for(workbook: Workbook, found: pd.DataFrame) -> pd.DataFrame:
    """The rows of the kinds whose needs were given, the worst kind first."""
    order = {kind: place for place, (kind, needs) in enumerate(KINDS.items()) if not workbook.not_given(needs)}
    # Placed before it is filtered: a frame without rows would take the rows of the column that it is given.
    placed = found.assign(place=found["kind"].map(order)).dropna(subset="place")
    return placed.sort_values("place", kind="stable", ignore_index=True).drop(columns="place")


@kept("decisions.exceptions_found")
def exceptions_found(workbook: Workbook) -> ir.Table:
    """All exceptions of the month, of every kind: `COLUMNS`."""
    parts = [
        _repeated_codes(workbook), _not_delivered(workbook), _without_remedy(workbook), _upstream_mismatches(workbook), _below_cost(workbook),
        _cost_jumps(workbook), _frozen_stock(workbook), _unexplained_refunds(workbook),
    ]  # fmt: skip
    return ibis.union(*parts)


@query("decisions.exceptions_shown")
def _shown(workbook: Workbook) -> ir.Table:
    found = exceptions_found(workbook)
    order = ibis.window(group_by=["supplier_id", "kind"], order_by=_order(found))
    ranked = found.mutate(rank=ibis.row_number().over(order))
    shown = ranked.filter(ranked["rank"] < LINES_SHOWN)
    return shown.order_by(_order(shown)).select(*COLUMNS)


@query("decisions.all_exceptions")
def _all(workbook: Workbook) -> ir.Table:
    found = exceptions_found(workbook)
    return found.order_by(_order(found))


def _order(found: ir.Table) -> list[ir.Value]:
    # An amount that nobody knows comes last, in every engine.
    return [
        ibis.desc(ibis.coalesce(as_parts(found.amount), -1)),
        found.supplier_id,
        ibis.coalesce(found.order_id, ""),
        found.sku,
        found.happened_at,
        ibis.coalesce(found.currency, ""),
        ibis.coalesce(found.earlier_order_id, ""),
    ]


@query("decisions.exception_sums")
def _sums(workbook: Workbook) -> ir.Table:
    found = exceptions_found(workbook)
    sums = found.group_by("supplier_id", "kind", "currency").agg(cases=found.count(), parts=as_parts(found.amount).sum())
    return sums.select("supplier_id", "kind", "currency", "cases", amount=as_amount(sums.parts)).order_by("supplier_id", "kind", "currency")


@query("decisions.exceptions_looked_at")
def _looked_at(workbook: Workbook) -> ir.Table:
    """What there is to check in the month: orders, placed (of all time), failed, refunded, codes, goods (supplier × SKU with a known reading)."""
    orders, codes, readings, upstream = (workbook.in_month(name) for name in ("orders", "codes", "stock_snapshots", "upstream_orders"))
    known = readings.filter(is_known(readings))[["supplier_id", "sku"]].distinct()
    counted = orders.aggregate(orders=orders.count(), refunded=orders.count(where=orders.status == "refunded"))
    failed = _overdue(workbook)
    placed = workbook.table("orders")
    placed = placed.filter(placed.ordered_at < workbook.period.end)
    return counted.cross_join(
        placed.aggregate(placed=placed.count()),
        failed.aggregate(failed=failed.count()),
        codes.aggregate(codes=codes.count()),
        known.aggregate(goods=known.count()),
        upstream.aggregate(upstream=upstream.count()),
    )


def _rows(found: ir.Table, kind: str, **columns: ir.Value) -> ir.Table:
    """The rows as exceptions of that kind; what they do not tell is null."""
    named = {name: found[name] for name in COLUMNS if name in found.columns} | columns | {"kind": ibis.literal(kind)}
    return found.select(**{name: named.get(name, ibis.null(kind_of)).cast(kind_of) for name, kind_of in COLUMNS.items()})


def _repeated_codes(workbook: Workbook) -> ir.Table:
    """Codes of the month that were handed out before, by whomever, and the platform's own races; repeats on purpose apart."""
    again = handed_again(workbook)
    paid = workbook.table("orders").select(paid_order_id="order_id", amount="amount", currency="currency")
    found = again.left_join(paid, again.order_id == paid.paid_order_id)
    repeats, races = (found.filter(found.cause == cause) for cause in ("supplier", "race"))
    return _rows(repeats, "repeated_code", happened_at=repeats.issued_at).union(_rows(races, "platform_race", happened_at=races.issued_at))


def _not_delivered(workbook: Workbook) -> ir.Table:
    """Paid orders that are still open at the month's end, longer than a delivery may take."""
    orders = workbook.table("orders")
    latest = workbook.period.end - ibis.interval(seconds=int(workbook.standards.value("exceptions.delivery_time")))
    is_open = (orders.status == "pending") & orders.delivered_at.isnull() & orders.failed_at.isnull()
    found = orders.filter(is_open, orders.ordered_at < latest)
    return _rows(found, "not_delivered", happened_at=found.ordered_at)


def _overdue(workbook: Workbook) -> ir.Table:
    """Failed orders, not by the buyer's fault, whose time for a remedy ran out in the month; ``due_at`` is when."""
    orders = workbook.table("orders")
    due_at = orders.failed_at + ibis.interval(seconds=int(workbook.standards.value("contract.reship_time")))
    failed = orders.mutate(due_at=due_at).filter(orders.status == "failed", ibis.coalesce(orders.at_fault, "unknown") != "buyer")
    return failed.filter(failed.due_at >= workbook.period.start, failed.due_at < workbook.period.end)


def _without_remedy(workbook: Workbook) -> ir.Table:
    """Failed orders that were neither sent anew nor paid for when the time for it was over, nor since."""
    tickets, paid = workbook.table("tickets"), workbook.table("compensations")
    sent = tickets.filter(tickets.reshipped_at < workbook.period.end, ~tickets.is_staged)
    failed = _overdue(workbook).anti_join(sent, "order_id")
    found = failed.anti_join(paid.filter(paid.paid_at < workbook.period.end), "order_id")
    return _rows(found, "no_remedy", happened_at=found.failed_at, since_at=found.due_at)


def _upstream_mismatches(workbook: Workbook) -> ir.Table:
    """Orders that stand otherwise at the upstream shop than here; of several attempts upstream the last one of the month counts."""
    placed = workbook.in_month("upstream_orders")
    attempts = ibis.window(group_by="order_id", order_by=[ibis.desc(placed.ordered_at), ibis.desc(placed.upstream_order_id)])
    last = placed.mutate(place=ibis.row_number().over(attempts))
    last = last.filter(last.place == 0).select(
        "is_disputed", "booked_amount", upstream_of="order_id", upstream_at="ordered_at", upstream_status="status", upstream_units="quantity",
        upstream_amount="amount", upstream_currency="currency",
    )  # fmt: skip
    orders = workbook.table("orders")
    both = orders.join(last, orders.order_id == last.upstream_of)
    charged = ibis.ifelse(both.upstream_currency == both.currency, both.upstream_amount, ibis.null(MONEY))
    # A cost of 0 is one that nobody entered.
    booked = ibis.ifelse(both.booked_amount == 0, ibis.null(MONEY), both.booked_amount)
    both = both.mutate(charged=charged, gap=(as_parts(charged) - as_parts(booked)).abs())
    slack = int(workbook.standards.value("exceptions.upstream_difference") * _SCALE)
    latest = workbook.period.end - ibis.interval(seconds=int(workbook.standards.value("exceptions.delivery_time")))
    # A further attempt upstream after the month's end may have delivered it: without its time, nothing shows that it was delivered in spite of this one.
    is_delivered = (both.status == "delivered") & ibis.coalesce(both.delivered_at < workbook.period.end, False)
    is_charged = both.upstream_status.isin(["open", "delivered"])
    mismatch = ibis.cases(
        (is_delivered & both.upstream_status.isin(["failed", "cancelled", "refunded", "partly_refunded"]), "delivered_here"),
        (both.status.isin(["pending", "failed"]) & (both.upstream_status == "delivered") & (both.upstream_at < latest), "delivered_there"),
        (both.status.isin(["refunded", "cancelled"]) & both.upstream_status.isin(["delivered", "open"]), "refunded_here"),
        (is_charged & (both.upstream_units != both.quantity), "units"),
        (is_charged & (both.gap * _SCALE > as_parts(both.booked_amount) * slack), "cost"),
        (ibis.coalesce(both.is_disputed, False), "disputed"),
        else_=ibis.null("string"),
    )
    both = both.mutate(mismatch=mismatch)
    found = both.filter(both.mismatch.notnull())
    # What the buyer paid where nothing reached them, the difference where the cost is another, else what the upstream shop charges.
    is_paid = found.mismatch.isin(["delivered_there", "units"])
    amount = ibis.cases((is_paid, found.amount.cast(MONEY)), (found.mismatch == "cost", as_amount(found.gap)), else_=found.charged.cast(MONEY))
    units = ibis.ifelse(found.mismatch == "units", found.upstream_units, ibis.null("int64"))
    costs = {"cost_before": found.booked_amount, "cost_now": found.charged}
    return _rows(found, "upstream_mismatch", happened_at=found.upstream_at, amount=amount, units=units, **costs)


def _below_cost(workbook: Workbook) -> ir.Table:
    """Orders of the month that were sold for less than they cost (``amount``: the loss), and those that are said to have cost nothing."""
    orders = workbook.in_month("orders")
    sold = orders.filter(orders.status.notin(UNFULFILLED), orders.cost_amount.notnull())
    free = sold.filter(sold.cost_amount == 0, sold.amount > 0)
    dear = sold.filter(sold.cost_amount > 0, sold.amount < sold.cost_amount)
    lost = _rows(dear, "below_cost", happened_at=dear.ordered_at, amount=dear.cost_amount - dear.amount, cost_now=dear.cost_amount)
    return lost.union(_rows(free, "zero_cost", happened_at=free.ordered_at, cost_now=free.cost_amount))


def _cost_jumps(workbook: Workbook) -> ir.Table:
    """By supplier and SKU the largest change of the unit cost from one order to the next in the month, where it is larger than the standard."""
    orders = workbook.table("orders")
    recent = orders.filter(
        orders.ordered_at >= workbook.period.start - ibis.interval(seconds=_ONE_MONTH), orders.ordered_at < workbook.period.end, orders.cost_amount > 0
    )
    # Whole numbers: every engine finds the same changes.
    costed = recent.mutate(unit=as_parts(recent.cost_amount) // recent.quantity)
    series = ["supplier_id", "sku", "currency"]
    in_turn = ibis.window(group_by=series, order_by=[costed.ordered_at, costed.order_id])
    costed = costed.mutate(before=costed.unit.lag().over(in_turn))
    limit = int(workbook.standards.value("exceptions.cost_change") * _SCALE)
    change = (costed.unit - costed.before).abs()
    jumps = costed.mutate(change=change).filter(costed.ordered_at >= workbook.period.start, change * _SCALE > costed.before * limit)
    largest = ibis.window(group_by=series, order_by=[ibis.desc(jumps.change), jumps.ordered_at, jumps.order_id])
    found = jumps.mutate(place=ibis.row_number().over(largest))
    found = found.filter(found.place == 0)
    rise = ibis.greatest(found.unit - found.before, 0) * found.quantity
    costs = {"cost_before": as_amount(found.before), "cost_now": as_amount(found.unit)}
    return _rows(found, "cost_jump", happened_at=found.ordered_at, amount=as_amount(rise), **costs)


def _frozen_stock(workbook: Workbook) -> ir.Table:
    """Goods whose stock read the same all month although units were sold; ``amount`` is what was sold of them."""
    standards = workbook.standards
    readings, orders = workbook.in_month("stock_snapshots"), workbook.in_month("orders")
    known = readings.filter(is_known(readings))
    still = known.group_by("supplier_id", "sku").agg(
        readings=known.count(), stock=known.quantity.max(), lowest=known.quantity.min(), happened_at=known.observed_at.max()
    )
    enough = int(standards.value("exceptions.frozen_readings"))
    still = still.filter(still.readings >= enough, still.stock == still.lowest, still.stock > 0)
    sold = orders.filter(orders.status == "delivered").group_by("supplier_id", "sku", "currency").agg(units=ibis._.quantity.sum(), amount=ibis._.amount.sum())
    found = still.join(sold.filter(sold.units >= int(standards.value("exceptions.frozen_units"))), ["supplier_id", "sku"])
    return _rows(found, "frozen_stock")


def _unexplained_refunds(workbook: Workbook) -> ir.Table:
    """Refunds of the month without a cause and without a ticket."""
    orders = workbook.in_month("orders")
    tickets = workbook.table("tickets")
    found = orders.filter(orders.status == "refunded", orders.failure_cause.isnull()).anti_join(tickets.filter(~tickets.is_staged), "order_id")
    return _rows(found, "unexplained_refund", happened_at=found.ordered_at)


@frame("decisions.losing_goods")
@query("decisions.losing_goods")
def losing_goods(workbook: Workbook) -> ir.Table:
    """What was lost on goods sold below cost in the month, by SKU and currency: sku, name, currency, cases, amount (exact).

    The largest loss of each currency comes first, then the second largest of each: amounts of different currencies are not compared.
    """
    found = exceptions_found(workbook)
    found = found.filter(found.kind == "below_cost")
    sums = found.group_by("sku", "currency").agg(cases=found.count(), parts=as_parts(found.amount).sum())
    products = workbook.table("products").select(named_sku="sku", name="name")
    named = sums.left_join(products, sums.sku == products.named_sku)
    lost = named.select("sku", "name", "currency", "cases", amount=as_amount(named.parts))
    lost = lost.mutate(place=ibis.row_number().over(ibis.window(group_by="currency", order_by=[ibis.desc(lost.amount), lost.sku])))
    return lost.order_by("place", "currency").drop("place")


FRAMES = (exceptions, exception_sums, exception_checks, repeat_counts, losing_goods)
"""What the pages show."""
