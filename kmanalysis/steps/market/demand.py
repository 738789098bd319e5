"""Who buys, and what is bought together: counts over buyers that are known by a keyed digest, which never leaves the engine."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.money import MONEY_SUM
from kmanalysis.measures.common.orders import UNFULFILLED, orders_by_day
from kmanalysis.measures.common.time import DAY
from kmanalysis.statistics.association import chance, lift
from kmanalysis.times import to_local, to_utc
from kmanalysis.workbook import Workbook, frame, kept, query

RECENCIES = ("active", "cooling", "lapsed")
FREQUENCIES = ("frequent", "repeated", "once")
"""The classes of a buyer, the best first."""

PAIRS_SHOWN = 100
"""Pairs of a level that are kept: the surest first."""

LONGEST_MONTH = 31
"""Days."""

_PAIR = ["level", "first", "first_name", "second", "second_name", "baskets", "first_baskets", "second_baskets", "together", "items"]


@frame("market.known_buyers")
def known_buyers(workbook: Workbook) -> pd.DataFrame:
    """How many of the window's orders have a known buyer, one row: orders, known_orders, buyers, known_share (NaN without orders)."""
    known = _buyer_counts(workbook)
    known = known[known["currency"].isna()].reset_index(drop=True)
    counts = _order_counts(workbook).assign(known_orders=known["orders"], buyers=known["buyers"])
    return counts.assign(known_share=(counts["known_orders"] / counts["orders"].where(counts["orders"] > 0)).astype("float64").round(DIGITS))


@frame("market.buyer_segments")
def buyer_segments(workbook: Workbook) -> pd.DataFrame:
    """Known buyers by recency, frequency and money, in each currency apart.

    Columns: currency, recency (`RECENCIES`), frequency (`FREQUENCIES`), is_large, buyers, orders, amount (decimal), amount_share (of the currency's).

    Recency is the days from a buyer's last order to the month's end, frequency its orders in the window, money what it paid for orders that did not
    fail and were not cancelled or refunded. The cut points are standards and not quantiles of today's buyers: a buyer's class must not change because
    another one bought. A buyer counts in each currency that it pays in.
    """
    found = _buyer_counts(workbook)
    found = found[found["currency"].notna()]
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


@frame("market.pairs")
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
    counts = _pair_counts(workbook)
    found = lift(counts["together"], counts["first_baskets"], counts["second_baskets"], counts["baskets"], workbook.standards.value("counting.confidence"))
    ranked = counts.assign(**{name: part.round(DIGITS) for name, part in found._asdict().items()})
    p = chance(counts["together"], counts["first_baskets"], counts["second_baskets"], counts["baskets"])
    ranked["adjusted_p"] = np.minimum(p * counts["items"] * (counts["items"] - 1) / 2, 1.0).round(DIGITS)
    ranked["is_more"] = (ranked["lower"] > 1) & (ranked["adjusted_p"] <= 1 - workbook.standards.value("counting.confidence"))
    ranked = ranked.sort_values(["level", "lower", "first", "second"], ascending=[False, False, True, True], ignore_index=True)
    return ranked.groupby("level").head(PAIRS_SHOWN).reset_index(drop=True)


def _months_before(workbook: Workbook) -> int:
    """How many months before its own the window has."""
    return int(workbook.standards.value("market.trend_months")) - 1


@query("market.order_counts")
def _order_counts(workbook: Workbook) -> ir.Table:
    days = orders_by_day(workbook).union(orders_by_day(workbook, months_before=_months_before(workbook)))
    return days.agg(orders=ibis.coalesce(days.orders.sum(), 0))


@frame("market.buyer_counts")
@query("market.buyer_counts")
def _buyer_counts(workbook: Workbook) -> ir.Table:
    """The classes of `buyer_segments`, and a row without currency: all buyers, each once, and their orders."""
    standard, last_day = workbook.standards.value, workbook.period.last_day
    buyers = _buyers(workbook)
    paid = ibis.coalesce(buyers.paid.sum(), 0).cast(MONEY_SUM)
    everyone = buyers.agg(buyers=buyers.buyer.nunique(), orders=ibis.coalesce(buyers.orders.sum(), 0), amount=paid)
    recent, lapsed = (last_day - ibis.interval(days=int(standard(f"market.buyer_{name}"))) for name in ("recent", "lapsed"))
    buyers = buyers.mutate(
        recency=ibis.cases((buyers["last"] >= recent, RECENCIES[0]), (buyers["last"] >= lapsed, RECENCIES[1]), else_=RECENCIES[2]),
        frequency=ibis.cases(
            (buyers.orders >= int(standard("market.buyer_frequent")), FREQUENCIES[0]), (buyers.orders > 1, FREQUENCIES[1]), else_=FREQUENCIES[2]
        ),
        is_large=buyers.paid >= ibis.literal(Decimal(str(standard("market.buyer_large"))), type=MONEY_SUM),
    )
    keys = ["currency", "recency", "frequency", "is_large"]
    classes = buyers.group_by(keys).agg(buyers=buyers.count(), orders=buyers.orders.sum(), amount=buyers.paid.sum().cast(MONEY_SUM))
    everyone = everyone.mutate(currency=ibis.null("string"), recency=ibis.literal(""), frequency=ibis.literal(""), is_large=False)
    return classes.union(everyone.select(classes.columns)).order_by(keys)


