"""Single cells the way people write them: numbers with signs and units, names that should be one identifier, currency signs."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from types import MappingProxyType

CURRENCY_SIGNS = MappingProxyType(
    {
        "HK$": "HKD",
        "US$": "USD",
        "¥": "CNY",
        "￥": "CNY",
        "元": "CNY",
        "CNY": "CNY",
        "RMB": "CNY",
        "€": "EUR",
        "EUR": "EUR",
        "£": "GBP",
        "GBP": "GBP",
        "USD": "USD",
        "$": "USD",
    }
)
"""Sign → ISO 4217, longer ones first where one holds another. ¥ is read as CNY: in this trade it is."""

_UNITS = {"千": 1000, "k": 1000, "万": 10_000, "w": 10_000, "百万": 1_000_000, "亿": 100_000_000}
_SIGN = "|".join(re.escape(sign.lower()) for sign in ("us$", "hk$", "$", "¥", "€", "£", "cny", "rmb", "usd", "eur", "gbp", "hkd"))
_NUMBER = re.compile(
    rf"(?P<minus>[-−(]?)\s*(?:{_SIGN})?\s*(?P<inner>-?)(?P<whole>\d{{1,3}}(?:,\d{{3}})+|\d+)?(?P<part>\.\d+)?\s*(?P<unit>百万|[千万亿kw])?\s*"
    rf"(?:元|块|{_SIGN})?\s*(?P<percent>%)?\s*\+?\s*\)?"
)


def plain_number(text: str) -> str | None:
    """The number that a cell means, in plain digits: ``¥1,234.50`` → ``1234.50``, ``２.５万+`` → ``25000``, ``31%`` → ``0.31``; None where it means none."""
    normal = unicodedata.normalize("NFKC", text).strip().lower()
    found = _NUMBER.fullmatch(normal)
    if not found or not (found["whole"] or found["part"]) or (found["minus"] == "(") != normal.endswith(")"):
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


def normal_key(text: str) -> str:
    """One spelling of a name that stands for a thing: NFKC, small letters, single spaces.

    Trademark signs become spaces first: they are no part of the name, and NFKC would write ™ as the letters TM.
    """
    return " ".join(unicodedata.normalize("NFKC", re.sub("[™®©℠]", " ", text)).casefold().split())


def key_part(text: str) -> str:
    """A part of an identifier that is built from several: normalised, and free of the sign that joins them."""
    return normal_key(text).replace("%", "%25").replace("|", "%7c")
