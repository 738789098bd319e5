"""Orders, and the after-sales cases and payments that follow from them."""

from __future__ import annotations

import numpy as np

from kmanalysis.samples.draws import DAY, NULL, generator, start_second
from kmanalysis.samples.frames import Events, code_of
from kmanalysis.samples.plan import HIGHER_COMPENSATION, LATE_TESTS, OPEN_AT_END, Conduct, Supplier, drift_day
from kmanalysis.samples.setting import HOURS, MANY, Setting, day_kinds, hour_class, second_of
from kmanalysis.tables import tables
from kmanalysis.times import Month

CAUSES = {
    "invalid_code": "invalid_code",
    "repeated_code": "repeated_code",
    "wrong_item": "wrong_item",
    "stock_out": "not_delivered",
    "server_down": "not_delivered",
}
"""Kind of the ticket that follows a failure."""

BY_CLASS = (16, 10, 7, 4)
"""General questions a month, by class of hour."""

PAIR = (0, 3)
"""Goods that are bought together."""


def orders(setting: Setting, supplier: Supplier, month: Month) -> Events:
    """The month's orders of the supplier, in order of time."""
    rng = generator(setting.seed, supplier.number, month, "orders")
    behaviour, count, start = setting.conduct(supplier, month), setting.order_count(supplier, month), start_second(month)
    sold = setting.sold(supplier, month)
    weights = setting.demand(month)[sold]
    busy = np.where(day_kinds(month) == 0, 1.0, 1.25)
    days = rng.choice(month.days, count, p=busy / busy.sum())
    hours = rng.choice(24, count, p=HOURS / HOURS.sum())
    ordered = start + days * DAY + hours * 3600 + rng.integers(0, 3600, count)
    ordered = np.sort(np.minimum(ordered, start + month.days * DAY - 3600 - rng.integers(0, 7200, count)))
    goods = rng.choice(sold, count, p=weights / weights.sum())
    buyer = np.where(setting.some(rng, count, 0.35), (setting.buyers * rng.random(count) ** 3).astype(np.int64), NULL)
    _pair_up(rng, ordered, goods, buyer)
    order = np.argsort(ordered, kind="stable")
    ordered, goods, buyer = ordered[order], goods[order], buyer[order]
    quantity = np.where(rng.random(count) < 0.8, rng.integers(1, 3, count), rng.integers(20, 110, count))
    delivered = ordered + _delivery_seconds(setting, supplier, month, behaviour, ordered, rng)
    events = {
        "number": np.arange(1, count + 1),
        "supplier_id": np.full(count, supplier.number - 1),
        "sku": goods,
        "ordered_at": ordered,
        "promised_at": ordered + 300 if supplier.mode == "agency" else np.full(count, NULL),
        "delivered_at": delivered,
        "delivered_is_upper_bound": np.full(count, NULL),
        "failed_at": np.full(count, NULL),
        "quantity": quantity,
        "amount": setting.retail[goods] * quantity,
        "cost_amount": setting.costs(supplier, month.first_day)[goods] * quantity,
        "status": np.full(count, code_of("orders", "status", "delivered")),
        "failure_cause": np.full(count, NULL),
        "at_fault": np.full(count, NULL),
        "buyer_digest": buyer,
    }
    _fail(events, setting, behaviour, month, rng)
    if supplier.slug == "ordinary":
        _add_oddities(events, setting, supplier, month)
    return events


def _pair_up(rng: np.random.Generator, ordered: np.ndarray, goods: np.ndarray, buyer: np.ndarray) -> None:
    """Lets some buyers of the pair's first good buy its second within ten minutes."""
    first, second = (np.flatnonzero(goods == place) for place in PAIR)
    count = min(len(first), len(second)) * 2 // 5
    first, second = rng.permutation(first)[:count], rng.permutation(second)[:count]
    ordered[second] = ordered[first] + rng.integers(60, 600, count)
    known = buyer[first] != NULL
    buyer[second[known]] = buyer[first[known]]