def _buyers(workbook: Workbook) -> ir.Table:
    """The known buyers of the window in each currency: buyer, currency, orders, last (their last order's local day), paid."""
    start = to_utc((workbook.period.first_day - ibis.interval(months=_months_before(workbook))).cast("timestamp"))
    orders = workbook.table("orders")
    orders = orders.filter(orders.ordered_at >= start, orders.ordered_at < workbook.period.end, orders.buyer_digest.notnull())
    buyers = orders.group_by("currency", buyer="buyer_digest").agg(
        orders=orders.count(),
        last=orders.ordered_at.max(),
        # A buyer whose orders all fell through paid nothing: that is known.
        paid=ibis.coalesce(orders.amount.sum(where=~orders.status.isin(UNFULFILLED)), 0).cast(MONEY_SUM),
    )
    return buyers.mutate(last=to_local(buyers["last"]).date())


@kept("market.buyer_numbers")
def buyer_numbers(workbook: Workbook) -> ir.Table:
    """The month's known buyers in the engine: buyer_digest, buyer (a number). Their texts would take most of the memory and of the time."""
    orders = workbook.in_month("orders")
    return _numbers(orders.filter(orders.buyer_digest.notnull()), "buyer_digest", "buyer")


@kept("market.basket_counts")
def basket_counts(workbook: Workbook) -> ir.Table:
    """In how many of the month's baskets items are, of a level: alone (second null), two together (first < second), and all baskets (both null).

    Columns: level, first, second, baskets. A basket is of one day, and so of one month: what is counted adds up over months.
    """
    orders, products = workbook.in_month("orders"), workbook.table("products")
    skus, categories = _numbers(products, "sku", "item"), _numbers(products.filter(products.category.notnull()), "category", "category_item")
    day = orders.ordered_at.delta(workbook.period.start, unit="microsecond") // DAY
    known = orders.select("buyer_digest", "sku", day=day).join(buyer_numbers(workbook), "buyer_digest").join(skus, "sku")
    held = known.select("item", basket=known.buyer * LONGEST_MONTH + known.day).distinct()
    of_category = products.select("sku", "category").join(skus, "sku").join(categories, "category").select("item", "category_item")
    held_categories = held.join(of_category, "item").select("basket", item="category_item").distinct()
    categories = categories.select(item="category_item", text="category")
    return ibis.union(*_counts("sku", held, skus.select("item", text="sku")), *_counts("category", held_categories, categories))


def _numbers(rows: ir.Table, column: str, number: str) -> ir.Table:
    """Each text of the column once, with its number: by the order of the texts, so that it is the same whenever the engine looks again."""
    texts = rows.select(column).distinct()
    return texts.mutate(**{number: ibis.row_number().over(ibis.window(order_by=column))})


def _counts(level: str, held: ir.Table, items: ir.Table) -> list[ir.Table]:
    """The rows of `basket_counts` of what baskets hold (basket, item: numbers), with the items' texts."""
    baskets = held.select("basket").distinct()
    other = held.view()
    both = held.join(other, [held.basket == other.basket, held["item"] < other["item"]]).select(first=held["item"], second=other["item"])
    counts = (
        baskets.agg(baskets=baskets.count()),
        held.group_by(first="item").agg(baskets=held.count()),
        both.group_by("first", "second").agg(baskets=both.count()),
    )
    return [_with_texts(count, items).mutate(level=ibis.literal(level)).select("level", "first", "second", "baskets") for count in counts]


def _with_texts(counts: ir.Table, items: ir.Table) -> ir.Table:
    for side in ("first", "second"):
        if side in counts.columns:
            counts = counts.rename(item=side).join(items.rename({side: "text"}), "item").drop("item")
        else:
            counts = counts.mutate(**{side: ibis.null("string")})
    return counts


@query("market.pair_counts")
def _pair_counts(workbook: Workbook) -> ir.Table:
    """The pairs of the window that enough baskets hold, with their items' baskets and names, and how many baskets and items there are."""
    fewest = int(workbook.standards.value("market.pair_baskets"))
    months = basket_counts(workbook).union(basket_counts(workbook, months_before=_months_before(workbook)))
    counts = months.group_by("level", "first", "second").agg(baskets=months.baskets.sum())
    every = counts.filter(counts["first"].isnull()).select("level", "baskets")
    single = counts.filter(counts["first"].notnull(), counts.second.isnull(), counts.baskets >= fewest)
    items = single.group_by("level").agg(items=single.count())
    both = counts.filter(counts.second.notnull(), counts.baskets >= fewest).rename(together="baskets")
    names = _item_names(workbook)
    for side in ("first", "second"):
        of_side = single.select("level", **{side: "first", f"{side}_baskets": "baskets"})
        both = both.join(of_side, ["level", side]).join(names.rename({side: "item", f"{side}_name": "name"}), ["level", side])
    return both.join(every, "level").join(items, "level").select(_PAIR).order_by(ibis.desc("level"), "first", "second")


def _item_names(workbook: Workbook) -> ir.Table:
    products = workbook.table("products")
    skus = products.select("name", item="sku", level=ibis.literal("sku"))
    categories = products.filter(products.category.notnull()).select(name="category", item="category", level=ibis.literal("category"))
    return skus.union(categories.distinct())
