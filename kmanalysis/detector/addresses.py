"""E-mail addresses: looked for around each at sign, so that a text of any length is read once."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RUN = re.compile(r"[A-Za-z0-9._%+\-]*@[A-Za-z0-9._%+\-@]*")
_BEFORE, _AFTER = re.compile("[A-Za-z0-9._%+\\-]+"), re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]*")
_OTHER_SIGN = re.compile(
    r"(?: ?[(\[]at[)\]] ?| @ ?|@ |#(?=(?:qq|163|126|139|sina|gmail|foxmail|outlook|hotmail)\.))[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}", re.IGNORECASE
)
"""What people write for an at sign so that no machine finds it, and the domain behind it."""
_LONGEST = 64
_LOCAL = re.compile("[A-Za-z0-9_][A-Za-z0-9._%+-]*")
_TOP = re.compile("[A-Za-z]{2,}")


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """The e-mail addresses in a folded text, those with another sign for the at sign among them."""
    for sign in _OTHER_SIGN.finditer(text):
        start = sign.start()
        while start > max(sign.start() - _LONGEST, 0) and _BEFORE.match(text, start - 1, sign.start()):
            start -= 1
        if (name := _LOCAL.search(text, start, sign.start())) and re.search("[A-Za-z]{2}$", sign[0]):
            yield name.start(), sign.end()
    end = 0
    for run in _runs(text):
        before, *others = run[0].split("@")
        place = run.start() + len(before)
        for after in others:
            local = before.lstrip(".%+-")
            domain = _domain(after)
            if local and domain and place - len(local) >= end:
                end = place + 1 + domain
                yield place - len(local), end
            place += 1 + len(after)
            before = after


def _runs(text: str) -> Iterator[re.Match[str]]:
    """The runs of an address's signs that hold an at sign, each looked at once."""
    place = 0
    while (at := text.find("@", place)) >= 0:
        start = at
        while start > place and _BEFORE.match(text, start - 1, start):
            start -= 1
        run = _RUN.match(text, start)
        if run is None:
            return
        yield run
        place = run.end()


def _domain(text: str) -> int:
    """How many of the first signs are a domain: labels with points between, the last of letters; 0 where they are none."""
    found = _AFTER.match(text)
    if not found:
        return 0
    end, place, is_domain = 0, 0, False
    for number, label in enumerate(found[0].split(".")):
        if not label:
            break
        is_domain = number > 0 and _TOP.match(label) is not None
        place += len(label)
        end = place if is_domain else end
        place += 1
    return end
