"""dujiao-next's interface for downstream shops (``/api/v1/upstream``): signed headers, products with their SKUs page by page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from kmanalysis.sources.watch.calls.client import Client
from kmanalysis.sources.watch.calls.failures import Failure
from kmanalysis.sources.watch.calls.session import Session, Told
from kmanalysis.sources.watch.clock import Clock
from kmanalysis.sources.watch.listed.watchlist import Item, Upstream
from kmanalysis.sources.watch.protocols.defaults import NO_PRICE
from kmanalysis.sources.watch.protocols.interface import Balance
from kmanalysis.sources.watch.protocols.signing import request_signature
from kmanalysis.sources.watch.protocols.values import Price, Stock, amount_of, currency_of, dict_of, field_of, list_of, stock_of, time_of

_PREFIX = "/api/v1/upstream/"
MOST_PAGES = 200


class DujiaoNextShop:
    """See `interface.Shop`. An item is the product's id, its variant the SKU's."""

    def __init__(self, upstream: Upstream, client: Client, session: Session, clock: Clock) -> None:
        self._upstream, self._client, self._session, self._clock, self._options = upstream, client, session, clock, upstream.options
        self._fields = upstream.options.fields
        self._wanted = {item.item for item in upstream.items}

    def balance(self) -> Balance:
        """See `interface.Shop`."""
        told = self._session.ask("ping", lambda: self._called("POST", "ping", {}))
        return Balance(amount_of(field_of(told.answer, self._fields["balance"]), signed=True), currency_of(told.answer.get(self._fields["currency"])), told.at)

    def stock(self, item: Item) -> tuple[Stock, datetime]:
        """See `interface.Shop`."""
        told, product, variant = self._variant(self._options.stock_from, item)
        synced = self._fields["synced_at"]
        synced_at = time_of(variant.get(synced)) or time_of(product.get(synced))
        return stock_of(field_of(variant, self._fields["stock"]), self._options, synced_at), told.at

    def price(self, item: Item) -> tuple[Price, datetime] | None:
        """See `interface.Shop`."""
        if self._options.price_from == NO_PRICE:
            return None
        told, _, variant = self._variant(self._options.price_from, item)
        return Price(amount_of(field_of(variant, self._fields["price"]))), told.at

    def _variant(self, source: str, item: Item) -> tuple[Told, dict[str, Any], dict[str, Any]]:
        told, product = self._listed(item) if source == "products" else self._single(item)
        for variant in list_of(product.get("skus")):
            if str(dict_of(variant).get("id")) == item.variant and variant.get("is_active") is not False:
                return told, product, variant
        raise Failure("missing", answered=True)

    def _single(self, item: Item) -> tuple[Told, dict[str, Any]]:
        if not item.item.isalnum():
            raise Failure("missing", answered=True)
        told = self._session.ask(("product", item.item), lambda: self._called("GET", f"products/{item.item}", {}))
        return told, dict_of(field_of(told.answer, "product"))

    def _listed(self, item: Item) -> tuple[Told, dict[str, Any]]:
        """The item in the list of products, which is read page by page until all that are watched were seen."""
        seen: set[str] = set()
        count = 0
        for page in range(1, MOST_PAGES + 1):
            told = self._session.ask(("products", page), lambda page=page: self._page(page))  # type: ignore[misc]
            products = list_of(field_of(told.answer, "items"))
            for product in products:
                if str(dict_of(product).get("id")) == item.item:
                    return told, product
                seen.add(str(product.get("id")))
            count += len(products)
            total = told.answer.get("total")
            if not products or self._wanted <= seen or not isinstance(total, int) or count >= total:
                break
        raise Failure("missing", answered=True)

    def _page(self, page: int) -> Any:
        return self._called("GET", "products", {"page": str(page), "page_size": str(self._options.page_size)})

    def _called(self, method: str, name: str, query: dict[str, str]) -> Any:
        assert self._upstream.app_id is not None
        assert self._upstream.app_key is not None
        path = _PREFIX + name
        seconds = int(self._clock.now().replace(tzinfo=UTC).timestamp())
        # The path as the server sees it: the base address may have one of its own.
        signed_path = self._client.path_of(path)
        headers = {
            "Dujiao-Next-Api-Key": self._upstream.app_id.reveal(),
            "Dujiao-Next-Timestamp": str(seconds),
            "Dujiao-Next-Signature": request_signature(method, signed_path, seconds, b"", self._upstream.app_key),
        }
        answer = self._client.asked(method, path, query=query or None, headers=headers)
        if answer.get("ok") is not True:
            raise Failure("refused", answered=True)
        return answer
