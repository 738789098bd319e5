"""Who buys, and what is bought together: counts over buyers that are known by a keyed digest, which never leaves the engine."""

from __future__ import annotations

from decimal import Decimal

import ibis
import numpy as np
import pandas as pd
from ibis.expr import types as ir

from kmanalysis.measures.frames import DIGITS
from kmanalysis.statistics.association import chance, lift
from kmanalysis.times import to_local, to_utc
from kmanalysis.workbook import Workbook, frame, query

MONEY = "decimal(38,4)"
"""Type of a sum of amounts in the engine."""

NO_MONEY = ("failed", "cancelled", "refunded")
"""States of an order that a buyer has not paid for in the end."""

RECENCIES = ("active", "cooling", "lapsed")
FREQUENCIES = ("frequent", "repeated", "once")
"""The classes of a buyer, the best first."""

PAIRS_SHOWN = 100
"""Pairs of a level that are kept: the surest first."""

_PAIR = ["level", "first", "first_name", "second", "second_name", "baskets", "first_baskets", "second_baskets", "together", "items"]


@frame
def known_buyers(workbook: Workbook) -> pd.DataFrame:
    """How many of the window's orders have a known buyer, one row: orders, known_orders, buyers, known_share (NaN without orders)."""
    counts = _known_counts(workbook)
    return counts.assign(known_share=(counts["known_orders"] / counts["orders"].where(counts["orders"] > 0)).astype("float64").round(DIGITS))


@frame
def buyer_segments(workbook: Workbook) -> pd.DataFrame:
    """Known buyers by recency, frequency and money, in each currency apart.

    Columns: currency, recency (`RECENCIES`), frequency (`FREQUENCIES`), is_large, buyers, orders, amount (decimal), amount_share (of the currency's).

    Recency is the days from a buyer's last order to the month's end, frequency its orders in the window, money what it paid for orders that did not
    fail and were not cancelled or refunded. The cut points are standards and not quantiles of today's buyers: a buyer's class must not change because
    another one bought. A buyer counts in each currency that it pays in.
    """
    found = _segments(workbook)
    places = {name: place for place, name in enumerate((*RECENCIES, *FREQUENCIES))}
    found = found.sort_values(
        ["currency", "recency", "frequency", "is_large"],
        ascending=[True, True, True, False],
        key=lambda column: column.map(places) if column.name in ("recency", "frequency") else column,
        ignore_index=True,
    )
    amount = found["amount"].astype("float64")
    total = amount.groupby(found["currency"]).transform("sum")
    return found.assign(amount_share=(amount / total.where(total > 0)).round(DIGITS))


@frame
def pairs(workbook: Workbook) -> pd.DataFrame:
    """What known buyers order together, of SKUs and of categories (level), the pairs that are surest to be more than chance first.

    Columns: level, first, first_name, second, second_name, baskets, first_baskets, second_baskets, together (counts of baskets), items, support, lift, lower,
    upper, adjusted_p, is_more. A basket is what a buyer ordered on one day (Asia/Shanghai) of the window. Pairs that fewer baskets hold together than
    the standards say are left out; of each level at most `PAIRS_SHOWN` are kept.

    Bounds as `statistics.association.lift`; they take baskets as independent, though a buyer may have several. ``adjusted_p`` is
    `statistics.association.chance` times the pairs that the level's items (those in enough baskets) can form (Bonferroni): of many pairs some come
    together by chance.
    ``is_more`` where it does not exceed what the confidence leaves and lower is above 1.
    """
    counts = pd.concat([_sku_pairs(workbook), _category_pairs(workbook)], ignore_index=True)
    found = lift(counts["together"], counts["first_baskets"], counts["second_baskets"], counts["baskets"], workbook.standards.value("counting.confidence"))
    told = counts.assign(**{name: part.round(DIGITS) for name, part in found._asdict().items()})
    p = chance(counts["together"], counts["first_baskets"], counts["second_baskets"], counts["baskets"])
    told["adjusted_p"] = np.minimum(p * counts["items"] * (counts["items"] - 1) / 2, 1.0).round(DIGITS)
    told["is_more"] = (told["lower"] > 1) & (told["adjusted_p"] <= 1 - workbook.standards.value("counting.confidence"))
    told = told.sort_values(["level", "lower", "first", "second"], ascending=[False, False, True, True], ignore_index=True)
    return told.groupby("level").head(PAIRS_SHOWN).reset_index(drop=True)


