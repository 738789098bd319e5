"""A cell of a price list as a price: units in the cell or in its heading, signs of currencies, notes beside the number."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

ACCEPTED = "0.98, ¥1,234.50, 98分, 1.2万元, 0.98 (…)"
"""How a price may be written."""

UNITS = "元, 分, 角, 万元, 美元/USD, 港币/HKD, 欧元/EUR, 英镑/GBP; 1"
"""The units that a heading may name, and of how many goods it may give the price."""

_CURRENCIES = MappingProxyType(
    {
        **dict.fromkeys(("元", "块", "¥", "cny", "rmb", "人民币", "人民币元"), "CNY"),
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
# A sign alone: ``(分销)`` is no unit.
_HEADING_UNIT = re.compile(rf"(?:[(\[【/]|单位:?)\s*{_UNIT}(?=[)\]】/,;\s]|$)\s*(?P<per>/\s*(?:[百千万]|(?!1(?!\d))\d))?")
_COUNTER = "(?:个(?!月)|[张件套份枚条只支盒箱包捆组])"
# A price for many is none for one: ``价格/百张``, ``单价(每10张/元)``, ``批发价/10``. ``每张`` and ``/1张`` are one.
_MANY = re.compile(
    rf"每(?![日周](?:报价|更新)|\s*[1一]?\s*[张个件套份枚条只支])|[二两三四五六七八九十百千万]\s*{_COUNTER}|(?<![\d.])(?!1(?!\d))\d+\s*{_COUNTER}"
    r"|^/\s*(?:[箱盒捆打]|[十百千万]|(?!1$)\d+)$"
)
# From how many on the price holds, which is that of one all the same: ``10张起``, ``1-99张``, ``满10张``.
_TIER = re.compile(r"[起满≥>≤<]|\d\s*(?:[张个件套份枚]?\s*\+|[~—至-]\s*\d)|以[上下内]|不足|超过|最[低少小]")
# Letters, a currency's sign or 元 and its like, alone in brackets, behind a slash or behind 单位.
_MONEY = re.compile(
    r"(?:[(\[【/]|单位:?)\s*([a-z]{1,6}|[^\W\d_]{0,4}(?:[元币圆镑铢盾]|卢布|卢比|比索|法郎|里拉|令吉)|[\u20a0-\u20cf])(?=\s*(?:[)\]】/,;\s]|$))"
)
# The same before the word itself: ``美元价``, ``USDT批发价``. Not any letters and any 币: ``VIP价`` is no currency, and ``Q币价`` names the good.
_MONEY_BEFORE = re.compile(rf"(?:(?P<sign>{_SIGNS})|u|usd[a-z]|[日台韩]币|[^\W\d_百千万]{{1,3}}[元圆镑铢盾])\s*(?=[\u4e00-\u9fff]{{0,4}}价)")
_NO_MONEY = frozenset(
    {"each", "ea", "per", "unit", "pc", "pcs", "piece", "item", "card", "code", "key", "net", "incl", "excl", "tax", "vat", "vip", "svip", "sku"}
)

_QUANTITY = re.compile(
    rf"(?P<below>[≤<]=?|不足)?(?:满|[≥>]=?)?\s*(?P<least>\d{{1,9}})\s*(?P<counter>{_COUNTER})?\s*"
    rf"(?:(?P<range>[~—–至-])\s*\d+\s*(?P<counter_after>{_COUNTER})?|\+|起|以上|(?P<within>以[下内]))?\s*[批购拿订]?"
)


@dataclass(frozen=True)
class Unit:
    """What a number in a column is: how many of the ``currency`` (empty where nobody says) it stands for.

    A factor of 0: the heading does not say what one good costs in a currency that is known.
    """

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

    A price for ten, a hundred or ten thousand of something, or in a currency that is not known, has a factor of 0: what one costs is not said.
    """
    plain = _plain(text)
    if _is_for_many(plain) or any(word not in _NO_MONEY and not re.fullmatch(rf"[百千万]?(?:{_SIGNS})", word) for word in _MONEY.findall(plain)):
        return Unit(Decimal(0))
    for found in _HEADING_UNIT.finditer(plain):
        if found["multiple"] or found["sign"]:
            return Unit(Decimal(0) if found["per"] else _factor(found), _currency(found["sign"]))
    before = _MONEY_BEFORE.match(plain)
    return Unit(Decimal(bool(before["sign"])), _currency(before["sign"])) if before else None


def currency_code(text: str) -> str:
    """The currency that a cell names (``人民币``, ``US$``, ``eur``); what is no known one in capitals."""
    return _CURRENCIES.get(_plain(text), _plain(text).upper())


def price_of(text: str, unit: Unit) -> Price | None:
    """The price that a cell states, by its own unit where it has one, else by its column's; None where it states none.

    CNY where neither says a currency: in this trade it is. A cell's ``450元`` is none for one either where its column is of prices for ten.
    """
    found = _PRICE.fullmatch(_plain(text))
    if not found or not (found["whole"] or found["fraction"]) or (found["before"] and found["sign"]):
        return None
    has_own = bool(found["before"] or found["sign"] or found["multiple"])
    factor = _factor(found) if has_own else unit.factor
    number = Decimal((found["whole"] or "0").replace(",", "") + (found["fraction"] or "")) * factor
    currency = (_currency(found["before"] or found["sign"]) or unit.currency) if has_own else unit.currency
    return Price(number, currency or "CNY", found["note"] or "") if unit.factor else None


def is_not_offered(text: str) -> bool:
    """Whether a cell says, in place of a price, that there is nothing to buy."""
    return _ABSENT.fullmatch(_plain(text)) is not None


def least_quantity(text: str) -> int | None:
    """From how many on a price holds, by the cell beside it: ``10-99张`` and ``10+`` are 10, ``5`` is 5, ``<10`` is 0; None where it is no quantity."""
    found = _QUANTITY.fullmatch(_plain(text))
    if found is None:
        return None
    return 0 if found["below"] or found["within"] else int(found["least"])


def states_tier(text: str) -> bool:
    """Whether a cell states a span of quantities and not merely a number: ``10-99``, ``10+``, ``满10张``."""
    return least_quantity(text) is not None and _TIER.search(_plain(text)) is not None


def heading_tier(text: str) -> str:
    """The span of quantities for which a heading says that its price holds: ``10张起`` in ``价格(10张起)``; empty where it says none.

    A span without a counter, as in ``价格(11-12)``, may be a date.
    """
    for part in re.split(r"[()\[\]【】,;/]", _plain(text)):
        found = _QUANTITY.fullmatch(part.strip())
        if found and states_tier(part) and (not found["range"] or found["counter"] or found["counter_after"]):
            return part.strip()
    return ""


def _is_for_many(heading: str) -> bool:
    """Whether any part of a heading, between its brackets and slashes, says so."""
    return any(_MANY.search(part.strip()) and not _TIER.search(part) for part in re.split(r"[()\[\]【】,;]|(?=/)", heading))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _factor(found: re.Match[str]) -> Decimal:
    return Decimal(_MULTIPLES.get(found["multiple"] or "", 1)) * _PARTS.get(found["sign"] or "", Decimal(1))


def _currency(sign: str | None) -> str:
    return "CNY" if sign in _PARTS else _CURRENCIES.get(sign or "", "")
