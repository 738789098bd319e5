"""The V4 open interface (``/plugin/open-api``): signed headers over a form, the same envelope as acg-faka's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kmanalysis.sources.watch.calls.client import Client
from kmanalysis.sources.watch.calls.failures import Failure
from kmanalysis.sources.watch.calls.session import Session, Told
from kmanalysis.sources.watch.listed.watchlist import Item, Upstream
from kmanalysis.sources.watch.protocols.acg import content
from kmanalysis.sources.watch.protocols.defaults import NO_PRICE
from kmanalysis.sources.watch.protocols.interface import Balance
from kmanalysis.sources.watch.protocols.signing import form_signature
from kmanalysis.sources.watch.protocols.values import Price, Stock, amount_of, dict_of, field_of, list_of, stock_of

_PREFIX = "/plugin/open-api/"


class AcgV4Shop:
    """See `interface.Shop`. An item is the product's id, its variant the SKU's."""

    def __init__(self, upstream: Upstream, client: Client, session: Session) -> None:
        self._upstream, self._client, self._session, self._options = upstream, client, session, upstream.options
        self._fields = upstream.options.fields

    def balance(self) -> Balance:
        """See `interface.Shop`."""
        told = self._told("connect")
        return Balance(amount_of(field_of(dict_of(told.answer), self._fields["balance"]), signed=True), "", told.at)

    def stock(self, item: Item) -> tuple[Stock, datetime]:
        """See `interface.Shop`."""
        if self._options.stock_from == "sku/stock":
            told = self._told("sku/stock", sku_id=item.variant)
            holder = dict_of(told.answer)
        else:
            told, holder = self._variant(self._options.stock_from, item)
        return stock_of(field_of(holder, self._fields["stock"]), self._options), told.at

    def price(self, item: Item) -> tuple[Price, datetime] | None:
        """See `interface.Shop`."""
        source = self._options.price_from
        if source == NO_PRICE:
            return None
        if source == "amount":
            told = self._told("amount", sku_id=item.variant, quantity="1")
            return Price(amount_of(field_of(dict_of(told.answer), self._fields["valuation"]))), told.at
        told, holder = self._variant(source, item)
        return Price(amount_of(field_of(holder, self._fields["price"]))), told.at

    def _variant(self, source: str, item: Item) -> tuple[Told, dict[str, Any]]:
        told = self._told("items") if source == "items" else self._told("item", id=item.item)
        products = list_of(told.answer) if source == "items" else [told.answer]
        for product in products:
            if str(dict_of(product).get("id")) == item.item:
                for variant in list_of(product.get("sku")):
                    if str(dict_of(variant).get("id")) == item.variant:
                        return told, variant
        raise Failure("missing", answered=True)

    def _told(self, name: str, **fields: str) -> Told:
        return self._session.ask((name, *sorted(fields.items())), lambda: self._called(_PREFIX + name, fields))

    def _called(self, path: str, fields: dict[str, str]) -> Any:
        assert self._upstream.app_id is not None
        assert self._upstream.app_key is not None
        headers = {"Api-Id": self._upstream.app_id.reveal(), "Api-Signature": form_signature(fields, self._upstream.app_key)}
        return content(self._client.asked("POST", path, form=fields, headers=headers))
