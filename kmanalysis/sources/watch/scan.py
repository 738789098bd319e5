"""One look at one upstream: what it told, what failed, and the rows that this makes of the canonical tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from kmanalysis.sources.watch.calls.client import Client
from kmanalysis.sources.watch.calls.failures import Failure
from kmanalysis.sources.watch.calls.session import NotAsked, Session
from kmanalysis.sources.watch.clock import Clock
from kmanalysis.sources.watch.listed.watchlist import Item, Upstream
from kmanalysis.sources.watch.protocols.acg import AcgShop
from kmanalysis.sources.watch.protocols.acg_v4 import AcgV4Shop
from kmanalysis.sources.watch.protocols.defaults import ACG_V4, DUJIAO_NEXT
from kmanalysis.sources.watch.protocols.dujiao_next import DujiaoNextShop
from kmanalysis.sources.watch.protocols.interface import Balance, Shop
from kmanalysis.sources.watch.protocols.values import Price, Stock

Rows = dict[str, list[dict[str, Any]]]
"""Rows of canonical tables by table."""

TABLES = ("quotes", "stock_snapshots", "probes")
"""Tables that the watch writes."""


@dataclass(frozen=True)
class StockReading:
    """An item's stock at a moment; None where the reading failed."""

    item: Item
    at: datetime
    stock: Stock | None


@dataclass(frozen=True)
class PriceReading:
    """An item's price at a moment."""

    item: Item
    at: datetime
    price: Price


@dataclass(frozen=True)
class Problem:
    """Why something was not read: of the item with that SKU, or of the balance where ``sku`` is empty."""

    sku: str
    reason: str
    status: int | None


@dataclass(frozen=True)
class Scan:
    """What one look at an upstream gave. ``is_up`` is None where nothing was asked; ``has_failed``: the upstream is to be left alone for longer."""

    upstream: Upstream
    began: datetime
    is_up: bool | None
    latency_ms: float | None
    stocks: tuple[StockReading, ...] = ()
    prices: tuple[PriceReading, ...] = ()
    balance: Balance | None = None
    problems: tuple[Problem, ...] = ()
    has_failed: bool = False
    retry_after: float = 0.0

    @property
    def rows(self) -> Rows:
        """The rows of the canonical tables. A price of 0 is no quote: a cost of 0 is not given."""
        supplier, currency = self.upstream.supplier_id, self.upstream.currency
        return {
            "quotes": [
                {
                    "supplier_id": supplier,
                    "sku": reading.item.sku,
                    "quoted_at": reading.at,
                    "unit_price": reading.price.amount,
                    "currency": reading.price.currency or currency,
                }
                for reading in self.prices
                if reading.price.amount
            ],
            "stock_snapshots": [
                {
                    "supplier_id": supplier,
                    "sku": reading.item.sku,
                    "observed_at": reading.at,
                    "quantity": reading.stock.quantity if reading.stock else None,
                    "scan_ok": reading.stock is not None,
                    "is_placeholder": bool(reading.stock and reading.stock.is_placeholder),
                    "source_synced_at": reading.stock.synced_at if reading.stock else None,
                }
                for reading in self.stocks
            ],
            "probes": [{"supplier_id": supplier, "probed_at": self.began, "is_up": self.is_up, "latency_ms": self.latency_ms}]
            if self.is_up is not None and self.upstream.writes_probes
            else [],
        }


def scan(
    upstream: Upstream, clock: Clock, *, first: int = 0, is_stopped: Callable[[], bool] = lambda: False, transport: httpx.BaseTransport | None = None
) -> Scan:
    """Looks at an upstream once. ``first`` is the item that it begins with: where the time does not suffice for all, another is left out each time.

    A scan takes at most half of the pace. What is not reached in it, or after ``is_stopped``, is not recorded; what was asked and gave no reading has failed.
    """
    pace = upstream.pace
    client = Client(upstream.url, clock, timeout=pace.timeout, most_bytes=pace.most_bytes, transport=transport)
    try:
        began = clock.now()
        if upstream.is_probe:
            return _probe(upstream, client, began)
        session = Session(clock, seconds=pace.pace / 2, is_stopped=is_stopped)
        return _Look(upstream, clock, client, session, began).run(first)
    finally:
        client.close()


def _probe(upstream: Upstream, client: Client, began: datetime) -> Scan:
    try:
        client.probed(upstream.options.expect)
    except Failure as failure:
        problem = Problem("", failure.reason, failure.status)
        return Scan(upstream, began, failure.answered, None, problems=(problem,), has_failed=True, retry_after=failure.retry_after)
    return Scan(upstream, began, True, _milliseconds(client))


def _milliseconds(client: Client) -> float | None:
    return None if client.answered_in is None else round(client.answered_in * 1000, 3)


def _shop(upstream: Upstream, client: Client, session: Session, clock: Clock) -> Shop:
    if upstream.protocol == DUJIAO_NEXT:
        return DujiaoNextShop(upstream, client, session, clock)
    return (AcgV4Shop if upstream.protocol == ACG_V4 else AcgShop)(upstream, client, session)


class _Look:
    def __init__(self, upstream: Upstream, clock: Clock, client: Client, session: Session, began: datetime) -> None:
        self.upstream, self.clock, self.client, self.session, self.began = upstream, clock, client, session, began
        self.shop = _shop(upstream, client, session, clock)
        self.stocks: list[StockReading] = []
        self.prices: list[PriceReading] = []
        self.problems: dict[str, Problem] = {}
        self.balance: Balance | None = None

    def run(self, first: int) -> Scan:
        items = self.upstream.items
        begin = first % len(items) if items else 0
        try:
            if self.upstream.balance or not items:
                self._read_balance()
            for item in (*items[begin:], *items[:begin]):
                self._read(item)
        except NotAsked:
            pass
        failures = self.session.failures
        is_up = None if not self.session.calls else self.client.answered_in is not None or any(failure.answered for failure in failures)
        has_nothing = bool(self.stocks) and all(reading.stock is None for reading in self.stocks)
        return Scan(
            self.upstream,
            self.began,
            is_up,
            _milliseconds(self.client),
            tuple(self.stocks),
            tuple(self.prices),
            self.balance,
            tuple(self.problems.values()),
            has_failed=bool(failures) and (not is_up or has_nothing or not items or any(failure.reason == "too_many" for failure in failures)),
            retry_after=max((failure.retry_after for failure in failures), default=0.0),
        )

    def _read_balance(self) -> None:
        try:
            self.balance = self.shop.balance()
        except Failure as failure:
            self._note("", failure)

    def _read(self, item: Item) -> None:
        try:
            stock, at = self.shop.stock(item)
            self.stocks.append(StockReading(item, at, stock))
        except Failure as failure:
            self._note(item.sku, failure)
            self.stocks.append(StockReading(item, failure.at or self.clock.now(), None))
        try:
            found = self.shop.price(item)
        except Failure as failure:
            self._note(item.sku, failure)
        else:
            if found:
                self.prices.append(PriceReading(item, found[1], found[0]))

    def _note(self, sku: str, failure: Failure) -> None:
        self.problems.setdefault(sku, Problem(sku, failure.reason, failure.status))


def problems_by_reason(scan: Scan) -> Mapping[tuple[str, int | None], list[str]]:
    """SKUs by why they were not read, the balance as an empty one."""
    found: dict[tuple[str, int | None], list[str]] = {}
    for problem in scan.problems:
        found.setdefault((problem.reason, problem.status), []).append(problem.sku)
    return found
