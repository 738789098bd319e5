"""The HTML of an executed notebook, by nbconvert and our own template."""

from __future__ import annotations

import html
import re
from functools import cache
from itertools import count

import nbformat
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from kmanalysis.report.site.html import TEMPLATES
from kmanalysis.words import FALLBACK, Words, languages

_SHOWN = ("text/html", "text/markdown", "image/svg+xml", "image/png", "text/plain")
_HEADING = re.compile(r"<h([23])>(.*?)</h\1>", re.DOTALL)
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_ESCAPED = str.maketrans({"%": "%25", "#": "%23", "<": "%3C", ">": "%3E", '"': "%22", "\n": " "})


def notebook_body(notebook: nbformat.NotebookNode, words: Words) -> str:
    """The HTML of an executed notebook's cells: texts, results, and the code folded away."""
    cells = _with_alternatives(_folded(_in_language(notebook.cells, words.lang)))
    shown = nbformat.from_dict(notebook | {"cells": cells})
    body, _ = _exporter().from_notebook_node(shown, resources={"words": words})
    places = count(1)
    return _HEADING.sub(lambda found: f'<h{found[1]} id="section-{next(places)}">{found[2]}</h{found[1]}>', body)


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
