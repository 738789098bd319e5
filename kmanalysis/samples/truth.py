"""What was planted in whom: one line a supplier, month and measure."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from kmanalysis.samples.goods import SOLE
from kmanalysis.samples.plan import MEDIOCRE, Supplier, drift_day
from kmanalysis.samples.setting import Setting

COLUMNS = ("supplier_id", "slug", "month", "measure", "expected", "detail")

MISSED = {
    "hidden_fees": {
        "price.hidden_fee_rate": "undisclosed restock and technical service fees of 23 % of purchases",
        "price.low_price_trap": "quotes 14 % under the market and no cheaper than the market after fees",
        "price.band_share": "all quotes below the band",
    },
    "runs_dry": {"stability.hot_availability": "four goods at 0 for a quarter of the cycle", "stability.hot_depth": "lowest stock 0"},
    "oversold": {
        "stability.oversold_rate": "4 % of orders failed after stock-out",
        "stability.stock_sync_lag": "62 % of readings were in time",
        "service.dispute_rate": "each of these orders became a dispute",
    },
    "outages": {"stability.uptime": "three outages of nine hours"},
    "slow_nights": {
        "service.round_the_clock": "half of the tickets by night, weekend and holiday in time",
        "service.first_response": "all by day, half at other times",
    },
    "no_compensation": {"service.reship_in_time": "nothing was reshipped", "service.compensation_paid": "nothing was paid"},
    "forged_references": {"reputation.reference_confirmed": "12 of 18 clients denied it", "reputation.platforms_served": "5 confirmed, 1 not reached"},
    "price_drift": {"price.band_share": "prices rose by 0.18 % a day until 10 % above the market"},
    "bad_trial": {"service.dispute_rate": "3.7 % of orders disputed for dead and repeated codes"},
}
"""Measures that the last month misses, by role."""

VETOED = {
    "expired_licence": {"compliance.licences": "the industry permit ended with the month before"},
    "broken_chain": {
        "compliance.authorised_share": "one authorisation ended with the month before, one comes from nobody who holds the rights",
        "compliance.grey_listings": "two grey listings",
    },
}

GRADES = {
    "excellent": {0: "grade:S"},
    "excellent_niche": {0: "grade:S"},
    "falling": {2: "grade:S", 1: "grade:A", 0: "grade:B"},
    "recovering": {5: "grade:B", 0: "grade:S"},
}
"""Grades held, by months before the last."""

FALLEN = (
    "stability.hot_availability",
    "stability.hot_depth",
    "stability.stock_sync_lag",
    "stability.delivery_time",
    "price.band_share",
    "service.first_response",
    "service.resolution",
    "service.round_the_clock",
    "service.dispute_rate",
)


def truth_rows(setting: Setting, cast: list[Supplier], owed: dict[tuple[int, str], int]) -> Iterator[tuple[str, ...]]:
    """The lines of truth; ``owed`` are the damages in 分 that were due and never paid, by supplier number and month."""
    last = str(setting.last)
    for supplier in cast:
        head = (supplier.id, supplier.slug)
        for measure, detail in MISSED.get(supplier.slug, {}).items():
            yield *head, last, measure, "missed", detail
        for measure, detail in VETOED.get(supplier.slug, {}).items():
            yield *head, last, measure, "vetoed", detail
        if supplier.slug in VETOED:
            yield *head, last, "grade", "vetoed", "a veto is not averaged away"
        if supplier.slug == "thin":
            yield *head, last, "grade", "not_graded_lacks_evidence", "came a month ago, papers not verified, clients not asked"
        for back, grade in sorted(GRADES.get(supplier.slug, {}).items(), reverse=True):
            if setting.first <= setting.last - back:
                yield *head, str(setting.last - back), "grade", grade, "grade held"
        if supplier.slug in ("excellent", "excellent_niche"):
            yield *head, last, "*", "none_missed", "no measure is missed"
        if supplier.slug == "falling":
            for measure in FALLEN:
                yield *head, last, measure, "missed", "slipped over the last three months"
        begins = drift_day(supplier, setting.last)
        if begins:
            measure = "price.band_share" if supplier.slug == "price_drift" else "stability.delivery_time"
            yield *head, last, measure, f"drift_begins:{begins}", "prices rise" if supplier.slug == "price_drift" else "the time to deliver doubles"
        if supplier.slug == "no_compensation":
            for month in setting.first.until(setting.last):
                yield *head, str(month), "claims", f"owed:{owed.get((supplier.number, str(month)), 0) / 100:.2f}", "CNY; 30 % of the cost of each failed order"
        if supplier.slug == "bad_trial":
            yield *head, last, "trial", "missed", "4 of 20 checked codes dead; three codes came twice; one had been sold by S19 before"
    yield from _others(last, len(cast), setting)


def rate_rows(setting: Setting, cast: list[Supplier]) -> Iterator[tuple[str, ...]]:
    """The true rates of suppliers that were drawn, by month: what the measure of that name estimates from a month's events."""
    for supplier in cast:
        for month in setting.first.until(setting.last):
            conduct = setting.conduct(supplier, month)
            failures = dict(conduct.failures)
            rates = {
                "stability.delivery_time": (1 - conduct.late, "delivered within the limit, of the orders that do not fail"),
                "stability.oversold_rate": (failures["stock_out"], "orders that fail for lack of stock"),
                "stability.stock_sync_lag": (conduct.synced, "readings in time"),
                "stability.hot_availability": (
                    1 - conduct.dry if conduct.dry_goods else 1.0,
                    f"of each of {conduct.dry_goods} goods; the others never run dry",
                ),
                "stability.uptime": (1 - conduct.down, "time in which the server answers"),
                "service.first_response": (
                    conduct.answered[0],
                    "by day; nights, weekends and holidays: " + ", ".join(f"{share:.4f}" for share in conduct.answered[1:]),
                ),
                "service.resolution": (conduct.resolved, "cases resolved within the limit, of those that are answered in time"),
                "service.dispute_rate": (sum(failures.values()), "orders that fail by the supplier's fault"),
            }
            for measure, (rate, detail) in rates.items():
                yield supplier.id, supplier.slug, str(month), measure, f"rate:{rate:.6f}", detail


