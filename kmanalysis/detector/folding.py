"""Texts as the detector compares them: what only looks different is written alike, and every sign knows where it stood."""

from __future__ import annotations

import unicodedata

_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0" + "".join(map(chr, range(0xFE00, 0xFE10))))
"""Signs that show nothing, besides the format characters (zero-width spaces and joiners, soft hyphens, marks of direction)."""

_ALIKE = {"\u2212": "-", "。": ".", "·": ".", "・": ".", "•": ".", "\t": " "}


class _Folds(dict[int, str]):
    """What each sign is folded to, worked out once."""

    def __missing__(self, code: int) -> str:
        self[code] = folds = _fold(chr(code))
        return folds


class _Shown(dict[int, str]):
    """Each sign, or nothing where it shows nothing."""

    def __missing__(self, code: int) -> str:
        self[code] = shown = "" if _is_invisible(chr(code)) else chr(code)
        return shown


def _is_invisible(sign: str) -> bool:
    return sign in _INVISIBLE or unicodedata.category(sign) == "Cf"


def _fold(sign: str) -> str:
    return "" if _is_invisible(sign) else "".join(map(_alike, unicodedata.normalize("NFKC", sign)))


def _alike(sign: str) -> str:
    if sign in _ALIKE:
        return _ALIKE[sign]
    match unicodedata.category(sign):
        case "Nd":
            return str(unicodedata.decimal(sign))
        case "Zs":
            return " "
        case "Pd":
            return "-"
    return "" if _is_invisible(sign) else sign


_FOLDS, _SHOWN = _Folds(), _Shown()


def visible(text: str) -> str:
    """The text without the signs that show nothing."""
    return text if text.isascii() else text.translate(_SHOWN)


def folded(text: str) -> str:
    """The text without invisible signs; full-width signs, other scripts' digits, all spaces and all dashes as those of ASCII. Lines stay lines."""
    if text.isascii():
        return text.replace("\t", " ")
    return text.translate(_FOLDS)


class Folded:
    """A text, folded, that gives places in it back as places in the original."""

    def __init__(self, text: str) -> None:
        self.text = folded(text)
        self._places: list[int] | None = None
        if not text.isascii():
            # A sign may fold to several, or to none.
            self._places = [place for place, sign in enumerate(text) for _ in _FOLDS[ord(sign)]]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where ``start`` to ``end`` of the folded text, which may not be empty, stood."""
        return (start, end) if self._places is None else (self._places[start], self._places[end - 1] + 1)
