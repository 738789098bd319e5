"""The cells of a staged file by their headings, as SQL: without padding, the wrappings that spreadsheets are given, and words that stand for nothing."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from kmanalysis.engine.sql import quoted
from kmanalysis.loaders.mapping.model import ColumnMapping, compared
from kmanalysis.loaders.reading.headings import folded
from kmanalysis.loaders.reading.package import column_letters
from kmanalysis.loaders.reading.text import Staged, stripped

_MAY_SAY_NOTHING = ("id", "text", "digest")


class Cells:
    """The cells of one staged file. ``rows`` is a relation that holds whatever was named, beside those of the file's own columns that are ``read``.

    A heading may also be the place of a column that has none: ``#F``, as a spreadsheet counts them.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, staged: Staged, nothing: Iterable[str], read: Iterable[str]) -> None:
        self._connection, self._nothing = connection, frozenset(map(compared, nothing))
        self._columns = {folded(heading): f"c{index}" for index, heading in reversed(list(enumerate(staged.headings)))}
        for index in range(len(staged.headings)):
            self._columns.setdefault(folded(f"#{column_letters(index)}"), f"c{index}")
        # Each named column is a layer, and a layer of hundreds of columns takes long to plan.
        asked = [self._columns[heading] for heading in sorted(set(map(folded, read))) if heading in self._columns]
        kept = dict.fromkeys(["_line", "_fault", "_found", *(["_sheet"] if staged.sheets else []), *asked])
        self.rows = self._staged = f"(SELECT {', '.join(kept)} FROM {staged.relation})"
        self._names: dict[str, str] = {}
        self._has_decimals: dict[str, bool] = {}

    def __contains__(self, heading: str) -> bool:
        return folded(heading) in self._columns

    def __getitem__(self, heading: str) -> str:
        return self._columns[folded(heading)]

    def named(self, expression: str) -> str:
        """A column of the rows that holds the expression: written out where it is used, it would be worked out at each mention."""
        if expression not in self._names:
            self._names[expression] = f"_x{len(self._names)}"
            self.rows = f"(SELECT *, {expression} AS {self._names[expression]} FROM {self.rows})"
        return self._names[expression]

    def cell(self, heading: str, kind: str, column: ColumnMapping | None = None, listed: Iterable[str] = ()) -> str:
        """The column of a cell without padding, wrapping and removed parts; NULL where it holds nothing, or a word for it.

        ``kind`` is the type of the canonical column. ``listed`` are words that mean something all the same.
        """
        cell = self.named(stripped(self[heading]))
        # ="0012" is how an export keeps a spreadsheet from taking a text for a number.
        cell = self.named(f"CASE WHEN starts_with({cell}, '=\"') THEN nullif(regexp_replace({cell}, '^=\"(.*)\"$', '\\1'), '') ELSE {cell} END")
        if kind in ("id", "digest"):
            cell = self._unwrapped_id(cell, self[heading])
        nothing = self._nothing - set(listed) if kind in _MAY_SAY_NOTHING else set()
        if words := nothing | set(map(compared, column.missing if column else ())):
            longest = max(len(word.encode()) for word in words)
            shown = ", ".join(map(quoted, sorted(words)))
            cell = self.named(f"CASE WHEN strlen({cell}) <= {longest} AND lower({cell}) IN ({shown}) THEN NULL ELSE {cell} END")
        for pattern in column.remove if column else ():
            cell = self.named(stripped(f"regexp_replace({cell}, {quoted(pattern)}, '', 'g')"))
        return cell

    def _unwrapped_id(self, cell: str, column: str) -> str:
        """An identifier without quotes that only keep a spreadsheet from taking it for a number, and without decimals that one gave whole numbers."""
        quotes = "'`‘’"
        bare = f"regexp_replace({cell}, {quoted(f'^[{quotes}]([A-Za-z0-9_./:#-]*[0-9][A-Za-z0-9_./:#-]*)[{quotes}]?$')}, '\\1')"
        cell = self.named(f"CASE WHEN ord({cell}) IN ({', '.join(str(ord(quote)) for quote in quotes)}) THEN {bare} ELSE {cell} END")
        if cell not in self._has_decimals:
            has_some = self._holds(f"{self._staged} WHERE contains({column}, '.0')")
            others = f"{self.rows} WHERE _fault IS NULL AND NOT regexp_full_match({cell}, '[0-9]+(\\.0+)?')"
            self._has_decimals[cell] = has_some and not self._holds(others)
        if self._has_decimals[cell]:
            cell = self.named(f"CASE WHEN contains({cell}, '.') THEN regexp_replace({cell}, '^([0-9]{{1,15}})\\.0+$', '\\1') ELSE {cell} END")
        return cell

    def _holds(self, relation: str) -> bool:
        return self._connection.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None
