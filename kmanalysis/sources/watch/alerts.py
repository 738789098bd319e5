"""What a scan has to be told of: each alert fires once when its condition begins and clears once when it is over.

A reading that failed says nothing of stock, price or balance: what stood stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from kmanalysis.sources.watch.facts import Facts, Money
from kmanalysis.sources.watch.listed.watchlist import Alerts
from kmanalysis.sources.watch.scan import PriceReading, Scan, StockReading
from kmanalysis.sources.watch.state import State
from kmanalysis.words import Words

FIRED, CLEARED = "fired", "cleared"
KINDS = ("stock", "down", "price", "cost", "balance")


@dataclass(frozen=True)
class Event:
    """An alert that fired or cleared. ``value`` is what was seen, ``level`` what it was held against; ``text`` says it in a sentence."""

    id: str
    at: str
    kind: str
    state: str
    supplier_id: str
    sku: str
    value: str
    level: str
    currency: str
    text: str

    def as_dict(self) -> dict[str, Any]:
        """The event as JSON holds it."""
        return asdict(self)


def judged(scan: Scan, state: State, alerts: Alerts, facts: Facts, words: Words) -> list[Event]:
    """The alerts that fire or clear by a scan; ``state`` is brought up to date."""
    judge = _Judge(scan, state, alerts, facts, words)
    judge.look_at_server()
    for reading in scan.stocks:
        judge.look_at_stock(reading)
    for price in scan.prices:
        judge.look_at_price(price)
        judge.look_at_cost(price)
    judge.look_at_balance()
    return judge.events


class _Judge:
    def __init__(self, scan: Scan, state: State, alerts: Alerts, facts: Facts, words: Words) -> None:
        self.scan, self.state, self.alerts, self.facts, self.words = scan, state, alerts, facts, words
        self.supplier = scan.upstream.supplier_id
        self.events: list[Event] = []

    def look_at_server(self) -> None:
        if self.scan.is_up is None:
            return
        key = self.scan.upstream.key
        misses = 0 if self.scan.is_up else self.state.misses.get(key, 0) + 1
        if misses:
            self.state.misses[key] = misses
        else:
            self.state.misses.pop(key, None)
        is_down = False if self.scan.is_up else True if misses >= self.alerts.down_after else None
        self._turn("down", self.scan.upstream.protocol, is_down, self.scan.began, self._server_text, value=str(misses), level=str(self.alerts.down_after))

    def _server_text(self, is_on: bool) -> str:
        return (
            self.words.text("{supplier} does not answer.", supplier=self.supplier)
            if is_on
            else self.words.text("{supplier} answers again.", supplier=self.supplier)
        )

    def look_at_stock(self, reading: StockReading) -> None:
        level = self.alerts.stock if reading.item.stock is None else reading.item.stock
        if level is None or reading.stock is None:
            return
        stock = reading.stock
        if stock.is_placeholder and not stock.is_unlimited:
            return
        quantity = stock.quantity
        is_low = quantity is not None and quantity < level
        value = self.words.text("unlimited") if quantity is None else str(quantity)

        def text(is_on: bool) -> str:
            places = {"supplier": self.supplier, "sku": reading.item.sku, "value": value, "level": level}
            if is_on:
                return self.words.text("Stock of {sku} at {supplier} is {value}, below {level}.", **places)
            return self.words.text("Stock of {sku} at {supplier} is {value}, no longer below {level}.", **places)

        self._turn("stock", reading.item.sku, is_low, reading.at, text, value="" if quantity is None else str(quantity), level=str(level))

    def look_at_price(self, reading: PriceReading) -> None:
        amount, currency = reading.price.amount, reading.price.currency or self.scan.upstream.currency
        if not amount:
            return
        key = f"{self.supplier}|{reading.item.sku}"
        before = self._last_quote(reading.item.sku)
        self.state.prices[key] = [_plain(amount), currency]
        if before is None or before[1] != currency or not before[0]:
            return
        is_beyond = abs(amount / before[0] - 1) > Decimal(str(self.alerts.price_band))

        def text(is_on: bool) -> str:
            places = {"supplier": self.supplier, "sku": reading.item.sku, "value": _plain(amount), "currency": currency}
            if is_on:
                return self.words.text("Price of {sku} at {supplier} went from {before} to {value} {currency}.", before=_plain(before[0]), **places)
            return self.words.text("Price of {sku} at {supplier} is stable again at {value} {currency}.", **places)

        self._turn("price", reading.item.sku, is_beyond, reading.at, text, value=_plain(amount), level=_plain(before[0]), currency=currency)

    def _last_quote(self, sku: str) -> Money | None:
        kept = self.state.prices.get(f"{self.supplier}|{sku}")
        return (Decimal(kept[0]), kept[1]) if kept else self.facts.last_quotes.get((self.supplier, sku))

    def look_at_cost(self, reading: PriceReading) -> None:
        if not self.alerts.cost:
            return
        amount, currency = reading.price.amount, reading.price.currency or self.scan.upstream.currency
        sale = self.facts.sale_prices.get((self.supplier, reading.item.sku))
        level = sale[0] if sale and sale[1] == currency else None
        is_wrong = not amount or (level is not None and amount >= level)

        def text(is_on: bool) -> str:
            places = {"supplier": self.supplier, "sku": reading.item.sku, "value": _plain(amount), "currency": currency}
            if is_on and not amount:
                return self.words.text("Cost of {sku} at {supplier} is 0.", **places)
            if is_on and level is not None:
                return self.words.text("Cost of {sku} at {supplier} is {value} {currency}, but it sells for {level}.", level=_plain(level), **places)
            return self.words.text("Cost of {sku} at {supplier} is {value} {currency}, back to normal.", **places)

        told_level = "" if level is None else _plain(level)
        self._turn("cost", reading.item.sku, is_wrong, reading.at, text, value=_plain(amount), level=told_level, currency=currency)

    def look_at_balance(self) -> None:
        balance, upstream = self.scan.balance, self.scan.upstream
        if balance is None:
            return
        currency = balance.currency or upstream.currency
        spend = (upstream.daily_spend, upstream.currency) if upstream.daily_spend else self.facts.daily_spend.get(self.supplier)
        if spend is None or not spend[0] or spend[1] != currency:
            return
        days = balance.amount / spend[0]
        level = Decimal(str(self.alerts.balance_days))

        def text(is_on: bool) -> str:
            places = {"supplier": self.supplier, "value": _plain(balance.amount), "currency": currency, "days": self.words.number(float(days), 1)}
            if is_on:
                return self.words.text("Balance at {supplier} is {value} {currency}: enough for {days} days, less than {level}.", level=_plain(level), **places)
            return self.words.text("Balance at {supplier} is {value} {currency}: enough for {days} days.", **places)

        self._turn("balance", upstream.protocol, days < level, balance.at, text, value=_plain(balance.amount), level=_plain(level), currency=currency)

    def _turn(
        self, kind: str, about: str, is_on: bool | None, at: datetime, text: Callable[[bool], str], *, value: str, level: str, currency: str = ""
    ) -> None:
        """Fires or clears an alert whose condition began or ended; nothing where it goes on, or is not known."""
        key = f"{kind}|{self.supplier}|{about}"
        if is_on is None or is_on == (key in self.state.active):
            return
        moment = f"{at.isoformat()}Z"
        if is_on:
            self.state.active[key] = moment
        else:
            del self.state.active[key]
        self.state.number += 1
        sku = about if kind in ("stock", "price", "cost") else ""
        event_id = f"{at:%Y%m%dT%H%M%S}-{self.state.number}"
        self.events.append(Event(event_id, moment, kind, FIRED if is_on else CLEARED, self.supplier, sku, value, level, currency, text(is_on)))


def _plain(amount: Decimal) -> str:
    """The amount without zeros that only its storage adds."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