def _others(last: str, count: int, setting: Setting) -> Iterator[tuple[str, ...]]:
    for number in MEDIOCRE:
        if count >= number:
            for measure in ("stability.delivery_time", "service.first_response", "service.resolution", "service.round_the_clock"):
                yield f"S{number}", "ordinary", last, measure, "missed", "a little too late"
            yield f"S{number}", "ordinary", last, "grade", "grade:A", "sound, but a little too late"
    if count >= 17:
        yield "S17", "ordinary", last, "price.tier_discount", "missed", "5 % above 50 000 is on offer and was never granted"
    if count >= 18:
        yield "S18", "ordinary", last, "price.tier_discount", "missed", "no discount is on offer"
        yield (
            "S18",
            "ordinary",
            last,
            "allocation",
            "tier_changes_split",
            "1 % under the market by list price and dearer than S07 and S08 once their 5 % above 50 000 is reached",
        )
        yield "S18", "ordinary", last, "service.first_response", "met", "six staged questions were answered late: they do not count"
    if count >= 19:
        yield "S19", "ordinary", last, "stability.hot_availability", "met", "one good shows 999 instead of a count: a fifth of the time is unknown"
    if count >= 20:
        yield "S20", "ordinary", last, "backup", f"none:{setting.shelf[SOLE].sku}", "nobody else sells it"
    yield "", "market", last, "category", "emerging:ai_tool", "10 % more a month"
    yield "", "market", last, "category", "fading:software", "10 % less a month"
    yield "", "market", last, "stability.uptime", "unknown", "all probes failed together on the 14th, 03:00 to 04:00"


def write_truth(rows: list[tuple[str, ...]], path: Path) -> None:
    """Writes truth.csv."""
    with path.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([COLUMNS, *rows])
