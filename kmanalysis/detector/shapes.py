"""What a code looks like where no word names it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:([-./年])[0-9]{1,2}[-./月][0-9]{1,2}.*|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[0-9]{4}|[0-9]{6})?)", re.DOTALL)
_BEGINS_WITH_DAY = re.compile("20[0-4][0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]+")
_GROUPS = re.compile("(?<![A-Za-z0-9-])[A-Za-z0-9]{4,6}(?:-[A-Za-z0-9]{4,6}){2,7}(?![A-Za-z0-9-])")
_GROUP = re.compile("[A-Z0-9]{4,6}")
_WORDS_AND_NUMBERS = re.compile("[A-Za-z]+(?:-[A-Za-z]+)*(?:-[0-9]+)*")
_CODE_HEADINGS = ("code", "codes", "secret", "card", "pwd", "password", "key")
_CODE_WORDS = (
    "卡密",
    "卡号",
    "兑换码",
    "激活码",
    "充值码",
    "提货码",
    "密码",
    "cdk",
    "carmi",
    "card code",
    "card_code",
    "code_digest",
    "card number",
    "card no",
)
_TOKEN = re.compile("[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")


def is_date(text: str) -> bool:
    """Whether a text is a day or a moment, with signs between or without."""
    return _DATE.fullmatch(text) is not None


def looks_like_code(text: str) -> bool:
    """Whether a text could be a card code: long, without words, letters and digits mixed, or groups of them. A number that begins with a day is an order's."""
    normal = unicodedata.normalize("NFKC", text).strip()
    bare = re.sub(r"[\s\-_]", "", normal)
    if len(bare) < 10 or not bare.isascii() or not bare.isalnum() or re.match(r"(19|20)\d\d-\d\d-\d\d", normal) or _BEGINS_WITH_DAY.fullmatch(bare):
        return False
    has_both = any(character.isdigit() for character in bare) and any(character.isalpha() for character in bare)
    return (
        has_both or bool(re.fullmatch(r"[A-Za-z0-9]{3,8}([\s\-][A-Za-z0-9]{3,8}){2,}", normal) and bare.upper() == bare) or (bare.isdigit() and len(bare) >= 12)
    )


def in_groups(text: str) -> bool:
    """Whether all of a text is groups of capitals and digits, of one length: what may be a code where codes stand."""
    groups = re.split("[ _-]", text.strip())
    return len(groups) > 1 and len({len(group) for group in groups}) == 1 and all(_GROUP.fullmatch(group) for group in groups)


def names_code(heading: str) -> bool:
    """Whether a column of that heading holds card codes or what goes with them."""
    folded = unicodedata.normalize("NFKC", heading).strip().lower()
    return folded in _CODE_HEADINGS or any(word in folded for word in _CODE_WORDS)


def grouped(text: str) -> Iterator[tuple[int, int]]:
    """What is a code wherever it stands in a folded text: groups of one length, letters and digits mixed, all of one case."""
    for found in _GROUPS.finditer(text):
        code, groups = found[0], found[0].split("-")
        is_one_case = code.isupper() or code.islower()
        if len({len(group) for group in groups}) == 1 and is_one_case and re.search("[0-9]", code) and not _WORDS_AND_NUMBERS.fullmatch(code):
            yield found.span()


def alike(text: str) -> Iterator[tuple[int, int]]:
    """Words of a folded text that `looks_like_code`: for texts of files that hold codes."""
    for found in _TOKEN.finditer(text):
        if looks_like_code(found[0]):
            yield found.span()
