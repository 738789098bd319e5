"""Which pages of a report are asked for, by the names of notebooks and suppliers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Protocol, TypeVar

from kmanalysis.errors import UsageError
from kmanalysis.report.notebook_files import SUPPLIER


class Named(Protocol):
    """A page: the notebook that makes it, and the supplier that it is about (empty for all)."""

    @property
    def notebook_name(self) -> str:
        """Name of the notebook."""

    @property
    def supplier(self) -> str:
        """Id of the supplier; else empty."""


P = TypeVar("P", bound=Named)


def chosen_pages(pages: Sequence[P], notebooks: Collection[str], suppliers: Collection[str]) -> list[P]:
    """The pages that are asked for: all, or those of the named notebooks and suppliers. Raises UsageError for a name that there is not."""
    known_notebooks, known_suppliers = {page.notebook_name for page in pages}, {page.supplier for page in pages if page.supplier}
    for name in notebooks:
        if name not in known_notebooks:
            raise UsageError("No notebook has the name {found!r}. Known: {accepted}.", found=name, accepted=_nearest(name, known_notebooks))
    for supplier in suppliers:
        if supplier not in known_suppliers:
            raise UsageError("No supplier has the id {found!r}. Known: {accepted}.", found=supplier, accepted=_nearest(supplier, known_suppliers))
    if not notebooks and not suppliers:
        return list(pages)
    of_suppliers = set(suppliers) or (known_suppliers if SUPPLIER in notebooks else set())
    return [page for page in pages if (page.supplier in of_suppliers if page.supplier else page.notebook_name in notebooks)]


def _nearest(found: str, known: Collection[str]) -> str:
    return ", ".join(get_close_matches(found, known, n=5, cutoff=0.5) or sorted(known)[:20])
