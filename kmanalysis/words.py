"""Every word a person reads: catalogues by language, and numbers, dates, money, lists and punctuation as the language writes them.

A language is a folder of ``.po`` files: nothing else names it. Sentences have their English text as the key; names of things (measures, verdicts,
columns) have the key ``name:<id>``. What a catalogue lacks is said in English. The header of one of its files may name the locale (``Language: zh_CN``);
without it the folder's name is the locale. Punctuation is translated like any sentence: ``", "``, ``"; "``, ``": "``, ``"{a} {b}"``.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, reduce
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

from kmanalysis.errors import KmError, UsageError
from kmanalysis.times import to_local

DEFAULT = "zh"
"""The language where none is asked for."""

FALLBACK = "en"
"""The language of the keys, and of the names that another one lacks."""

LOCALE_VARIABLE = "KMANALYSIS_LOCALE"
"""Environment variable: folders with further languages, separated as in PATH. They come before the package's own."""

MISSING = "—"

_OWN = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Catalogue:
    """The texts of a language by key, its tag (BCP 47), and the locale that its numbers and dates are written in."""

    texts: Mapping[str, str]
    tag: str
    locale: Locale


def locale_folders() -> tuple[Path, ...]:
    """Where languages are looked for, the first one that has a language wins."""
    further = os.environ.get(LOCALE_VARIABLE, "")
    return (*(Path(folder) for folder in further.split(os.pathsep) if folder), _OWN)


def languages() -> tuple[str, ...]:
    """The languages that there are, the default first."""
    return _languages(locale_folders())


def catalogue(lang: str) -> Catalogue:
    """The language's catalogue, all its ``.po`` files together. Raises UsageError for a language without a folder."""
    if lang not in languages():
        raise UsageError("Language {found!r} is not spoken here. Choose one of: {accepted}.", found=lang, accepted=", ".join(languages()))
    return _catalogue(lang, locale_folders())


@cache
def _languages(folders: tuple[Path, ...]) -> tuple[str, ...]:
    found = {entry.parent.name for folder in folders for entry in folder.glob("*/*.po")}
    return tuple(sorted(found, key=lambda lang: (lang != DEFAULT, lang != FALLBACK, lang)))


@cache
def _catalogue(lang: str, folders: tuple[Path, ...]) -> Catalogue:
    place = next(folder / lang for folder in folders if any((folder / lang).glob("*.po")))
    texts: dict[str, str] = {}
    named = ""
    for path in sorted(place.glob("*.po")):
        with path.open("rb") as file:
            entries = read_po(file)
        named = named or entries.locale_identifier or ""
        texts |= {str(entry.id): str(entry.string) for entry in entries if entry.id and entry.string and not entry.fuzzy}
    tag = (named or lang).replace("_", "-")
    return Catalogue(texts, tag, _locale(tag))


def _locale(tag: str) -> Locale:
    try:
        return Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse(FALLBACK)


@cache
def _with_decimals(pattern: str, digits: int) -> str:
    """A number pattern of a locale with at most so many decimals."""
    return re.sub(r"0(?:\.[0#]+)?", "0" + ("." + "#" * digits if digits else ""), pattern)


class Words:
    """The words of one language. Raises UsageError for a language without a catalogue."""

    def __init__(self, lang: str = DEFAULT) -> None:
        own = catalogue(lang)
        self.lang = lang
        self.tag = own.tag
        self.locale = own.locale
        self._texts = own.texts

    def text(self, message: str, /, **fields: object) -> str:
        """The sentence in this language, its ``{field}`` places filled."""
        translated = self._texts.get(message, message)
        return translated.format(**fields) if fields else translated

    def name(self, identifier: str) -> str:
        """The name of a measure, verdict, dimension, unit, table, column or other identifier; the identifier itself where it has none."""
        return self._name(identifier) or identifier

    def has_name(self, identifier: str) -> bool:
        """Whether the catalogue, or the English one, names the identifier."""
        return self._name(identifier) is not None

    def _name(self, identifier: str) -> str | None:
        key = f"name:{identifier}"
        own = self._texts.get(key)
        return own if own is not None or self.lang == FALLBACK else catalogue(FALLBACK).texts.get(key)

    def join(self, parts: Sequence[str], by: str = ", ") -> str:
        """Parts one after the other, as the language separates them; ``by`` is ``", "``, or ``"; "`` where parts may hold commas."""
        return self.text(by).join(parts)

    def entry(self, name: str, text: str) -> str:
        """A name and what is said of it, with a colon between."""
        return self.text(": ").join((name, text))

    def sentences(self, *parts: str) -> str:
        """Sentences one after the other, the empty ones left out."""
        said = [part for part in parts if part]
        return reduce(lambda before, after: self.text("{a} {b}", a=before, b=after), said) if said else ""

    def error(self, error: KmError) -> str:
        """The error's sentence in this language."""
        return self.text(error.message, **error.fields)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with thousands separators, at most ``digits`` decimals."""
        return MISSING if _is_missing(value) else format_decimal(value, _with_decimals(self.locale.decimal_formats[None].pattern, digits), locale=self.locale)

    def share(self, value: float, digits: int = 1) -> str:
        """A fraction 0–1 as a percentage. Never rounds up to 100 % or down to 0 %: what is not whole does not read as whole."""
        if _is_missing(value):
            return MISSING
        while digits < 4 and 0 < value < 1 and round(value, digits + 2) in (0.0, 1.0):
            digits += 1
        return format_percent(value, _with_decimals(self.locale.percent_formats[None].pattern, digits), locale=self.locale)

    def money(self, amount: Decimal | float, currency: str) -> str:
        """An amount in its own currency, two decimals."""
        if _is_missing(amount):
            return MISSING
        return format_currency(amount, currency, locale=self.locale, currency_digits=False, format=self.locale.currency_formats["standard"].pattern)

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
