"""N−1: if a supplier stopped tomorrow, what share of the month's orders could the others' stock carry, at what extra cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from kmanalysis.measures.common.frames import DIGITS, Row
from kmanalysis.measures.common.goods import goods_landed, goods_offered, goods_sold, goods_stock, upstreams
from kmanalysis.measures.common.money import CENT
from kmanalysis.scoring.grades import raw_grades
from kmanalysis.workbook import Workbook, frame

SKUS = ("supplier", "sku", "name", "orders", "needed", "backups", "carried", "carried_share", "reason", "currency", "extra_cost", "uncosted")
REASONS = ("not_offered", "vetoed", "same_upstream", "unknown_stock", "no_stock")
"""Why a SKU has no backup: the last hurdle that any other supplier reached."""

_PRICE = Decimal("0.0001")


@frame("decisions.backup_skus")
def backup_skus(workbook: Workbook) -> pd.DataFrame:
    """Every SKU that buyers ordered of a supplier in the month, and what the others could carry of it (columns `SKUS`).

    The answer is about the others too: ``supplier`` is no supplier_id, so that it stays on the portfolio's pages.

    ``needed`` are the units of the restock window at the month's pace, rounded up; ``backups`` the suppliers that have any left for it, ``carried`` the
    units that they hold beyond their own needs, the cheapest first. No backup is who was vetoed, is not on offer, has unknown stock, or shares
    the upstream. ``extra_cost`` is what the carried units cost more than the supplier's own (`_offers` says which price), in ``currency``, exact;
    missing where nothing is carried or no price is known in that currency (``uncosted`` units). ``reason`` says why there is no backup (one of `REASONS`).
    """
    offers = _offers(workbook)
    named = goods_offered(workbook).drop_duplicates("sku").set_index("sku")["name"].to_dict()
    origin = _origins(workbook)
    of_sku = {str(sku): of_one.to_dict("records") for sku, of_one in offers.groupby("sku", sort=False)}
    rows = []
    for row in _needs(workbook)[["supplier_id", "sku", "orders", "needed"]].to_dict("records"):
        own = [offer for offer in of_sku.get(row["sku"], []) if offer["supplier_id"] == row["supplier_id"]]
        others = [offer for offer in of_sku.get(row["sku"], []) if offer["supplier_id"] != row["supplier_id"]]
        apart = [offer for offer in others if not _is_related(row["supplier_id"], offer["supplier_id"], origin)]
        backups = [offer for offer in apart if offer["is_sound"]]
        price, currency = (own[0]["unit_cost"], own[0]["currency"]) if own else (None, None)
        found = {"name": named.get(row["sku"], row["sku"]), "reason": "" if backups else _reason(others, apart)}
        rows.append({"supplier": row["supplier_id"]} | row | found | _cover(row["needed"], backups, price, currency))
    finished = pd.DataFrame(rows, columns=list(SKUS))
    counts = dict.fromkeys(("orders", "needed", "backups", "carried", "uncosted"), "int64")
    return finished.astype(counts | {"carried_share": "float64"}).sort_values(["supplier", "sku"], ignore_index=True)


@frame("decisions.backup_suppliers")
def backup_suppliers(workbook: Workbook) -> pd.DataFrame:
    """The N−1 answer for each supplier with orders, a row a supplier and currency of its list prices.

    Columns: supplier, orders, carried_share (of its orders), skus, without_backup (SKUs), currency, extra_cost (exact; for the restock window),
    uncosted (units carried whose extra cost is not known). Orders and shares are the supplier's, the same in each of its rows.
    """
    skus = backup_skus(workbook)
    carried = (skus["orders"] * skus["carried_share"]).groupby(skus["supplier"]).sum()
    of_supplier = skus.groupby("supplier")
    whole = pd.DataFrame(
        {
            "orders": of_supplier["orders"].sum(),
            "skus": of_supplier.size(),
            "without_backup": (skus["backups"] == 0).groupby(skus["supplier"]).sum().astype("int64"),
            "uncosted": of_supplier["uncosted"].sum(),
        }
    )
    whole["carried_share"] = (carried / whole["orders"]).round(DIGITS)
    known = skus[skus["extra_cost"].notna()]
    costs = known.groupby(["supplier", "currency"], as_index=False)["extra_cost"].sum()
    found = whole.reset_index().merge(costs, on="supplier", how="left")
    found["extra_cost"] = found["extra_cost"].astype("object").where(found["extra_cost"].notna(), None)
    columns = ["supplier", "orders", "carried_share", "skus", "without_backup", "currency", "extra_cost", "uncosted"]
    return found[columns].sort_values(["supplier", "currency"], ignore_index=True)


def _needs(workbook: Workbook) -> pd.DataFrame:
    """The month's sales by supplier and SKU with ``needed``: units of the restock window at the month's pace, rounded up."""
    window, days = int(workbook.standards.value("review.restock_window")), workbook.month.days
    sold = goods_sold(workbook)
    return sold.assign(needed=-(-sold["units"] * window // days))


def _offers(workbook: Workbook) -> pd.DataFrame:
    """Who has what on offer, with ``left`` (units beyond its own needs, NaN unknown), ``is_sound`` (counts as a backup), unit_cost and currency.

    The unit cost is the month's landed one (fees included, tiers as granted) where the SKU was bought of the supplier, else its list price.
    """
    keys = ["supplier_id", "sku"]
    landed = goods_landed(workbook)
    landed = landed[landed["received"] > 0]
    amounts = zip(landed["landed_amount"], landed["received"], strict=True)
    landed = landed.assign(landed_cost=[(amount / int(units)).quantize(_PRICE, ROUND_HALF_UP) for amount, units in amounts])
    offers = goods_offered(workbook).merge(landed[[*keys, "currency", "landed_cost"]], on=[*keys, "currency"], how="left")
    # A cost of 0 was not given.
    listed = offers["cost_price"].astype("object").where(offers["cost_price"] != 0, None)
    unit_cost = offers["landed_cost"].astype("object").where(offers["landed_cost"].notna(), listed)
    offers["unit_cost"] = unit_cost.where(unit_cost.notna(), None)
    offers = offers.merge(goods_stock(workbook)[[*keys, "last_stock"]], on=keys, how="left")
    offers = offers.merge(_needs(workbook)[[*keys, "needed"]], on=keys, how="left")
    offers["left"] = (offers["last_stock"].astype("float64") - offers["needed"].fillna(0)).clip(lower=0)
    graded = raw_grades(workbook).set_index("supplier_id")["reason"]
    offers["is_vetoed"] = (offers["supplier_id"].map(graded) == "vetoed").to_numpy(dtype=bool)
    offers["is_sound"] = ~offers["is_vetoed"] & (offers["left"] > 0)
    return offers.sort_values(keys, ignore_index=True)


def _origins(workbook: Workbook) -> dict[str, str]:
    known = upstreams(workbook).dropna(subset="upstream_id")
    return dict(zip(known["supplier_id"], known["upstream_id"], strict=True))


def _is_related(supplier: str, other: str, origin: dict[str, str]) -> bool:
    """Whether the other stops with the supplier: one upstream, or one of them buys from the other."""
    own, theirs = origin.get(supplier, supplier), origin.get(other, other)
    return own in (theirs, other) or theirs == supplier


def _reason(others: Sequence[Row], apart: Sequence[Row]) -> str:
    sound = [offer for offer in others if not offer["is_vetoed"]]
    left = [offer for offer in apart if not offer["is_vetoed"]]
    known = [offer for offer in left if not np.isnan(offer["left"])]
    return REASONS[sum(bool(passed) for passed in (others, sound, left, known))]


def _cover(needed: int, backups: Sequence[Row], own_price: Decimal | None, currency: str | None) -> dict[str, object]:
    """What the backups carry of the units needed, the cheapest first (those of another currency or without a price last)."""
    costs = [offer["unit_cost"] if offer["currency"] == currency and own_price is not None else None for offer in backups]
    order = sorted(range(len(costs)), key=lambda place: (costs[place] is None, costs[place] or Decimal(0), backups[place]["supplier_id"]))
    still, extra, uncosted = needed, Decimal(0), 0
    for place in order:
        units, price = min(int(backups[place]["left"]), still), costs[place]
        still -= units
        if price is None or own_price is None:
            uncosted += units
        else:
            extra += units * (price - own_price)
    carried = needed - still
    return {
        "backups": len(backups),
        "carried": carried,
        "carried_share": round(carried / needed, DIGITS),
        "currency": currency,
        "extra_cost": extra.quantize(CENT, ROUND_HALF_UP) if carried > uncosted else None,
        "uncosted": uncosted,
    }


FRAMES = (backup_suppliers, backup_skus)
"""What the pages show."""
