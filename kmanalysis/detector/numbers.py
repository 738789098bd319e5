"""Telephone numbers: runs of whole words of digits that have the shape of one. A run inside a longer word, such as a digest or an order number, is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Span = tuple[int, int, str]
"""Start, end and the number as it is compared: digits alone, from a country's code on with a plus sign."""

_WORD = re.compile("[0-9A-Za-z]+")
_GAPS = frozenset([" ", "  ", "-", " -", "- ", " - ", ".", " . ", "--", "_", ")", ") ", ")-", "(", " (", "-("])
"""What may stand between the groups of a number."""

_MOST_GROUPS = 12
_MOBILE = re.compile("1[3-9][0-9]{9}")
_AREA = re.compile("010|02[0-9]|0[3-9][0-9]{2}")
_DASHES = frozenset(["-", "--", ".", " . ", "_"])
_DASHED = frozenset([(3, 4, 4), (4, 3, 4), (4, 4, 3), (3, 3, 5), (3, 8), (7, 4), (5, 6)])
_DASHED_ONLY = frozenset([(3, 3, 3, 2), (3, 2, 2, 2, 2)])
"""Shapes with hyphens alone: with dots they may be addresses of machines."""
_SPACED = frozenset([(3, 4, 4), (3, 8), (7, 4)])
"""Shapes with spaces: others may be a list of amounts."""
_REGIONS = {"852": (8,), "853": (8,), "886": (8, 9, 10)}
_INTERNATIONAL = range(10, 16)


@dataclass(frozen=True)
class _Run:
    """Words of digits from one on, with what stands before the first and between them."""

    words: Sequence[str]
    gaps: Sequence[str]
    has_plus: bool


def phones(text: str) -> Iterator[Span]:
    """The telephone numbers in a folded text: mobiles and landlines of China, those with +852, +853 and +886, others with a plus sign."""
    words = list(_WORD.finditer(text))
    place = 0
    while place < len(words):
        used, number = _phone_at(text, words, place) if words[place][0].isdigit() else (0, "")
        if used:
            start, end = words[place].start(), words[place + used - 1].end()
            while start and (text[start - 1] == "+" or (text[start - 1] == "(" and ")" in text[start:end])):
                start -= 1
            yield start, end, number
        place += used or 1


def _phone_at(text: str, words: Sequence[re.Match[str]], place: int) -> tuple[int, str]:
    """How many words from that one on are a number, and which; 0 where they are none."""
    run = _run(text, words, place)
    before = _gap(text, words, place)
    if run.has_plus or run.words[0].startswith(("86", "00")):
        used, number = _with_country(run)
        if used:
            return used, number
    used = _mobile(run.words, run.gaps, is_sure=False)
    if used == 1 and "." not in (before, _gap(text, words, place + 1)):
        return used, run.words[0]
    # A longer chain of the same signs is another kind of number.
    if used > 1 and (run.gaps[0] not in _DASHES or run.gaps[0] not in (before, _gap(text, words, place + used))):
        return used, "".join(run.words[:used])
    return _landline(run) if before not in ("-", ".") else (0, "")


def _run(text: str, words: Sequence[re.Match[str]], place: int) -> _Run:
    found, gaps = [words[place][0]], []
    for one, other in zip(words[place : place + _MOST_GROUPS], words[place + 1 : place + 1 + _MOST_GROUPS], strict=False):
        gap = text[one.end() : other.start()]
        if gap not in _GAPS or not other[0].isdigit():
            break
        gaps.append(gap)
        found.append(other[0])
    start = words[place].start()
    return _Run(found, gaps, text[max(start - 2, 0) : start].endswith(("+", "+(")))


def _gap(text: str, words: Sequence[re.Match[str]], place: int) -> str:
    """What stands between a word of digits and the one before; empty where one of them is none."""
    if not 0 < place < len(words) or not (words[place - 1][0].isdigit() and words[place][0].isdigit()):
        return ""
    return text[words[place - 1].end() : words[place].start()]


def _mobile(words: Sequence[str], gaps: Sequence[str], *, is_sure: bool) -> int:
    """How many words are a mobile's number. ``is_sure``: the country's code stands before it, so its groups may be any."""
    digits, used = "", 0
    while used < len(words) and len(digits) < 11:
        digits += words[used]
        used += 1
    if not _MOBILE.fullmatch(digits):
        return 0
    shape, between = tuple(map(len, words[:used])), set(gaps[: used - 1])
    is_shaped = (
        used == 1
        or shape == (3, 4, 4)
        or (shape == (1,) * 11 and len(between) == 1)
        or (between == {" "} and shape in _SPACED)
        or (between <= _DASHES and shape in _DASHED)
        or (between == {"-"} and shape in _DASHED_ONLY)
    )
    return used if is_shaped or is_sure else 0


def _with_country(run: _Run) -> tuple[int, str]:
    first, rest, gaps = run.words[0], run.words[1:], run.gaps[1:]
    is_marked = run.has_plus or first.startswith("00")
    bare = first.removeprefix("00") if not run.has_plus else first
    if bare.startswith("86"):
        glued = bare.removeprefix("86")
        used = _mobile([glued, *rest] if glued else rest, run.gaps if glued else gaps, is_sure=True)
        if used:
            words = [glued, *rest][:used] if glued else rest[:used]
            return used + (not glued), "".join(words)
    for region, lengths in _REGIONS.items():
        if is_marked and bare.startswith(region):
            digits = bare.removeprefix(region)
            for used, word in enumerate(["", *rest], start=1):
                digits += word
                if len(digits) in lengths and (used == len(run.words) or len(digits) == max(lengths) or run.gaps[used - 1] == " "):
                    return used, f"+{region}{digits}"
            return 0, ""
    if not run.has_plus:
        return 0, ""
    total = 0
    for used, word in enumerate(run.words, start=1):
        total += len(word)
        if total >= _INTERNATIONAL.start:
            return (used, "+" + "".join(run.words[:used])) if total in _INTERNATIONAL else (0, "")
    return 0, ""


def _landline(run: _Run) -> tuple[int, str]:
    first, region = run.words[0], _REGIONS.get(run.words[0])
    if not run.gaps:
        return 0, ""
    is_split = run.gaps[0] in ("-", ")", ") ", ")-", " - ")
    if region and is_split:
        digits = ""
        for used, word in enumerate(run.words[1:], start=2):
            digits += word
            if len(digits) in region and digits[0] != "1":
                return used, f"+{first}{digits}"
        return 0, ""
    if not _AREA.fullmatch(first) or not (is_split or run.gaps[0] == " "):
        return 0, ""
    lengths = tuple(map(len, run.words[1:3]))
    used = 2 if lengths[:1] in ((7,), (8,)) else 3 if lengths in ((3, 4), (4, 4)) else 0
    if not used or run.words[1][0] == "0":
        return 0, ""
    number = "".join(run.words[:used])
    # An extension.
    if len(run.words) > used and run.gaps[used - 1] == "-" and len(run.words[used]) <= 6:
        used += 1
    return used, number
