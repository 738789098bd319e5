"""What each protocol is asked for where the operator's list does not say otherwise.

The paths are those of the protocols; fields, signatures and sources come from the platforms' public programs and may differ from shop to shop. So
each can be set in the list, and docs/watch.md says which of them no shop has confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ACG, SHARED_STOCK, ACG_V4, DUJIAO_NEXT, PROBE = "acg", "shared-stock", "acg-v4", "dujiao-next", "probe"
NO_PRICE = "none"
"""Source of prices where none are read."""


@dataclass(frozen=True)
class Options:
    """How an upstream's answers are read.

    ``stock_from`` and ``price_from`` name the calls that stock and price come from. ``placeholders`` are counts that stand for no count, ``hidden``
    texts that do. ``fields`` are the names that the answer's fields have, by what they mean. ``expect`` are the statuses of a probe that are in order
    (empty: all under 400). ``send_key``: the key goes along in the form, as the platforms' own clients send it; otherwise it only signs.
    """

    stock_from: str = ""
    price_from: str = ""
    send_key: bool = False
    placeholders: frozenset[int] = frozenset()
    hidden: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)
    expect: frozenset[int] = frozenset()
    page_size: int = 50


@dataclass(frozen=True)
class Defaults:
    """A protocol's options where the list does not say otherwise, the calls that stock and price may come from, and whether items need a variant."""

    options: Options
    stock_sources: tuple[str, ...] = ()
    price_sources: tuple[str, ...] = ()
    needs_variant: bool = False


_ACG_FIELDS = {"stock": "stock", "count": "count", "price": "factory_price", "valuation": "price", "balance": "balance", "currency": "currency_code"}
_ACG = Defaults(
    Options(stock_from="stock", price_from="items", fields=_ACG_FIELDS),
    stock_sources=("stock", "inventory"),
    price_sources=("items", "item", "inventory", "valuation", NO_PRICE),
)

DEFAULTS: Mapping[str, Defaults] = {
    ACG: _ACG,
    SHARED_STOCK: _ACG,
    ACG_V4: Defaults(
        # A shop that passes on another's stock shows these where that one shows no number.
        Options(
            stock_from="items",
            price_from="items",
            placeholders=frozenset({999, 10_000_000}),
            fields={"stock": "stock", "price": "stock_price", "valuation": "amount", "balance": "balance"},
        ),
        stock_sources=("items", "item", "sku/stock"),
        price_sources=("items", "item", "amount", NO_PRICE),
        needs_variant=True,
    ),
    DUJIAO_NEXT: Defaults(
        Options(
            stock_from="products",
            price_from="products",
            fields={"stock": "stock_quantity", "price": "price_amount", "balance": "balance", "currency": "currency", "synced_at": "stock_synced_at"},
        ),
        stock_sources=("products", "product"),
        price_sources=("products", "product", NO_PRICE),
        needs_variant=True,
    ),
    PROBE: Defaults(Options()),
}
"""The protocols by name."""
