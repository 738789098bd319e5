"""What the platform bought for its orders, what it was charged beside, and the codes of trials."""

from __future__ import annotations

import numpy as np

from kmanalysis.samples.draws import DAY, NULL, generator, start_second
from kmanalysis.samples.frames import Events, code_of
from kmanalysis.samples.plan import Supplier
from kmanalysis.samples.setting import Setting
from kmanalysis.times import Month

TRIAL_BUDGET = 50_000
"""¥500 in 分."""

TRIALS = {"bad_trial": (4, 20), "thin": (0, 5), "excellent_niche": (0, 10_000)}
"""Suppliers with a trial in the last month: of the codes that are checked, how many are dead, and how many are checked (at most all)."""

SHARED_CODE = 18
"""Supplier some of whose codes are meant for many buyers."""

CODES = 200
"""Numbers of codes set aside for each supplier of the cast."""

REPEATED = 3
"""Codes of the bad trial that came twice; one more had been sold by another supplier before."""

REPEATED_FROM = 19
"""That other supplier."""


def purchases(setting: Setting, supplier: Supplier, month: Month, sold: Events) -> Events:
    """The month's purchases; adds to the orders the purchase that each was served from. A dropship purchase serves one order."""
    rng = generator(setting.seed, supplier.number, month, "purchases")
    start, prices = start_second(month), setting.costs(supplier, month.first_day)
    if supplier.mode == "dropship":
        goods, quantity, bought = sold["sku"], sold["quantity"].copy(), sold["ordered_at"]
        sold["purchase_id"] = np.arange(1, len(goods) + 1)
    else:
        slots = np.clip((sold["ordered_at"] - start) // (7 * DAY), 0, 4) * len(setting.shelf) + sold["sku"]
        distinct, place = np.unique(slots, return_inverse=True)
        goods, weeks = distinct % len(setting.shelf), distinct // len(setting.shelf)
        quantity = -(-np.bincount(place, weights=sold["quantity"]).astype(np.int64) // 10) * 10
        # bought in the first minute of the week, so that no order comes before its purchase
        bought = start + weeks * 7 * DAY + np.arange(len(distinct)) % 60
        sold["purchase_id"] = place + 1
        first = np.full(len(distinct), np.iinfo(np.int64).max)
        np.minimum.at(first, place, sold["ordered_at"])
        bought = np.minimum(bought, first)
    listed = prices[goods] * quantity
    share = granted_share(supplier, int(listed.sum()))
    trial = np.full(len(goods), NULL)
    if has_trial(setting, supplier, month):
        good = supplier.places[0]
        count = TRIAL_BUDGET // int(prices[good])
        goods, quantity, listed = np.append(goods, good), np.append(quantity, count), np.append(listed, count * prices[good])
        bought, trial = np.append(bought, trial_start(setting)), np.append(trial, supplier.number - 1)
    # rounded up, so that 5 % granted is never a trace below 5 %
    discount = -(-listed * round(share * 1000) // 1000)
    received = np.where(rng.random(len(goods)) < 0.01, quantity - 1, quantity) if supplier.part == 17 else quantity
    return {
        "number": np.arange(1, len(goods) + 1),
        "supplier_id": np.full(len(goods), supplier.number - 1),
        "sku": goods,
        "trial_id": trial,
        "purchased_at": bought,
        "quantity": quantity,
        "received_quantity": np.maximum(received, 1),
        "list_amount": listed,
        "discount_amount": discount,
        "paid_amount": listed - discount,
    }


def granted_share(supplier: Supplier, listed: int) -> float:
    """Discount that the supplier grants on a month's list amount (分): the highest tier that is exceeded, on all units."""
    return max([share for threshold, share in supplier.tiers if supplier.grants and listed > threshold * 100], default=0.0)


def trial_start(setting: Setting) -> int:
    """Second at which the trials of the last month began."""
    return start_second(setting.last) + 7 * DAY + 10 * 3600


def has_trial(setting: Setting, supplier: Supplier, month: Month) -> bool:
    """Whether the supplier was tried in the month."""
    return supplier.slug in TRIALS and month == setting.last


def fees(setting: Setting, supplier: Supplier, month: Month, bought: Events) -> Events:
    """Fees charged in the month: undisclosed ones where that is planted, a disclosed one elsewhere."""
    rng = generator(setting.seed, supplier.number, month, "fees")
    share = setting.conduct(supplier, month).fee_share
    if share:
        count = len(bought["number"])
        purchase = np.append(bought["number"], NULL)
        amounts = np.append(bought["paid_amount"] * round(share * 500) // 1000, bought["paid_amount"].sum() * round(share * 500) // 1000)
        charged = np.append(bought["purchased_at"] + rng.integers(DAY, 2 * DAY, count), start_second(month) + 26 * DAY)
        kinds = np.append(np.full(count, code_of("fees", "kind", "restock")), code_of("fees", "kind", "technical_service"))
        disclosed = np.zeros(count + 1, dtype=np.int64)
    else:
        charged = np.array([start_second(month) + 25 * DAY] if supplier.mode == "agency" else [], dtype=np.int64)
        count = len(charged)
        purchase, amounts = np.full(count, NULL), np.full(count, 5000)
        kinds, disclosed = np.full(count, code_of("fees", "kind", "api")), np.ones(count, dtype=np.int64)
    return {
        "number": np.arange(1, len(charged) + 1),
        "supplier_id": np.full(len(charged), supplier.number - 1),
        "purchase_id": purchase,
        "charged_at": charged,
        "kind": kinds,
        "amount": amounts,
        "is_disclosed": disclosed,
    }


def codes(setting: Setting, supplier: Supplier, month: Month, sold: Events, bought: Events) -> Events:
    """Codes handed out in the last month: those of the trials, and some that buyers got from suppliers of the same goods."""
    parts: list[tuple[int, int, int, int, int, int]] = []
    first = (supplier.number - 1) * CODES
    if month == setting.last and supplier.slug in ("bad_trial", "ordinary") and supplier.number <= 20:
        shared = supplier.number == SHARED_CODE
        single = np.flatnonzero((sold["quantity"] == 1) & (sold["delivered_at"] != NULL) & (sold["delivered_at"] < trial_start(setting)))
        single = single[np.argsort(sold["sku"][single], kind="stable")][:20]
        for place, order in enumerate(single):
            digest = first + CODES - 1 - (place // 4 if shared else place)
            parts.append((sold["sku"][order], sold["number"][order], NULL, sold["delivered_at"][order], digest, int(shared)))
    if has_trial(setting, supplier, month):
        for place in range(int(bought["quantity"][-1])):
            parts.append((bought["sku"][-1], NULL, bought["number"][-1], trial_start(setting) + 20 + place, _trial_code(supplier, place), 0))
    table = np.array(parts, dtype=np.int64).reshape(-1, 6)
    return {
        "number": np.arange(1, len(table) + 1),
        "supplier_id": np.full(len(table), supplier.number - 1),
        "sku": table[:, 0],
        "order_id": table[:, 1],
        "purchase_id": table[:, 2],
        "issued_at": table[:, 3],
        "code_digest": table[:, 4],
        "is_shared_use": table[:, 5],
        "is_platform_race": np.zeros(len(table), dtype=np.int64),
    }


def _trial_code(supplier: Supplier, place: int) -> int:
    if supplier.slug == "bad_trial" and place < REPEATED:
        place += 10
    if supplier.slug == "bad_trial" and place == REPEATED:
        return (REPEATED_FROM - 1) * CODES + CODES - 1
    return (supplier.number - 1) * CODES + place
