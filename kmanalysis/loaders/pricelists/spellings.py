"""Free spellings of goods matched to the catalogue: exactly, or by likeness among those whose numbers agree."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extract

from kmanalysis.loaders.mapping.cleaning import normal_key

LEAST_SCORE = 55
"""Least likeness, of 100, of a product that is proposed."""

NEAR = 5
"""Products whose likeness differs by less are not told apart: none of them is proposed."""

_DIGITS = {sign: number for number, sign in enumerate("零一二三四五六七八九十")} | {"两": 2, "十一": 11, "十二": 12}
_CHINESE = re.compile(r"(十一|十二|[一二两三四五六七八九十])(?=个月|[年月季周天日元])")
_ONE = re.compile(r"(?<![\d.个半])(?:包\s*)?([年月季周天日])(?=[卡费付度包会套]|$)|包([年月季周天日])")
_UNITS = {
    **dict.fromkeys(("元", "块", "rmb", "cny", "¥"), ("元", 1)),
    **dict.fromkeys(("美元", "美金", "usd", "$"), ("usd", 1)),
    **dict.fromkeys(("港币", "港元", "hkd"), ("hkd", 1)),
    **dict.fromkeys(("欧元", "eur", "€"), ("eur", 1)),
    **dict.fromkeys(("个月", "月", "months", "month"), ("月", 1)),
    **dict.fromkeys(("年", "years", "year"), ("月", 12)),
    **dict.fromkeys(("季度", "季"), ("月", 3)),
    **dict.fromkeys(("周", "weeks", "week"), ("天", 7)),
    **dict.fromkeys(("天", "日", "days", "day"), ("天", 1)),
    **{unit: (unit, 1) for unit in ("点", "钻", "gb", "mb")},
}
_AFTER = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_NUMBER = re.compile(rf"(?P<before>[¥$€])?\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<after>{_AFTER})?")

Measures = dict[Decimal, frozenset[str]]
"""The numbers of a name, with the units that they have in it."""


@dataclass(frozen=True)
class Match:
    """The product that a spelling may mean and its likeness (0 to 100); no SKU where none fits, or where ``others`` are as near as the best."""

    sku: str
    score: float
    others: tuple[str, ...] = ()


def compact(text: str) -> str:
    """A name as it is compared: width, case and spaces do not matter."""
    return normal_key(text).replace(" ", "")


def measures(text: str) -> Measures:
    """The numbers of a name: ``100元`` is 100 元, ``年卡`` and ``12个月`` are 12 月, ``半年`` is 6 月. A number may stand without a unit."""
    # Spaces part numbers and words alone: ``50 元`` and ``月 卡`` are one.
    plain = re.sub(r"(?<![a-z0-9.])\s+|\s+(?![a-z0-9.])", "", unicodedata.normalize("NFKC", text).casefold()).replace("半年", "6月")
    plain = _CHINESE.sub(lambda found: str(_DIGITS[found[1]]), plain)
    plain = _ONE.sub(lambda found: f" 1{found[1] or found[2]}", plain)
    found: dict[Decimal, set[str]] = defaultdict(set)
    for number in _NUMBER.finditer(plain):
        unit, factor = _UNITS.get(number["after"] or number["before"] or "", ("", 1))
        found[(Decimal(number["number"]) * factor).normalize()].add(unit)
    return {number: frozenset(units) for number, units in found.items()}


def agree(one: Measures, other: Measures) -> bool:
    """Whether two names have the same numbers, and nowhere two different units for one."""
    return one.keys() == other.keys() and all(units & other[number] or not (units - {""} and other[number] - {""}) for number, units in one.items())


class Catalogue:
    """The products that spellings are matched to: (sku, name) of each."""

    def __init__(self, products: Iterable[tuple[str, str]]) -> None:
        self.names = dict(products)
        self._by_name: dict[str, set[str]] = defaultdict(set)
        self._by_sku: dict[str, set[str]] = defaultdict(set)
        self._by_numbers: dict[frozenset[Decimal], dict[str, str]] = defaultdict(dict)
        self._measures = {sku: measures(name) for sku, name in self.names.items()}
        for sku, name in self.names.items():
            self._by_name[compact(name)].add(sku)
            self._by_sku[compact(sku)].add(sku)
            self._by_numbers[frozenset(self._measures[sku])][sku] = compact(name)

    def exact(self, spelling: str) -> str:
        """The SKU of the product with this name; empty where there is none, or more than one. SKUs are not looked at: a name may be a mere number."""
        return _only(self._by_name, spelling)

    def numbered(self, number: str) -> str:
        """The SKU that a number of a list is, but for width, case and spaces; empty where it is none, or more than one."""
        return _only(self._by_sku, number)

    def resembles(self, name: str, sku: str) -> bool:
        """Whether a name may be that of the SKU: a supplier's own number can be somebody else's SKU."""
        return agree(measures(name), self._measures[sku]) and ratio(compact(name), compact(self.names[sku])) >= LEAST_SCORE

    def proposal(self, name: str, spellings: Sequence[str]) -> Match:
        """The likest product by any of the spellings, among those whose numbers agree with those of ``name``; without a SKU where there is none, or
        where others are as near."""
        own = measures(name)
        same = {sku: text for sku, text in self._by_numbers.get(frozenset(own), {}).items() if agree(own, self._measures[sku])}
        scores: dict[str, float] = {}
        for spelling in spellings:
            for _, score, sku in extract(compact(spelling), same, scorer=ratio, score_cutoff=LEAST_SCORE, limit=4):
                scores[sku] = max(score, scores.get(sku, 0.0))
        ranked = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))
        if not ranked:
            return Match("", 0.0)
        best, score = ranked[0]
        near = tuple(sku for sku, other in ranked[1:] if score - other < NEAR)
        return Match("" if near else best, round(score, 1), others=(best, *near) if near else ())


def _only(skus: dict[str, set[str]], text: str) -> str:
    found = skus.get(compact(text), set())
    return next(iter(found)) if len(found) == 1 else ""
