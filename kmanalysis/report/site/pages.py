"""Which pages a report has: one a notebook, one a supplier; their files, titles and parameters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kmanalysis.charts.kit.lengths import names_apart
from kmanalysis.report.cache.digests import digest_of
from kmanalysis.report.notebook_files import SUPPLIER
from kmanalysis.report.notebooks import Notebook, check_parameters
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook

_SAFE = re.compile(r"[^\W_][\w.\-]{0,59}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Page:
    """One page: the notebook that makes it, the supplier that it is about (empty for all), its file in the report, its title."""

    notebook: Notebook
    supplier: str
    path: str
    title: str

    @property
    def notebook_name(self) -> str:
        """Name of the notebook."""
        return self.notebook.name

    @property
    def root(self) -> str:
        """The way from the page to the report's first page: empty, or ``../``."""
        return "../" * self.path.count("/")

    def parameters(self, month: str, lang: str) -> dict[str, str]:
        """What the notebook is run with."""
        return {"month": month, "lang": lang} | ({SUPPLIER: self.supplier} if self.supplier else {})


def all_pages(notebooks: Mapping[str, Notebook], workbook: Workbook) -> list[Page]:
    """Every page that a whole report has, portfolio pages first. Raises DataError for a notebook that does not take its parameters."""
    names = names_apart(workbook.names)
    pages = [Page(notebook, "", f"{name}.html", page_title(notebook, workbook.words)) for name, notebook in notebooks.items() if not notebook.is_of_supplier]
    if SUPPLIER in notebooks:
        stems = file_stems(names)
        pages += [Page(notebooks[SUPPLIER], supplier, f"suppliers/{stems[supplier]}.html", names[supplier]) for supplier in names]
    for notebook, page in {page.notebook.name: page for page in pages}.items():
        check_parameters(notebooks[notebook], page.parameters("", ""))
    return pages


def page_title(notebook: Notebook, words: Words) -> str:
    """What a notebook's page is called: its name in the catalogue, else its first heading, else its file's name."""
    identifier = f"page.{notebook.name}"
    return words.name(identifier) if words.has_name(identifier) else notebook.heading or notebook.name


def file_stems(suppliers: Collection[str]) -> dict[str, str]:
    """A file name for each supplier: its id where that is one on every system, else something like it and a digest."""
    same = Counter(supplier.casefold() for supplier in suppliers)
    return {supplier: supplier if same[supplier.casefold()] == 1 and _is_file_name(supplier) else _made_stem(supplier) for supplier in suppliers}


def _is_file_name(text: str) -> bool:
    fits = _SAFE.fullmatch(text) and not text.endswith(".") and len(text.encode()) <= 120
    return bool(fits) and not _RESERVED.fullmatch(text) and unicodedata.is_normalized("NFC", text)


def _made_stem(text: str) -> str:
    like = re.sub(r"[^A-Za-z0-9]+", "-", text)[:30].strip("-")
    return f"{like or SUPPLIER}-{digest_of(text)[:10]}"
