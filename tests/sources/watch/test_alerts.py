"""What fires and clears, reading by reading."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from kmanalysis.sources.watch.alerts import judged
from kmanalysis.sources.watch.facts import Facts
from kmanalysis.sources.watch.listed.watchlist import Alerts, Item, Pace, Upstream
from kmanalysis.sources.watch.protocols.defaults import Options
from kmanalysis.sources.watch.protocols.interface import Balance
from kmanalysis.sources.watch.protocols.values import Price, Stock
from kmanalysis.sources.watch.scan import PriceReading, Scan, StockReading
from kmanalysis.sources.watch.state import State, load_state, save_state
from kmanalysis.words import Words

BEGIN = datetime(2026, 11, 5)
ITEM = Item("11", "k1")
UPSTREAM = Upstream("S1", "acg", "https://shop.example", "CNY", (ITEM,), Pace(), Options())
ALERTS = Alerts(stock=20, price_band=0.05, balance_days=3, down_after=2)


class Told:
    """Scans one after the other, and what they told as ``kind+`` and ``kind-``."""

    def __init__(self, facts=None, alerts=ALERTS):
        self.state, self.facts, self.alerts, self.count = State(), facts or Facts(), alerts, 0

    def scan(self, *, up=True, stock=None, price=None, balance=None, currency=""):
        self.count += 1
        at = BEGIN + timedelta(minutes=self.count)
        stocks = (StockReading(ITEM, at, stock if isinstance(stock, Stock) else None if stock == "failed" else Stock(stock)),) if stock is not None else ()
        prices = (PriceReading(ITEM, at, Price(Decimal(price), currency)),) if price is not None else ()
        found = Scan(UPSTREAM, at, up, None, stocks, prices, Balance(Decimal(balance), currency, at) if balance is not None else None)
        return [event.kind + ("+" if event.state == "fired" else "-") for event in judged(found, self.state, self.alerts, self.facts, Words("en"))]


def test_stock_fires_once_and_clears_once():
    told = Told()
    assert [told.scan(stock=quantity) for quantity in (20, 19, 0, 19, 20, 100)] == [[], ["stock+"], [], [], ["stock-"], []]


def test_unknown_stock_changes_nothing_and_no_limit_clears():
    told = Told()
    hidden, unlimited = Stock(999, is_placeholder=True), Stock(None, is_placeholder=True, is_unlimited=True)
    assert [told.scan(stock=stock) for stock in ("failed", hidden, 3, "failed", hidden, unlimited)] == [[], [], ["stock+"], [], [], ["stock-"]]


def test_down_needs_misses_in_a_row():
    told = Told()
    assert [told.scan(up=up) for up in (False, True, False, False, False, None, True, True)] == [[], [], [], ["down+"], [], [], ["down-"], []]


def test_price_is_held_against_the_last_known_quote():
    told = Told(Facts(last_quotes={("S1", "k1"): (Decimal(10), "CNY")}))
    assert [told.scan(price=price) for price in ("10.50", "10.50", "11.03", "11.03", "10.00")] == [[], [], ["price+"], ["price-"], ["price+"]]


def test_prices_in_another_currency_are_not_compared():
    told = Told()
    assert [told.scan(price="10"), told.scan(price="1", currency="USD")] == [[], []]


def test_cost_at_nothing_or_at_the_sale_price():
    told = Told(Facts(sale_prices={("S1", "k1"): (Decimal(20), "CNY")}), Alerts(price_band=10))
    assert [told.scan(price=price) for price in ("19.99", "20", "25", "0", "19.99")] == [[], ["cost+"], [], [], ["cost-"]]


def test_cost_without_a_sale_price_is_held_against_nothing_alone():
    told = Told(alerts=Alerts(price_band=10))
    assert [told.scan(price=price) for price in ("1000", "0", "1000")] == [[], ["cost+"], ["cost-"]]


@pytest.mark.parametrize(
    ("spend", "expected"),
    [({"S1": (Decimal(100), "CNY")}, [[], ["balance+"], ["balance-"]]), ({}, [[], [], []]), ({"S1": (Decimal(100), "USD")}, [[], [], []])],
)
def test_balance_is_days_of_cover(spend, expected):
    told = Told(Facts(daily_spend=spend))
    assert [told.scan(balance=balance) for balance in ("300", "299", "1000")] == expected


def test_the_state_survives_a_restart(tmp_path):
    told = Told()
    told.scan(stock=3, price="10")
    save_state(told.state, tmp_path)
    again = Told()
    again.state = load_state(tmp_path)
    assert [again.scan(stock=3, price="12"), again.scan(stock=30, price="12")] == [["price+"], ["stock-", "price-"]]


def test_events_have_names_of_their_own_and_say_what_was_seen():
    told = Told()
    events = judged(Scan(UPSTREAM, BEGIN, True, None, (StockReading(ITEM, BEGIN, Stock(3)),)), told.state, ALERTS, Facts(), Words("zh"))
    assert [(event.id, event.value, event.level, event.sku) for event in events] == [("20261105T000000-1", "3", "20", "k1")]
    assert "低于" in events[0].text
