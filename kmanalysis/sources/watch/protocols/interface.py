"""What a protocol answers: the balance, and stock and price of each item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from kmanalysis.sources.watch.listed.watchlist import Item
from kmanalysis.sources.watch.protocols.values import Price, Stock


@dataclass(frozen=True)
class Balance:
    """The operator's money at an upstream, and when it was told."""

    amount: Decimal
    currency: str
    at: datetime


class Shop(Protocol):
    """One upstream's read-only calls within one scan. Each method raises Failure, or NotAsked where the time of the scan is over."""

    def balance(self) -> Balance:
        """The balance; ``currency`` is empty where it is not told."""

    def stock(self, item: Item) -> tuple[Stock, datetime]:
        """The item's stock, and when it was told."""

    def price(self, item: Item) -> tuple[Price, datetime] | None:
        """The item's price, and when it was told; None where none is read."""
