"""acg-faka's own interface for shared shops, and the SharedStock plug-in's: signed forms, an envelope with a code of its own."""

from __future__ import annotations

from configparser import Error as IniError
from configparser import RawConfigParser
from datetime import datetime
from typing import Any

from kmanalysis.sources.watch.calls.client import Client
from kmanalysis.sources.watch.calls.failures import Failure
from kmanalysis.sources.watch.calls.session import Session, Told
from kmanalysis.sources.watch.listed.watchlist import Item, Upstream
from kmanalysis.sources.watch.protocols.defaults import ACG, NO_PRICE
from kmanalysis.sources.watch.protocols.interface import Balance
from kmanalysis.sources.watch.protocols.signing import form_signature
from kmanalysis.sources.watch.protocols.values import Price, Stock, amount_of, currency_of, dict_of, field_of, list_of, stock_of

_NATIVE = {"connect": "/shared/authentication/connect"} | {name: f"/shared/commodity/{name}" for name in ("items", "item", "stock", "inventory", "valuation")}
_PLUGIN = {name: f"/plugin/SharedStock/api/{name}" for name in ("connect", "items", "item", "stock", "inventory", "valuation")}
SENT_BY_HAND = ("1", 1)
"""``delivery_way`` of goods that are sent by hand: `inventory` counts none of these."""


class AcgShop:
    """See `interface.Shop`. An item is the commodity's code, its variant the race."""

    def __init__(self, upstream: Upstream, client: Client, session: Session) -> None:
        self._upstream, self._client, self._session, self._options = upstream, client, session, upstream.options
        self._paths = _NATIVE if upstream.protocol == ACG else _PLUGIN
        self._fields = upstream.options.fields

    def balance(self) -> Balance:
        """See `interface.Shop`."""
        told = self._told("connect")
        amount = amount_of(field_of(dict_of(told.answer), self._fields["balance"]), signed=True)
        return Balance(amount, currency_of(told.answer.get(self._fields["currency"])), told.at)

    def stock(self, item: Item) -> tuple[Stock, datetime]:
        """See `interface.Shop`."""
        if self._options.stock_from == "inventory":
            told = self._inventory(item)
            answer = dict_of(told.answer)
            stock = stock_of(field_of(answer, self._fields["count"]), self._options)
            if stock.quantity == 0 and answer.get("delivery_way") in SENT_BY_HAND:
                return Stock(None, is_placeholder=True), told.at
            return stock, told.at
        told = self._told("stock", code=item.item, race=item.variant)
        return stock_of(field_of(dict_of(told.answer), self._fields["stock"]), self._options), told.at

    def price(self, item: Item) -> tuple[Price, datetime] | None:
        """See `interface.Shop`."""
        source = self._options.price_from
        if source == NO_PRICE:
            return None
        if source == "valuation":
            told = self._told("valuation", code=item.item, num="1", race=item.variant, card_id="0")
            answer = dict_of(told.answer)
            return Price(amount_of(field_of(answer, self._fields["valuation"])), currency_of(answer.get(self._fields["currency"]))), told.at
        if source == "inventory":
            told = self._inventory(item)
            return self._price_in(dict_of(told.answer), item), told.at
        told = self._told("items") if source == "items" else self._told("item", code=item.item, sharedCode=item.item)
        return self._price_in(_commodity(told.answer, item.item), item), told.at

    def _inventory(self, item: Item) -> Told:
        return self._told("inventory", sharedCode=item.item, race=item.variant)

    def _price_in(self, commodity: dict[str, Any], item: Item) -> Price:
        by_variant = _variant_prices(commodity.get("config"))
        if not by_variant:
            return Price(amount_of(field_of(commodity, self._fields["price"])))
        if item.variant not in by_variant:
            raise Failure("missing", answered=True)
        return Price(amount_of(by_variant[item.variant]))

    def _told(self, name: str, **fields: str) -> Told:
        return self._session.ask((name, *sorted(fields.items())), lambda: self._called(self._paths[name], fields))

    def _called(self, path: str, fields: dict[str, str]) -> Any:
        assert self._upstream.app_id is not None
        assert self._upstream.app_key is not None
        form = {**fields, "app_id": self._upstream.app_id.reveal()}
        if self._options.send_key:
            form["app_key"] = self._upstream.app_key.reveal()
        form["sign"] = form_signature(form, self._upstream.app_key)
        return content(self._client.asked("POST", path, form=form))


def content(envelope: dict[str, Any]) -> Any:
    """What the envelope holds. Raises Failure for a code of its own that is not 200."""
    code = envelope.get("code")
    if str(code) != "200":
        raise Failure("refused", answered=True, status=code if isinstance(code, int) and not isinstance(code, bool) and abs(code) < 10**6 else None)
    return field_of(envelope, "data")


def _commodity(answer: Any, code: str) -> dict[str, Any]:
    """The commodity of that code: the answer itself, or within its tree of categories."""
    if isinstance(answer, dict) and "children" not in answer:
        return answer
    for category in list_of(answer):
        for commodity in list_of(dict_of(category).get("children", [])):
            if str(dict_of(commodity).get("code")) == code:
                return dict_of(commodity)
    raise Failure("missing", answered=True)


def _variant_prices(config: Any) -> dict[str, Any]:
    """Prices by variant: what the buyer is asked (``category_factory``), else the shop's own (``category``). Empty where there are no variants."""
    if isinstance(config, str) and config.strip():
        parser = RawConfigParser(delimiters=("=",), comment_prefixes=(";",), strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            parser.read_string(config)
        except (IniError, ValueError):
            raise Failure("broken_answer", answered=True) from None
        config = {name: dict(parser[name]) for name in parser.sections()}
    if not isinstance(config, dict):
        return {}
    own, asked = config.get("category"), config.get("category_factory")
    return {**(own if isinstance(own, dict) else {}), **(asked if isinstance(asked, dict) else {})}
