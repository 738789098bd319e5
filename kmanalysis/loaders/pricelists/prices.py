"""A cell of a price list as a price: units in the cell or in its heading, signs of currencies, notes beside the number."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

ACCEPTED = "0.98, ¥1,234.50, 98分, 1.2万元, 0.98 (…)"
"""How a price may be written."""

_CURRENCIES = MappingProxyType(
    {
        **dict.fromkeys(("元", "块", "¥", "cny", "rmb", "人民币"), "CNY"),
        **dict.fromkeys(("美元", "美金", "us$", "usd", "$"), "USD"),
        **dict.fromkeys(("港币", "港元", "hk$", "hkd"), "HKD"),
        **dict.fromkeys(("欧元", "€", "eur"), "EUR"),
        **dict.fromkeys(("英镑", "£", "gbp"), "GBP"),
    }
)
_PARTS = MappingProxyType({"分": Decimal("0.01"), "角": Decimal("0.1"), "毛": Decimal("0.1")})
_MULTIPLES = MappingProxyType({"百": 100, "千": 1000, "万": 10_000})
_SIGNS = "|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True))
_UNIT = rf"(?P<multiple>[百千万])?\s*(?P<sign>{_SIGNS}|[分角毛])?"
_NOT_OFFERED = (
    "缺货|无货|没货|断货|售罄|卖完|暂无|暂缺|下架|停售|停产|停货|(?:等待|待|等)?补货(?:中)?|暂停(?:销售|供货|供应)?|维护(?:中)?|无|"
    "sold ?out|out of stock|n/?a|none|[-—–/×x]+"
)
_NOTE = rf"[(\[【].*[)\]】]|{_NOT_OFFERED}"
_PRICE = re.compile(
    rf"(?P<before>{_SIGNS})?\s*(?P<whole>\d{{1,3}}(?:,\d{{3}})+|\d+)?(?P<fraction>\.\d+)?\s*{_UNIT}\s*(?:/\s*[张个件套份枚月年])?\s*(?P<note>{_NOTE})?"
)
_ABSENT = re.compile(rf"(?:{_NOT_OFFERED})(?:\W.*)?", re.DOTALL)
# A sign alone: ``(分销)`` is no unit. A price for a hundred is none for one.
_HEADING_UNIT = re.compile(rf"(?:[(\[【/]|单位:?)\s*{_UNIT}(?=[)\]】/,;\s]|$)\s*(?P<per>/\s*(?:[百千万]|(?!1(?!\d))\d))?")


@dataclass(frozen=True)
class Unit:
    """What a number in a column is: how many of the ``currency`` (empty where nobody says) it stands for."""

    factor: Decimal = Decimal(1)
    currency: str = ""


@dataclass(frozen=True)
class Price:
    """An amount in a currency, and the note that stood beside it."""

    amount: Decimal
    currency: str
    note: str = ""


def heading_unit(text: str) -> Unit | None:
    """The unit that a heading or a title states: ``单价/分``, ``价格(万元)``, ``单位：元``; None where it states none.

    A price for ten, a hundred or ten thousand of something has a factor of 0: what one costs is not said.
    """
    for found in _HEADING_UNIT.finditer(_plain(text)):
        if found["multiple"] or found["sign"]:
            return Unit(Decimal(0) if found["per"] else _factor(found), _currency(found["sign"]))
    return None


def currency_code(text: str) -> str:
    """The currency that a cell names (``人民币``, ``US$``, ``eur``); what is no known one in capitals."""
    return _CURRENCIES.get(_plain(text), _plain(text).upper())


def price_of(text: str, unit: Unit) -> Price | None:
    """The price that a cell states, by its own unit where it has one, else by its column's; None where it states none.

    CNY where neither says a currency: in this trade it is.
    """
    found = _PRICE.fullmatch(_plain(text))
    if not found or not (found["whole"] or found["fraction"]) or (found["before"] and found["sign"]):
        return None
    has_own = bool(found["before"] or found["sign"] or found["multiple"])
    factor = _factor(found) if has_own else unit.factor
    number = Decimal((found["whole"] or "0").replace(",", "") + (found["fraction"] or "")) * factor
    currency = (_currency(found["before"] or found["sign"]) or unit.currency) if has_own else unit.currency
    return Price(number, currency or "CNY", found["note"] or "") if factor else None


def is_not_offered(text: str) -> bool:
    """Whether a cell says, in place of a price, that there is nothing to buy."""
    return _ABSENT.fullmatch(_plain(text)) is not None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _factor(found: re.Match[str]) -> Decimal:
    return Decimal(_MULTIPLES.get(found["multiple"] or "", 1)) * _PARTS.get(found["sign"] or "", Decimal(1))


def _currency(sign: str | None) -> str:
    return "CNY" if sign in _PARTS else _CURRENCIES.get(sign or "", "")
