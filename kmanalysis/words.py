"""Every word a person reads: gettext catalogues (zh by default, en), and numbers, dates and money by locale.

Sentences have their English text as the key; names of things (measures, verdicts, columns) have the key ``name:<id>``.
The ``.po`` files are the catalogues; they are read as they are, so that nothing has to be compiled.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

from kmanalysis.errors import KmError, UsageError
from kmanalysis.times import to_local

LANGUAGES = ("zh", "en")
MISSING = "—"


@cache
def catalogue(lang: str) -> GNUTranslations:
    """The language's catalogue, all its ``.po`` files together."""
    merged = GNUTranslations(BytesIO(_compiled(lang, ())))
    for source in sorted(files("kmanalysis").joinpath("locale", lang).iterdir(), key=lambda entry: entry.name):
        if source.name.endswith(".po"):
            merged._catalog.update(GNUTranslations(BytesIO(_compiled(lang, source.read_text(encoding="utf-8").splitlines())))._catalog)  # type: ignore[attr-defined]
    return merged


def _compiled(lang: str, lines) -> bytes:
    target = BytesIO()
    write_mo(target, read_po(iter(lines), locale=lang))
    return target.getvalue()


class Words:
    """The words of one language. Raises UsageError for a language without a catalogue."""

    def __init__(self, lang: str = "zh") -> None:
        if lang not in LANGUAGES:
            raise UsageError("Language {found!r} is not spoken here. Choose one of: {accepted}.", found=lang, accepted=", ".join(LANGUAGES))
        self.lang = lang
        self.locale = Locale.parse("zh_Hans_CN" if lang == "zh" else "en")

    def text(self, message: str, /, **fields: object) -> str:
        """The sentence in this language, its ``{field}`` places filled."""
        translated = catalogue(self.lang).gettext(message)
        return translated.format(**fields) if fields else translated

    def name(self, identifier: str) -> str:
        """The name of a measure, verdict, dimension, unit, table, column or other identifier; the identifier itself where it has none."""
        key = f"name:{identifier}"
        found = catalogue(self.lang).gettext(key)
        return identifier if found == key else found

    def has_name(self, identifier: str) -> bool:
        """Whether the catalogue names the identifier."""
        key = f"name:{identifier}"
        return catalogue(self.lang).gettext(key) != key

    def error(self, error: KmError) -> str:
        """The error's sentence in this language."""
        return self.text(error.message, **error.fields)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with thousands separators, at most ``digits`` decimals."""
        return MISSING if _is_missing(value) else format_decimal(value, "#,##0" + ("." + "#" * digits if digits else ""), locale=self.locale)

    def share(self, value: float, digits: int = 1) -> str:
        """A fraction 0–1 as a percentage. Never rounds up to 100 % or down to 0 %: what is not whole does not read as whole."""
        if _is_missing(value):
            return MISSING
        while digits < 4 and 0 < value < 1 and round(value, digits + 2) in (0.0, 1.0):
            digits += 1
        return format_percent(value, "#,##0" + ("." + "#" * digits if digits else "") + "%", locale=self.locale)

    def money(self, amount: Decimal | float, currency: str) -> str:
        """An amount in its own currency, two decimals."""
        return MISSING if _is_missing(amount) else format_currency(amount, currency, locale=self.locale, currency_digits=False, format="¤#,##0.00")

    def duration(self, seconds: float) -> str:
        """A length of time in the unit that reads best."""
        if _is_missing(seconds):
            return MISSING
        if math.isinf(seconds):
            return self.text("never")
        for size, unit, digits in ((86400, "days", 1), (3600, "hours", 1), (60, "minutes", 1)):
            if seconds >= 2 * size or (size < 86400 and seconds >= size):
                return f"{self.number(seconds / size, digits)} {self.name(f'unit.{unit}')}"
        return f"{self.number(seconds, 1 if seconds < 10 else 0)} {self.name('unit.seconds')}"

    def moment(self, moment: datetime) -> str:
        """A naive UTC time, shown in Asia/Shanghai."""
        return MISSING if _is_missing(moment) else to_local(moment).strftime("%Y-%m-%d %H:%M")

    def day(self, day: date) -> str:
        """A day."""
        return MISSING if _is_missing(day) else day.strftime("%Y-%m-%d")

    def quantity(self, value: float, unit: str) -> str:
        """A measured value in its unit, as `tables` and the standards name units."""
        if _is_missing(value):
            return MISSING
        if unit == "share":
            return self.share(value)
        if unit == "seconds":
            return self.duration(value)
        if unit == "flag":
            return self.text("yes") if value else self.text("no")
        digits = 0 if unit in ("count", "units") else 2
        name = self.name(f"unit.{unit}")
        return self.number(value, digits) + (f" {name}" if name and unit != "count" else "")


def _is_missing(value: object) -> bool:
    return value is None or value != value  # NaN and NaT differ from themselves
