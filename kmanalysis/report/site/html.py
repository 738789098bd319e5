"""Offline pages: a notebook's body by nbconvert and our own template, inside the frame that all pages share."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from html.parser import HTMLParser
from itertools import count
from pathlib import Path

import nbformat
from babel.dates import format_skeleton
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from kmanalysis.errors import DataError
from kmanalysis.times import Month
from kmanalysis.words import FALLBACK, Words, languages

TEMPLATES = Path(__file__).parent / "template"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

_SHOWN = ("text/html", "text/markdown", "image/svg+xml", "image/png", "text/plain")
_HEADING = re.compile(r"<h([23])>(.*?)</h\1>", re.DOTALL)
_NUMBERED = re.compile(r"<h([23]) id=\"([^\"]*)\">(.*?)</h\1>", re.DOTALL)
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_ESCAPED = str.maketrans({"%": "%25", "#": "%23", "<": "%3C", ">": "%3E", '"': "%22", "\n": " "})


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


def notebook_body(notebook: nbformat.NotebookNode, words: Words) -> str:
    """The HTML of an executed notebook's cells: texts, results, and the code folded away."""
    cells = _with_alternatives(_folded(_in_language(notebook.cells, words.lang)))
    shown = nbformat.from_dict(notebook | {"cells": cells})
    body, _ = _exporter().from_notebook_node(shown, resources={"words": words})
    places = count(1)
    return _HEADING.sub(lambda found: f'<h{found[1]} id="section-{next(places)}">{found[2]}</h{found[1]}>', body)


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


def _in_language(cells: list[nbformat.NotebookNode], lang: str) -> list[nbformat.NotebookNode]:
    """The cells without the Markdown of other languages. A cell is of a language by its tag; where none is of ours, the English ones are shown."""
    tags = [set(cell.metadata.get("tags", ())) & set(languages()) if cell.cell_type == "markdown" else set() for cell in cells]
    shown = lang if any(lang in of_cell for of_cell in tags) else FALLBACK
    return [cell for cell, of_cell in zip(cells, tags, strict=True) if not of_cell or shown in of_cell]


def _folded(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """The cells, those that show nothing joined to the next one: their code folds away together."""
    folded: list[nbformat.NotebookNode] = []
    for cell in cells:
        before = folded[-1] if folded else None
        if before is not None and before.cell_type == cell.cell_type == "code" and not before.outputs:
            cell.source = f"{folded.pop().source.rstrip()}\n\n{cell.source}"
        folded.append(cell)
    return folded


def _with_alternatives(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Cells whose pictures carry a text for who cannot see them: the picture's own title, else the heading that it stands under."""
    heading = ""
    for cell in cells:
        heading = _last_heading(cell.source, heading) if cell.cell_type == "markdown" else heading
        for output in (output for output in cell.get("outputs", []) if "data" in output):
            heading = _last_heading(output.data.get("text/markdown", ""), heading)
            output.metadata["alternative"] = output.metadata.get("alt") or _title(output.data.get("image/svg+xml", "")) or heading
    return cells


def _last_heading(text: str, otherwise: str) -> str:
    lines = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    return lines[-1] if lines else otherwise


def _title(svg: str) -> str:
    found = _TITLE.search(svg)
    return html.unescape(found[1]).strip() if found else ""


def _in_address(svg: str) -> str:
    """An SVG as the rest of its data address, for an attribute in double quotes: a fifth shorter than base64."""
    # Single quotes need no escape; a tag that holds one already keeps its double ones, and so does text.
    quoted = re.sub(r"<[^<>']*>", lambda tag: tag[0].replace('"', "'"), svg.strip())
    # The names of its own XML dialects are no addresses, and shall not look like any.
    return html.escape(re.sub(r"(https?):", r"\1%3A", quoted.translate(_ESCAPED)), quote=False)


@cache
def _exporter() -> HTMLExporter:
    priority = Config({"NbConvertBase": {"display_data_priority": list(_SHOWN)}})
    exporter = HTMLExporter(config=priority, template_name="notebook", extra_template_basedirs=[str(TEMPLATES)], exclude_anchor_links=True)
    exporter.register_filter("in_address", _in_address)
    return exporter


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