def _delivery_seconds(setting: Setting, supplier: Supplier, month: Month, behaviour: Conduct, ordered: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    begins = drift_day(supplier, setting.last) if supplier.slug == "falling" else None
    median = np.full(len(ordered), behaviour.delivery_median)
    late_share = behaviour.late
    before = np.zeros(len(ordered), dtype=bool)
    if begins and (begins.year, begins.month) == (month.year, month.number):
        before = ordered < second_of(begins)
        median[before] = 38.0
    seconds = np.clip(median * np.exp(0.35 * rng.standard_normal(len(ordered))), 4, 285).astype(np.int64)
    late = setting.some_by_day(rng, (ordered - start_second(month)) // DAY, late_share) & ~before
    return np.where(late, (320 + 2600 * rng.random(len(ordered)) ** 2).astype(np.int64), seconds)


def _fail(events: Events, setting: Setting, behaviour: Conduct, month: Month, rng: np.random.Generator) -> None:
    """Lets the planned orders fail, early enough in the month that what is due for them falls into it."""
    count = len(events["number"])
    early = (events["ordered_at"] < start_second(month) + (month.days - 4) * DAY) & (events["quantity"] < 10)
    candidates = rng.permutation(np.flatnonzero(early))
    used = 0
    for cause, planned in behaviour.failures:
        failing = count * planned if planned < 1 else planned * max(1.0, count / MANY * 4)
        chosen = candidates[used : used + (int(rng.binomial(count, planned)) if setting.is_random else round(failing))]
        used += len(chosen)
        has_code = cause in ("invalid_code", "repeated_code", "wrong_item")
        wait = rng.integers(300, 3600, len(chosen))
        events["failed_at"][chosen] = (events["delivered_at"] if has_code else events["ordered_at"])[chosen] + wait
        if not has_code:
            events["delivered_at"][chosen] = NULL
        events["status"][chosen] = code_of("orders", "status", "failed")
        events["failure_cause"][chosen] = code_of("orders", "failure_cause", cause)
        events["at_fault"][chosen] = code_of("orders", "at_fault", "supplier")


def _add_oddities(events: Events, setting: Setting, supplier: Supplier, month: Month) -> None:
    """What real exports hold: cancelled and refunded orders, bounds instead of times, orders still open at the end."""
    rng = generator(setting.seed, supplier.number, month, "oddities")
    sound = rng.permutation(np.flatnonzero(events["failed_at"] == NULL)[:-4])
    cancelled, refunded, bounded = sound[:1], sound[1:2], sound[2:6]
    for chosen, status, cause, fault in ((cancelled, "cancelled", "buyer", "buyer"), (refunded, "refunded", "platform", "platform")):
        events["status"][chosen] = code_of("orders", "status", status)
        events["failure_cause"][chosen] = code_of("orders", "failure_cause", cause)
        events["at_fault"][chosen] = code_of("orders", "at_fault", fault)
        events["delivered_at"][chosen] = NULL
        events["failed_at"][chosen] = events["ordered_at"][chosen] + 600
    events["delivered_is_upper_bound"][bounded] = 1
    if month == setting.last:
        end = setting.exported - 1800
        for place, ordered, delivered in ((-2, end - 90, end + 35), (-1, end - 40, NULL)):
            events["ordered_at"][place], events["delivered_at"][place] = ordered, delivered
            if events["promised_at"][place] != NULL:
                events["promised_at"][place] = ordered + 300
        events["status"][-1] = code_of("orders", "status", "pending")


def tickets(setting: Setting, supplier: Supplier, month: Month, sold: Events) -> Events:
    """The month's after-sales cases: one for each order that failed by the supplier's fault, general questions, and staged ones."""
    rng = generator(setting.seed, supplier.number, month, "tickets")
    behaviour, start = setting.conduct(supplier, month), start_second(month)
    failed = np.flatnonzero((sold["at_fault"] == code_of("orders", "at_fault", "supplier")) & (sold["failed_at"] != NULL))
    asked = _questions(rng, setting, month, max(1.0, len(sold["number"]) / MANY) if behaviour.watched == 1 else 0.1)
    staged_count = 0 if behaviour.watched < 1 else 6 if supplier.part == LATE_TESTS else 2
    staged = start + rng.integers(0, (month.days - 1) * DAY, staged_count)
    opened = np.concatenate([sold["failed_at"][failed] + rng.integers(60, 600, len(failed)), asked, staged])
    count, is_staged = len(opened), np.arange(len(opened)) >= len(opened) - staged_count
    is_fault = np.arange(count) < len(failed)
    responded, resolved = _answers(rng, setting, behaviour, opened, month, is_staged, slow_tests=supplier.part == LATE_TESTS)
    causes = tables()["orders"].columns["failure_cause"].values
    kind_codes = np.array([code_of("tickets", "kind", CAUSES.get(cause, "other")) for cause in causes])
    kinds = np.full(count, code_of("tickets", "kind", "question"))
    kinds[: len(failed)] = kind_codes[sold["failure_cause"][failed]]
    about = np.full(count, NULL)
    about[: len(failed)] = sold["number"][failed]
    linked = np.flatnonzero(~is_fault & ~is_staged & (rng.random(count) < 0.3))
    before = np.searchsorted(sold["ordered_at"], opened[linked]) - 1
    about[linked] = np.where(before >= 0, sold["number"][np.maximum(before, 0)], NULL)
    reshipped = np.full(count, NULL)
    if behaviour.reships:
        reshipped[: len(failed)] = opened[: len(failed)] + rng.integers(900, 5400, len(failed))
    events = {
        "number": np.arange(1, count + 1),
        "supplier_id": np.full(count, supplier.number - 1),
        "order_id": about,
        "opened_at": opened,
        "first_response_at": responded,
        "resolved_at": resolved,
        "reshipped_at": reshipped,
        "kind": kinds,
        "at_fault": np.where(is_fault, code_of("tickets", "at_fault", "supplier"), NULL),
        "is_staged": is_staged.astype(np.int64),
    }
    if month == setting.last and supplier.part in OPEN_AT_END:
        _leave_open(events, setting)
    for column in ("first_response_at", "resolved_at", "reshipped_at"):
        events[column][events[column] > setting.exported] = NULL
    return events


def _questions(rng: np.random.Generator, setting: Setting, month: Month, scale: float) -> np.ndarray:
    """Moments of the general questions, a quota for each class of hour; the month's last day is left out."""
    moments, kinds = [], day_kinds(month)[:-1]
    without_holiday = BY_CLASS[3] if not (kinds == 3).any() else 0
    for place, planned in enumerate(BY_CLASS):
        planned += without_holiday if place == 1 else 0
        days = np.flatnonzero(kinds == (0 if place == 1 else place))
        count = setting.about(rng, planned * scale) if len(days) else 0
        hours = rng.choice([0, 1, 2, 5, 6, 7, 22, 23], count) if place == 1 else rng.integers(8, 22, count)
        moments.append(rng.choice(days, count) * DAY + hours * 3600 + rng.integers(0, 3600, count) if count else np.array([], dtype=np.int64))
    return start_second(month) + np.concatenate(moments).astype(np.int64)


def _answers(
    rng: np.random.Generator, setting: Setting, behaviour: Conduct, opened: np.ndarray, month: Month, is_staged: np.ndarray, *, slow_tests: bool
) -> tuple[np.ndarray, np.ndarray]:
    count, classes = len(opened), hour_class(opened, month)
    in_time = np.zeros(count, dtype=bool)
    for place, share in enumerate(behaviour.answered):
        members = np.flatnonzero((classes == place) & ~is_staged)
        in_time[members] = setting.some(rng, len(members), share)
    in_time[is_staged] = not slow_tests
    quick = np.clip(150 * np.exp(0.55 * rng.standard_normal(count)), 15, 570)
    wait = np.where(in_time, quick, rng.uniform(720, 4200, count)).astype(np.int64)
    done_in_time = is_staged | (wait > 3000)
    done_in_time[~is_staged] |= setting.some(rng, int((~is_staged).sum()), behaviour.resolved)
    quick_end = np.clip(wait + 1400 * np.exp(0.5 * rng.standard_normal(count)), wait + 60, 7000)
    resolved = np.where(done_in_time, quick_end, rng.uniform(7500, 40_000, count)).astype(np.int64)
    return opened + wait, opened + resolved


def _leave_open(events: Events, setting: Setting) -> None:
    """Two questions of the last evening that nobody has resolved, one of them without an answer."""
    general = np.flatnonzero(events["at_fault"] == NULL)[:2]
    end = setting.exported - 1800
    events["opened_at"][general] = [end - 5400, end - 300]
    events["order_id"][general] = NULL
    events["first_response_at"][general] = [end - 5200, NULL]
    events["resolved_at"][general] = NULL


def compensations(setting: Setting, supplier: Supplier, month: Month, sold: Events) -> Events:
    """What the supplier paid for its failures: 10 % of the cost where made good in time, else 30 %."""
    rng = generator(setting.seed, supplier.number, month, "compensations")
    behaviour = setting.conduct(supplier, month)
    failed = np.flatnonzero((sold["at_fault"] == code_of("orders", "at_fault", "supplier")) & (sold["failed_at"] != NULL))
    failed = failed if behaviour.compensates else failed[:0]
    share = compensation_share(supplier) if behaviour.reships else 30
    return {
        "number": np.arange(1, len(failed) + 1),
        "supplier_id": np.full(len(failed), supplier.number - 1),
        "order_id": sold["number"][failed],
        "kind": np.full(len(failed), code_of("compensations", "kind", "damages")),
        "amount": sold["cost_amount"][failed] * share // 100,
        "paid_at": sold["failed_at"][failed] + rng.integers(4 * 3600, 40 * 3600, len(failed)),
    }


def compensation_share(supplier: Supplier) -> int:
    """Per cent of the cost that the supplier owes for a failure made good in time: its contract may ask for more than the standard."""
    return 20 if supplier.part == HIGHER_COMPENSATION else 10
