"""Offline pages: a body inside the frame that all pages share, and what a page may not hold."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from babel.dates import format_skeleton
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kmanalysis.errors import DataError
from kmanalysis.times import Month
from kmanalysis.words import Words

TEMPLATES = Path(__file__).parent / "template"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

_NUMBERED = re.compile(r"<h([23]) id=\"([^\"]*)\">(.*?)</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Heading:
    """An entry of a page's contents list."""

    level: int
    anchor: str
    text: str


@dataclass(frozen=True)
class Link:
    """A link to another page of the report."""

    href: str
    text: str
    is_current: bool = False


def month_name(month: Month, words: Words) -> str:
    """The month as a reader writes it."""
    return format_skeleton("yMMMM", date(month.year, month.number, 1), locale=words.locale)


def headings(body: str) -> list[Heading]:
    """The contents list of a body: its headings of the second and third level."""
    return [Heading(int(level), anchor, html.unescape(_TAG.sub("", text)).strip()) for level, anchor, text in _NUMBERED.findall(body)]


def page(template: str, words: Words, **content: object) -> bytes:
    """A whole page. Raises DataError where it would run, load or link to anything outside of the report."""
    made = _environment().get_template(template).render(words=words, policy=POLICY, language=words.tag, **content)
    problems = outside_parts(made)
    if problems:
        raise DataError("The page holds what an offline page may not: {found}. Change the cell that shows it.", found="; ".join(problems[:3]))
    return made.encode()


def outside_parts(text: str) -> list[str]:
    """What in a page would run, load or link to something outside of it, in words of HTML; empty for a page that may be published."""
    reader = _OutsideReader()
    reader.feed(text)
    reader.close()
    return reader.found


class _OutsideReader(HTMLParser):
    _TAGS = frozenset({"script", "iframe", "frame", "object", "embed", "applet", "link", "base", "form", "portal"})
    _ADDRESSES = frozenset({"href", "src", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href", "ping", "cite", "manifest"})
    _CALL = re.compile(r"url\(\s*['\"]?(?!data:|#)|@import|expression\(", re.IGNORECASE)

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._is_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_style = tag == "style"
        if tag in self._TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            held = (value or "").strip()
            is_refresh = tag == "meta" and name == "http-equiv" and held.lower() != "content-security-policy"
            if name.startswith("on") or is_refresh or (name == "style" and self._CALL.search(held)) or (name in self._ADDRESSES and not _is_inside(tag, held)):
                self.found.append(f"<{tag} {name}={held[:80]!r}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._is_style = False

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False

    def handle_data(self, data: str) -> None:
        if self._is_style and (call := self._CALL.search(data)):
            self.found.append(data[max(0, call.start() - 20) : call.end() + 40])


def _is_inside(tag: str, address: str) -> bool:
    if tag == "img":
        return address.startswith(("data:image/svg+xml,", "data:image/svg+xml;base64,", "data:image/png;base64,", "data:image/jpeg;base64,"))
    return not re.match(r"[A-Za-z][A-Za-z0-9+.\-]*:|//|\\|/", re.sub(r"[\x00-\x20]", "", address))


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
