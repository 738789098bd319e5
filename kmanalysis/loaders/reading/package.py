"""What stands in an xlsx file's own XML and readers of sheets do not tell: cells that hold errors, formulas without a kept value, how far a sheet
reaches, and the day that its dates count from.

The XML is looked through as bytes, a few megabytes at a time: what hardly a cell has is found without taking cells apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from zipfile import ZipFile

from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.marks import EXCEL_ERROR, NO_VALUE

DAY_ZERO, DAY_ZERO_1904 = "1899-12-30", "1904-01-01"
"""The day that a sheet's dates count from: Excel's, and that of workbooks with the date system of 1904."""

ROOM = 4_000_000
"""Cells that a sheet may have room for, however few of them are filled."""

SPARSE = 4
"""How many times the cells that are filled a larger sheet may have room for."""

_CHUNK = 1 << 20
_LONGEST_ROW = 1 << 26
_LARGEST_PART = 1 << 24
_MOST_UNPACKED, _UNPACKED_RATIO = 1 << 26, 200
_ERROR_HINTS = (b'"e"', b"'e'")
_LONGEST_COLUMN, _LONGEST_NUMBER = 3, 7
"""Letters and digits that a cell's place has at most."""
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
_FAR_BELOW = re.compile(rb"""r\s*=\s*["'][A-Za-z]{1,3}(\d{6,7})["']""")
_ROOT = re.compile(rb"<(?:(\w+):)?worksheet\b")


@dataclass
class Facts:
    """Of a sheet: its ``cells``, how many rows and columns it reaches over, and the marked texts of those cells that hold no value, by row and column
    from 0."""

    cells: int = 0
    height: int = 0
    width: int = 0
    marked: dict[tuple[int, int], str] = field(default_factory=dict)


class Package:
    """An xlsx file. Its errors are those of zip files and of XML; `damage.whole_workbook` makes sentences of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with ZipFile(path) as book:
            if sum(part.file_size for part in book.infolist()) > _MOST_UNPACKED + _UNPACKED_RATIO * path.stat().st_size:
                raise DataError("{file} unpacks to far more than a workbook of its size holds. Save it again as .xlsx.", file=path.name)
            declared = _small(book, "xl/workbook.xml")
            relations = {entry.get("Id"): entry.get("Target", "") for entry in _small(book, "xl/_rels/workbook.xml.rels")}
            parts = set(book.namelist())
            for part in parts:
                if part.lower().endswith("sharedstrings.xml"):
                    _check_texts(book, part)
        self.parts: dict[str, str] = {}
        for sheet in _children(declared, "sheet"):
            target = relations.get(next((value for key, value in sheet.items() if key.endswith("}id")), ""), "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if part in parts:
                self.parts[sheet.get("name", "")] = part
        properties = next(_children(declared, "workbookPr"), None)
        self.day_zero = DAY_ZERO_1904 if properties is not None and properties.get("date1904") in ("1", "true") else DAY_ZERO

    def facts(self, sheet: str) -> Facts:
        """What the sheet's XML says. Raises DataError where it reaches so far beyond what it holds that no memory would do."""
        if sheet not in self.parts:
            return Facts()
        with ZipFile(self.path) as book, book.open(self.parts[sheet]) as source:
            facts = _Reading(source).facts()
        if facts.height * facts.width > max(ROOM, SPARSE * facts.cells):
            raise DataError(
                "{file}, sheet {sheet}: its cells reach to column {column} and row {row}, but only {cells} are filled. Delete the columns and rows "
                "beyond the table, save it, and load it again.",
                file=self.path.name,
                sheet=sheet,
                column=column_letters(facts.width - 1),
                row=facts.height,
                cells=facts.cells,
            )
        return facts


