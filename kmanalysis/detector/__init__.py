"""What in a text looks like a secret: e-mail addresses, telephone numbers, names in messengers, card codes and passwords.

All that is written or printed passes here, errors included, so it stands below everything else. Every pattern reads a text once, whatever stands in it.
Measured on texts drawn from how people write both (`tests/detector/test_rates.py`): of 4 000 with a secret and of 4 000 without one, none is judged wrongly.
Where a tenth of them is written as hardly anybody writes them, it misses 3 % (single digits with slashes between, a messenger that one character hints at, a
code that no word names), and takes 3 % for a secret that hold none (face values in the shape of a number, ids of eleven digits, error codes). Numbers written
in Chinese characters it does not look for; a code of a single word that no other word names only where the file is known to hold codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from kmanalysis.detector import phrases, shapes
from kmanalysis.detector.addresses import addresses
from kmanalysis.detector.folding import Folded, folded, visible
from kmanalysis.detector.numbers import phones
from kmanalysis.detector.shapes import in_groups, looks_like_code, names_code

__all__ = (
    "CONTACTS",
    "GLANCE",
    "KINDS",
    "MASK",
    "Found",
    "folded",
    "found",
    "holds_secret",
    "in_groups",
    "looks_like_code",
    "masked",
    "masked_name",
    "names_code",
    "replaced",
    "visible",
)

CONTACTS = ("email", "phone", "messenger")
KINDS = (*CONTACTS, "code")
"""Kinds of secrets."""

MASK = "***"
"""Stands for a secret where no key is at hand."""

GLANCE = (
    # At signs and what stands for one; signs that show nothing; letters and digits of another width or script.
    r"[@＠﹫#＃]|[（(\[]at|\p{Cf}|[\x{115F}\x{1160}\x{180B}-\x{180F}\x{2800}\x{3164}\x{FE00}-\x{FE0F}\x{FFA0}]|[٠-٩۰-۹①-⑳０-９Ａ-Ｚａ-ｚ]|[\x{1D400}-\x{1D7FF}]"
    # Seven digits with little between; a group between two dashes. Classes of ASCII alone: with \pL for the letters it would take a hundred times as long.
    r"|(?:[0-9][^0-9A-Za-z\n]{0,3}){6}[0-9]|[\p{Pd}−]\S{4,6}[\p{Pd}−]|----|(?i:" + "|".join(map(re.escape, phrases.WORDS)) + ")"
)
"""What the engine (RE2) looks for before a text is searched: it is in every text that holds a secret."""

_PASSES = 4
Span = tuple[int, int, str, str]
"""Start, end, kind and value."""
_DIGEST = re.compile("kd1:[0-9a-f]{32}|" + re.escape(MASK))
_SEVEN_DIGITS = re.compile("(?:[0-9][^0-9A-Za-z\n]{0,3}){6}[0-9]")


@dataclass(frozen=True)
class Found:
    """A secret in a text: where it stands, its kind, and how it is compared, whatever its spelling."""

    start: int
    end: int
    kind: str
    value: str


def found(text: str, kinds: Collection[str] = KINDS, *, holds_codes: bool = False) -> list[Found]:
    """The secrets of these kinds in a text, in their order, none within another. ``holds_codes``: it comes from where codes are, so what is like one is one."""
    place = Folded(text)
    # What has been reduced is no secret any more.
    plain = _DIGEST.sub(lambda digest: "\n" * len(digest[0]), place.text)
    secrets: list[Found] = []
    # What stood beside a secret may be seen to be another once that is gone.
    for _ in range(_PASSES):
        spans = _apart(plain, _spans(plain, kinds, holds_codes))
        if not spans:
            break
        pieces, before = [], 0
        for start, end, kind, value in spans:
            secrets.append(Found(*place.original(start, end), kind, value))
            pieces += [plain[before:start], "\n" * (end - start)]
            before = end
        plain = "".join([*pieces, plain[before:]])
    return sorted(secrets, key=lambda secret: secret.start)


def _apart(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans in their order; those that overlap are one."""
    apart: list[Span] = []
    for start, end, kind, value in sorted(spans, key=lambda span: (span[0], -span[1])):
        if apart and start < apart[-1][1]:
            first, last, of_kind, _ = apart[-1]
            if end > last:
                apart[-1] = (first, end, of_kind, text[first:end])
        else:
            apart.append((start, end, kind, value))
    return apart


def _spans(text: str, kinds: Collection[str], holds_codes: bool) -> Iterator[Span]:
    lowered = text.lower()
    has_words = any(word in lowered for word in phrases.WORDS)
    if "email" in kinds and ("@" in text or "#" in text or "at" in lowered):
        yield from ((start, end, "email", text[start:end]) for start, end in addresses(text))
    if "phone" in kinds and _SEVEN_DIGITS.search(text):
        yield from ((start, end, "phone", number) for start, end, number in phones(text))
        if has_words:
            yield from ((start, end, "phone", number) for start, end, number in phrases.called(text))
    if "messenger" in kinds and (has_words or "wxid_" in lowered):
        yield from ((start, end, "messenger", text[start:end]) for start, end in phrases.names(text))
    if "code" in kinds:
        codes = phrases.codes(text) if has_words or "----" in text else ()
        groups = shapes.grouped(text) if text.count("-") >= 2 else ()
        for spans in (codes, groups, shapes.alike(text) if holds_codes else ()):
            yield from ((start, end, "code", text[start:end]) for start, end in spans)


def replaced(text: str, by: Callable[[str], str], kinds: Collection[str] = KINDS, *, holds_codes: bool = False) -> str:
    """The text with what ``by`` makes of each secret's value in its place; the rest as it was."""
    parts, place = [], 0
    for secret in found(text, kinds, holds_codes=holds_codes):
        parts += [text[place : secret.start], by(secret.value)]
        place = secret.end
    return "".join([*parts, text[place:]]) if parts else text


def holds_secret(text: str) -> bool:
    """Whether a text holds a secret, or is all of it one, be it by its looks alone."""
    return bool(found(text)) or looks_like_code(text)


def masked(text: str) -> str:
    """The text, its secrets masked."""
    return replaced(text, lambda _: MASK)


def masked_name(heading: str) -> str:
    """A heading or a sheet's name, masked where it is a cell rather than a name: one with digits that looks like a code."""
    return MASK if looks_like_code(heading) and re.search(r"\d", heading) else masked(heading)
