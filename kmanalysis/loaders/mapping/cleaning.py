"""Single cells the way people write them: numbers with signs and units, names that should be one identifier, currency signs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

_SIGNS_OF: Mapping[str, str] = MappingProxyType(
    {
        "CNY": "¥ CN¥ RMB¥ RMB CNY 元 块 人民币",
        "USD": "$ US$ USD 美元 美金",
        "HKD": "HK$ HKD 港元 港币",
        "TWD": "NT$ TWD 新台币",
        "SGD": "S$ SG$ SGD 新加坡元",
        "AUD": "A$ AU$ AUD 澳元",
        "CAD": "C$ CA$ CAD 加元",
        "EUR": "€ EUR 欧元",
        "GBP": "£ GBP 英镑",
        "JPY": "JP¥ JPY 日元 円",
        "KRW": "₩ KRW 韩元",
        "INR": "₹ INR",
        "RUB": "₽ RUB 卢布",
        "THB": "฿ THB 泰铢",
    }
)
CURRENCY_SIGNS: Mapping[str, str] = MappingProxyType(
    dict(sorted(((sign, code) for code, signs in _SIGNS_OF.items() for sign in signs.split()), key=lambda entry: -len(entry[0])))
)
"""Sign → ISO 4217, longer ones first, since one may hold another. ¥ is read as CNY: in this trade it is."""

LONGEST_NUMBER = 64
"""No number that people write has more signs."""

_UNITS = {"千": 1000, "k": 1000, "万": 10_000, "w": 10_000, "百万": 1_000_000, "亿": 100_000_000}
_SIGN = "|".join(re.escape(sign.casefold()) for sign in CURRENCY_SIGNS)
_IS_SIGN = re.compile("|".join(rf"(?<![A-Z]){sign}(?![A-Z])" if sign.isascii() and sign.isalpha() else re.escape(sign) for sign in CURRENCY_SIGNS))
_NUMBER = re.compile(
    rf"(?P<minus>[-−(]?)\s*(?:{_SIGN})?\s*(?P<inner>-?)(?P<whole>\d{{1,3}}(?:,\d{{3}})+|\d+)?(?P<part>\.\d+)?\s*(?P<unit>百万|[千万亿kw])?\s*"
    rf"(?:{_SIGN})?\s*(?P<percent>%)?\s*\+?\s*\)?"
)


@lru_cache(maxsize=1 << 16)
def plain_number(text: str) -> str | None:
    """The number that a cell means, in plain digits: ``¥1,234.50`` → ``1234.50``, ``２.５万+`` → ``25000``, ``31%`` → ``0.31``; None where it means none."""
    # The pattern has many places for a space: on a long text it would take as many steps as the text has signs, many times over.
    if len(text) > LONGEST_NUMBER:
        return None
    normal = unicodedata.normalize("NFKC", text).strip().casefold()
    found = _NUMBER.fullmatch(normal)
    if not found or not (found["whole"] or found["part"]) or (found["minus"] == "(") != normal.endswith(")"):
        return None
    # 10² is not 102, and --1 is neither 1 nor -1.
    if (found["minus"] and found["inner"]) or (not text.isascii() and any(unicodedata.category(sign) == "No" for sign in text)):
        return None
    number = Decimal((found["whole"] or "0").replace(",", "") + (found["part"] or ""))
    if found["unit"]:
        number *= _UNITS[found["unit"]]
    if found["percent"]:
        number /= 100
    if found["minus"] or found["inner"]:
        number = -number
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if found["unit"] and "." in plain else plain


@lru_cache(maxsize=1 << 16)
def currency_of(text: str) -> str | None:
    """The currency (ISO 4217) that the signs in a cell say; several, joined by a slash, where they contradict each other; None where it has none.

    ``US$8`` → ``USD``; ``$8 CNY`` → ``CNY/USD``.
    """
    found = {CURRENCY_SIGNS[sign] for sign in _IS_SIGN.findall(unicodedata.normalize("NFKC", text).upper())}
    return "/".join(sorted(found)) or None


def normal_key(text: str) -> str:
    """One spelling of a name that stands for a thing: NFKC, small letters, single spaces.

    Trademark signs become spaces first: they are no part of the name, and NFKC would write ™ as the letters TM.
    """
    return " ".join(unicodedata.normalize("NFKC", re.sub("[™®©℠]", " ", text)).casefold().split())


def key_part(text: str) -> str:
    """A part of an identifier that is built from several: normalised, and free of the sign that joins them."""
    return normal_key(text).replace("%", "%25").replace("|", "%7c")