def column_letters(column: int) -> str:
    """What a spreadsheet calls a column, counted from 0: A, …, Z, AA."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The column that a spreadsheet calls so, counted from 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _small(book: ZipFile, part: str) -> ElementTree.Element:
    content = book.read(part) if book.getinfo(part).file_size <= _LARGEST_PART else b""
    if b"<!DOCTYPE" in content:
        # A workbook declares no entities; whoever does wants them to grow.
        raise ValueError(part)
    return ElementTree.fromstring(content)


def _check_texts(book: ZipFile, part: str) -> None:
    """Raises ValueError where a part says that it holds more texts than it has bytes: the library makes room for them before it reads one."""
    with book.open(part) as source:
        _, root = next(iter(ElementTree.iterparse(source, events=("start",))))
        if max(int(root.get(count, "0")) for count in ("count", "uniqueCount")) > book.getinfo(part).file_size:
            raise ValueError(part)


def _children(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (child for child in element.iter() if child.tag.rpartition("}")[2] == name)


class _Reading:
    """One look through the XML of a sheet."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source = source
        self.found = Facts()
        self.rows = 0
        head = source.read(_CHUNK)
        root = _ROOT.search(head)
        self.head = head if root else b""
        self.prefix = root[1] + b":" if root and root[1] else b""
        self.tags = _tags(self.prefix)

    def facts(self) -> Facts:
        for piece in self._pieces():
            self._look(piece)
        return self.found

    def _pieces(self) -> Iterator[bytes]:
        """The XML, whole rows at a time."""
        row, rest, more = b"<" + self.prefix + b"row", b"", self.head
        while more:
            rest += more
            cut = rest.rfind(row)
            if cut > 0:
                yield rest[:cut]
                rest = rest[cut:]
            elif len(rest) > _LONGEST_ROW:
                raise ValueError("a row without an end")
            more = self.source.read(_CHUNK)
        yield rest

    def _look(self, piece: bytes) -> None:
        tags, found = self.tags, self.found
        cells = self._cells(piece)
        found.cells += cells
        if cells:
            # No number of a row is longer; what is stays beyond any room.
            numbers = (int(number[: _LONGEST_NUMBER + 3]) for number in tags.row_number.findall(piece))
            found.height = max(found.height, self.rows + piece.count(tags.row), max(numbers, default=0))
            self._measure(piece)
        if any(hint in piece for hint in _ERROR_HINTS):
            for match in tags.error.finditer(piece):
                value = tags.value.search(piece, match.end(), piece.find(tags.cell_end, match.end()))
                self._mark(piece, match, EXCEL_ERROR + (value[1].decode("utf-8", "replace").strip() if value else "#ERROR"))
        if tags.formula_hint in piece:
            for match in tags.empty_formula.finditer(piece):
                # A text that is empty is a value: =IF(A1="","",…) keeps one.
                if not (match["kept"] and re.search(rb"""\bt\s*=\s*["']str["']""", match[1])):
                    self._mark(piece, match, f"{NO_VALUE}={(match['text'] or b'').decode('utf-8', 'replace') or '…'}")
        self.rows += piece.count(tags.row)

    def _measure(self, piece: bytes) -> None:
        """How far the cells of the piece reach: only where one may lie beyond what is known are they taken apart.

        Raises ValueError for a cell that no sheet has room for.
        """
        found = self.found
        if _beyond(found.width).search(piece):
            for letters, row in self.tags.place.findall(piece):
                if len(letters) > _LONGEST_COLUMN or len(row) > _LONGEST_NUMBER:
                    raise ValueError("a cell outside of any sheet")
                found.width = max(found.width, column_number(letters.decode()) + 1)
        elif not _REFERENCE.search(piece):
            found.width = max(found.width, max(map(self._cells, piece.split(self.tags.row))))
        # Rows number themselves; a cell that says another number could lie far below them.
        if found.height < 100_000 and (far := _FAR_BELOW.search(piece)):
            found.height = max(found.height, int(far[1]))

    def _mark(self, piece: bytes, match: re.Match[bytes], text: str) -> None:
        if place := _REFERENCE.search(match[1]):
            self.found.marked[int(place[2]) - 1, column_number(place[1].decode())] = text
            return
        # Cells that do not say where they stand follow the one before.
        row = piece.rfind(self.tags.row, 0, match.start())
        number = self.tags.row_number.match(piece, max(row, 0))
        line = int(number[1]) if number else self.rows + piece.count(self.tags.row, 0, match.start())
        self.found.marked[line - 1, self._cells(piece[row : match.start()])] = text

    def _cells(self, piece: bytes) -> int:
        return sum(map(piece.count, self.tags.cells))


@dataclass(frozen=True)
class _Tags:
    """How a sheet's XML writes what is looked for."""

    row: bytes
    cells: tuple[bytes, ...]
    cell_end: bytes
    formula_hint: bytes
    place: re.Pattern[bytes]
    row_number: re.Pattern[bytes]
    error: re.Pattern[bytes]
    value: re.Pattern[bytes]
    empty_formula: re.Pattern[bytes]


@cache
def _tags(prefix: bytes) -> _Tags:
    p = re.escape(prefix)
    formula = rb"<" + p + rb"f\b(?:[^>]*/>|[^>]*>(?P<text>[^<]*)</" + p + rb"f>)"
    kept = rb"(?P<kept><" + p + rb"v\s*/>|<" + p + rb"v>\s*</" + p + rb"v>)?"
    return _Tags(
        row=b"<" + prefix + b"row",
        cells=tuple(b"<" + prefix + end for end in (b"c ", b"c>", b"c/>")),
        cell_end=b"</" + prefix + b"c>",
        formula_hint=b"<" + prefix + b"f",
        place=re.compile(rb"<" + p + rb"""c\s(?:[^>]*?\s)?r\s*=\s*["']([A-Za-z]*)(\d*)["']"""),
        row_number=re.compile(rb"<" + p + rb"""row\s(?:[^>]*?\s)?r\s*=\s*["'](\d+)["']"""),
        error=re.compile(rb"<" + p + rb"""c\s([^>]*?\bt\s*=\s*["']e["'][^>]*)>"""),
        value=re.compile(rb"<" + p + rb"v>([^<]*)<"),
        empty_formula=re.compile(rb"<" + p + rb"c\b([^>]*)>\s*" + formula + rb"\s*" + kept + rb"\s*</" + p + rb"c>"),
    )


@cache
def _beyond(width: int) -> re.Pattern[bytes]:
    """What may be a reference to a cell beyond that many columns, or to one that no sheet has."""
    last = column_letters(width - 1)
    names = [f"{last[:place]}[{chr(ord(letter) + 1)}-Z]" + "[A-Z]" * (len(last) - place - 1) for place, letter in enumerate(last) if letter != "Z"]
    names += ["[A-Z]" * longer for longer in range(len(last) + 1, _LONGEST_COLUMN + 1)]
    odd = f"[A-Z]{{0,3}}[a-z]|[A-Z]{{{_LONGEST_COLUMN + 1}}}|[A-Z]{{1,3}}[0-9]{{{_LONGEST_NUMBER + 1}}}"
    return re.compile(rf"""r\s*=\s*["'](?:(?:{"|".join(names) or "(?!)"})[0-9]|{odd})""".encode())
