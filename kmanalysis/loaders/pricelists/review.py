"""The operator's review of spellings: what each was taken for, and whether that was accepted, rejected or is still open.

A file of the folder that people edit (`FILE`): a row a supplier and spelling; a row without a supplier is of all of them. An accepted spelling is used
from then on, a rejected one is never proposed again, an open one waits.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from kmanalysis.errors import DataError
from kmanalysis.files.durable import write_safely
from kmanalysis.loaders.mapping.cleaning import normal_key
from kmanalysis.loaders.pricelists.grid import read_records
from kmanalysis.loaders.reading.records import SPACE
from kmanalysis.loaders.store import TEMPORARY, defused

FILE = "pricelist-names.csv"
"""The review's name in the folder."""

STATES = ("open", "accepted", "rejected")
COLUMNS = ("supplier_id", "spelling", "state", "sku", "name", "score", "others")
"""Columns of the file. ``name`` is the proposed product's, ``score`` its likeness (0 to 100), ``others`` the SKUs that are as near."""


@dataclass(frozen=True)
class Reviewed:
    """A row of the review, see `COLUMNS`."""

    supplier_id: str
    spelling: str
    state: str = "open"
    sku: str = ""
    name: str = ""
    score: str = ""
    others: str = ""
    own: tuple[str, ...] = ()
    """Cells of the operator's own columns."""

    @property
    def key(self) -> tuple[str, str]:
        """What tells rows apart."""
        return self.supplier_id, normal_key(self.spelling)


class Review:
    """What the operator has decided of spellings so far, and what is to be asked."""

    def __init__(self, rows: dict[tuple[str, str], Reviewed], own: Sequence[str] = ()) -> None:
        self._rows = rows
        self._own = own
        self._before = dict(rows)

    def of(self, supplier: str, spelling: str) -> Reviewed | None:
        """The row of a supplier's spelling: its own, else that of all suppliers."""
        key = normal_key(spelling)
        return self._rows.get((supplier, key)) or self._rows.get(("", key))

    def ask(self, row: Reviewed) -> None:
        """Asks of a spelling. A row that is there stays as the operator left it."""
        self._rows.setdefault(row.key, row)

    def written(self, folder: Path) -> list[tuple[Path, Path]]:
        """Writes the review beside its file where something is asked that was not: (temporary, target). The operator's own columns stay, behind ours."""
        if self._rows == self._before:
            return []
        target = folder / FILE
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*COLUMNS, *map(defused, self._own)])
        for row in sorted(self._rows.values(), key=lambda row: (STATES.index(row.state), row.key)):
            own = [*row.own, *[""] * (len(self._own) - len(row.own))]
            writer.writerow([defused(cell) for cell in (*(str(getattr(row, column)) for column in COLUMNS), *own)])
        temporary = target.with_name(target.name + TEMPORARY)
        write_safely(temporary, text.getvalue().encode("utf-8-sig"))
        return [(temporary, target)]


def read_review(folder: Path, skus: Collection[str]) -> Review:
    """The folder's review, empty where it has none.

    Raises DataError for columns that are missing, a state that is none, a spelling that appears twice, and an accepted one without a SKU of the
    products.
    """
    path = folder / FILE
    if not path.is_file():
        return Review({})
    rows: dict[tuple[str, str], Reviewed] = {}
    found = [record for record in read_records(path) if not record.is_blank]
    heads = [cell.strip(SPACE).casefold() for cell in found[0].cells] if found else []
    missing = [column for column in ("supplier_id", "spelling", "state", "sku") if column not in heads]
    if missing:
        raise DataError("{file}, line {line}: missing required columns: {columns}. Add them.", file=FILE, line=1, columns=", ".join(missing))
    # By place: a column that is none of ours may have no heading, or that of another one.
    own = [place for place in range(max(len(record.cells) for record in found)) if "".join(heads[place : place + 1]) not in COLUMNS]
    for record in found[1:]:
        cells = dict(zip(heads, (_plain(cell) for cell in record.cells), strict=False))
        texts = {column: cells.get(column, "") for column in COLUMNS if column != "state"}
        row = Reviewed(**texts, state=cells.get("state", "").casefold() or "open", own=_at(own, record.cells))
        _check(row, record.line, skus)
        if row.key in rows:
            raise DataError("{file}, line {line}: {found!r} appears twice. Keep only one of the rows.", file=FILE, line=record.line, found=row.spelling)
        rows[row.key] = row
    return Review(rows, _at(own, found[0].cells))


def _at(places: Sequence[int], cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(_plain(cells[place]) if place < len(cells) else "" for place in places)


def _check(row: Reviewed, line: int, skus: Collection[str]) -> None:
    if row.state not in STATES:
        raise DataError(
            "{file}, line {line}: {column}: {found!r} is not known. Accepted: {accepted}.",
            file=FILE,
            line=line,
            column="state",
            found=row.state,
            accepted=", ".join(STATES),
        )
    if row.state == "accepted" and row.sku not in skus:
        raise DataError(
            "{file}, line {line}: {spelling!r} is accepted as {found!r}, which is no SKU of the products. Write the right one into the column sku.",
            file=FILE,
            line=line,
            spelling=row.spelling,
            found=row.sku,
        )


def _plain(cell: str) -> str:
    """A cell without what kept it from being a formula."""
    plain = cell.strip(SPACE)
    return plain[1:] if plain.startswith("'") and defused(plain[1:]) == plain else plain