def _window(workbook: Workbook) -> ir.Table:
    """The orders of the months that trends are read from."""
    months = int(workbook.standards.value("market.trend_months"))
    start = to_utc((workbook.period.first_day - ibis.interval(months=months - 1)).cast("timestamp"))
    orders = workbook.table("orders")
    orders = orders.filter(orders.ordered_at >= start, orders.ordered_at < workbook.period.end)
    return orders.mutate(day=to_local(orders.ordered_at).date())


@query
def _known_counts(workbook: Workbook) -> ir.Table:
    orders = _window(workbook)
    return orders.agg(orders=orders.count(), known_orders=orders.buyer_digest.count(), buyers=orders.buyer_digest.nunique())


@query
def _segments(workbook: Workbook) -> ir.Table:
    standard, last_day = workbook.standards.value, workbook.period.last_day
    orders = _window(workbook)
    orders = orders.filter(orders.buyer_digest.notnull())
    buyers = orders.group_by("buyer_digest", "currency").agg(
        orders=orders.count(),
        last=orders.day.max(),
        # A buyer whose orders all fell through paid nothing: that is known.
        paid=ibis.coalesce(orders.amount.sum(where=~orders.status.isin(NO_MONEY)), 0).cast(MONEY),
    )
    recent, lapsed = (last_day - ibis.interval(days=int(standard(f"market.buyer_{name}"))) for name in ("recent", "lapsed"))
    buyers = buyers.mutate(
        recency=ibis.cases((buyers["last"] >= recent, RECENCIES[0]), (buyers["last"] >= lapsed, RECENCIES[1]), else_=RECENCIES[2]),
        frequency=ibis.cases(
            (buyers.orders >= int(standard("market.buyer_frequent")), FREQUENCIES[0]), (buyers.orders > 1, FREQUENCIES[1]), else_=FREQUENCIES[2]
        ),
        is_large=buyers.paid >= ibis.literal(Decimal(str(standard("market.buyer_large"))), type=MONEY),
    )
    found = buyers.group_by("currency", "recency", "frequency", "is_large").agg(
        buyers=buyers.count(), orders=buyers.orders.sum(), amount=buyers.paid.sum().cast(MONEY)
    )
    return found.order_by("currency", "recency", "frequency", "is_large")


@query
def _sku_pairs(workbook: Workbook) -> ir.Table:
    orders = _window(workbook)
    names = workbook.table("products").select("sku", "name")
    return _together(workbook, orders.mutate(item=orders.sku), names.rename(item="sku"), "sku")


@query
def _category_pairs(workbook: Workbook) -> ir.Table:
    products = workbook.table("products").select("sku", "category")
    orders = _window(workbook).join(products.filter(products.category.notnull()), "sku")
    names = products.filter(products.category.notnull()).select(item="category", name="category").distinct()
    return _together(workbook, orders.mutate(item=orders.category), names, "category")


def _together(workbook: Workbook, orders: ir.Table, names: ir.Table, level: str) -> ir.Table:
    """Baskets that hold two items, one, the other, and all baskets. An item in too few baskets is in no pair that counts: it is left out before pairing."""
    fewest = int(workbook.standards.value("market.pair_baskets"))
    known = orders.filter(orders.buyer_digest.notnull())
    held = known.select("buyer_digest", "day", "item").distinct()
    baskets = held.select("buyer_digest", "day").distinct()
    number = baskets.agg(baskets=baskets.count())
    items = held.group_by("item").agg(item_baskets=held.count())
    items = items.filter(items.item_baskets >= fewest)
    left = held.semi_join(items, "item")
    right = left.view()
    both = left.join(right, [left.buyer_digest == right.buyer_digest, left.day == right.day, left.item < right.item])
    both = both.select(first=left.item, second=right.item)
    both = both.group_by("first", "second").agg(together=both.count())
    both = both.filter(both.together >= fewest)
    for side in ("first", "second"):
        of_side = items.join(names, "item").rename({side: "item", f"{side}_baskets": "item_baskets", f"{side}_name": "name"})
        both = both.join(of_side, side)
    both = both.cross_join(items.agg(items=items.count()))
    return both.cross_join(number).mutate(level=ibis.literal(level)).select(_PAIR).order_by("first", "second")


FRAMES = (known_buyers, buyer_segments, pairs)
