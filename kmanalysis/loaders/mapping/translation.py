"""A mapping applied to staged rows: SQL that gives every mapped canonical column as text, ready for the validator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property

import duckdb
import pyarrow as pa
from rapidfuzz.process import extractOne

from kmanalysis.detector import masked_name
from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.errors import MappingError
from kmanalysis.loaders.checking.casts import NOT_IN_CASE, NOT_IN_LOOKUP, WHAT_WAS_FOUND, ZONED_TIME, is_rounded
from kmanalysis.loaders.checking.marks import is_marked, reason_of
from kmanalysis.loaders.checking.secrets import digest
from kmanalysis.loaders.mapping.amounts import number
from kmanalysis.loaders.mapping.cells import Cells
from kmanalysis.loaders.mapping.cleaning import currency_of, key_part, normal_key, plain_number
from kmanalysis.loaders.mapping.columns import PLACEHOLDER
from kmanalysis.loaders.mapping.model import ColumnMapping, Condition, SourceMapping, TableMapping, compared
from kmanalysis.loaders.mapping.moments import half_day, local_time, plain_text, zoned_time
from kmanalysis.loaders.mapping.times import Clock, joined
from kmanalysis.loaders.reading.headings import check_once, folded
from kmanalysis.loaders.reading.records import Record
from kmanalysis.loaders.reading.text import Staged, stripped
from kmanalysis.tables import Column

ALTERNATIVES_DIFFER = "alternatives_differ"
"""The doubt about a cell beside which stands another one that the mapping would have taken as well."""

TRUE_WORDS = ("true", "1", "1.0", "yes", "y", "t", "是", "有", "已")
FALSE_WORDS = ("false", "0", "0.0", "no", "n", "f", "否", "无", "未")


def add_functions(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Gives the connection the cell functions that SQL lacks, among them the digest under this key."""
    _add_function(connection, "km_number", plain_number)
    _add_function(connection, "km_currency", currency_of)
    _add_function(connection, "km_plain_text", plain_text)
    _add_function(connection, "km_local_time", local_time)
    _add_function(connection, "km_zoned_time", zoned_time)
    _add_function(connection, "km_half_day", half_day)
    _add_function(connection, "km_key", normal_key)
    _add_function(connection, "km_key_part", key_part)
    _add_function(connection, "km_digest", lambda value: digest(value, key))


def _add_function(connection: duckdb.DuckDBPyConnection, name: str, function: Callable[[str], str | None]) -> None:
    def over_column(cells: pa.Array) -> pa.Array:
        # Prices, names and days stand in many rows: each is looked at once a batch.
        listed = cells.to_pylist()
        found = {cell: None if cell is None else function(cell) for cell in set(listed)}
        return pa.array([found[cell] for cell in listed], pa.string())

    connection.create_function(name, over_column, ["VARCHAR"], "VARCHAR", type="arrow", null_handling="special", side_effects=False)  # type: ignore[call-overload]


def header_finder(mapping: SourceMapping) -> Callable[[list[Record]], int | None]:
    """Picks the header: the stated line, else the record that holds most of the headings that the mapping reads."""
    wanted = {folded(heading) for heading in mapping.headings}

    def find(first: list[Record]) -> int | None:
        if mapping.source.header_line:
            return next((index for index, record in enumerate(first) if record.line <= mapping.source.header_line <= record.end), None)
        found = [len(wanted & {folded(cell) for cell in record.cells}) for record in first]
        return found.index(max(found)) if max(found) else None

    return find


class Translation:
    """One table's mapping applied to one staged file. Raises MappingError for headings that the file lacks, and times without a zone; DataError for one
    that is read and stands twice."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, mapping: SourceMapping, mapped: TableMapping, staged: Staged, file: str) -> None:
        self.connection, self.mapping, self.mapped, self.staged, self.file = connection, mapping, mapped, staged, file
        check_once(staged.headings, mapping.headings, file, staged.header_line)
        self.cells = Cells(connection, staged, mapping.source.nothing, mapping.headings)
        self.is_sheet = not staged.encoding
        self.lookups: set[str] = set()
        codes = [column for of in mapping.tables.values() for name, column in of.columns.items() if of.table.columns[name].is_code]
        self.code_headings = {folded(heading) for column in codes for heading in column.headings}

    @property
    def headings(self) -> dict[str, str]:
        """The heading in the file that each canonical column is read from; constants are not in it."""
        return {
            name: heading
            for name, column in self.mapped.columns.items()
            if (heading := " + ".join(self._headings_of(column)) or column.symbol_of or column.case)
        }

    @property
    def columns(self) -> list[str]:
        """The canonical columns that come out: those that are mapped, but for optional ones that the file lacks."""
        return [name for name, column in self.mapped.columns.items() if self._is_given(column)]

    @property
    def answered(self) -> list[str]:
        """The canonical columns that a lookup or a case answers for, or of which the file may hold cells without a value."""
        return [name for name in self.columns if self.staged.is_marked or self.mapped.columns[name].may_lack_answers]

    @cached_property
    def doubts(self) -> dict[str, str]:
        """The canonical columns for which `select` gives a column of doubts as well, with its SQL."""
        found = {name: self._doubt(self.mapped.table.columns[name], self.mapped.columns[name]) for name in self.columns}
        return {name: doubt for name, doubt in found.items() if doubt}

    def select(self, number: int) -> str:
        """SQL of the file's rows for the validator; ``number`` is the file's. ``stated <name>`` is a cell as it stands in the file, where it may come out
        otherwise, ``doubt <name>`` the id of what is doubtful about it."""
        self._check_headings()
        cells = [f"{self._with_marks(name)} AS {identifier(name)}" for name in self.columns]
        cells += [f"{stated} AS {identifier(f'stated {name}')}" for name in self.columns if (stated := self._stated(self.mapped.columns[name]))]
        cells += [f"{doubt} AS {identifier(f'doubt {name}')}" for name, doubt in self.doubts.items()]
        held = " AND ".join(map(self._holds, self.mapped.where)) or "true"
        fault = self._fault()
        return (
            f"SELECT {self.staged.file_number(number)} AS _file, _line, {fault} AS _fault, _found, {len(self.staged.headings)} AS _width, {', '.join(cells)} "
            f"FROM {self.cells.rows} WHERE {fault} IS NOT NULL OR ({held})"
        )

    def _with_marks(self, name: str) -> str:
        """SQL of a canonical column, where the file marks a cell that it reads as one without a value: that cell as it is."""
        read = dict.fromkeys(self.cells[heading] for heading in self.mapped.columns[name].read if heading in self.cells)
        if not (self.staged.is_marked and read):
            return self._filled(name)
        marked = " ".join(f"WHEN {is_marked(cell)} THEN {cell}" for cell in read)
        return f"CASE {marked} ELSE {self._filled(name)} END"

    def _fault(self) -> str:
        """SQL of a row's fault. Where a cell that decides whether the row is the table's holds no value, nobody can say."""
        read = dict.fromkeys(condition.column for condition in self.mapped.where if condition.column in self.cells)
        if not (self.staged.is_marked and read):
            return "_fault"
        reasons = ", ".join(f"{quoted(heading)} || chr(31) || ({reason_of(self.cells[heading])})" for heading in read)
        return f"coalesce(_fault, {reasons})"

    def _make_lookup(self, lookup: str) -> None:
        if lookup in self.lookups:
            return
        self.lookups.add(lookup)
        listed = self.mapping.lookups[lookup]
        self.connection.register("_listed", pa.table({"found": pa.array(list(listed), pa.string()), "meant": pa.array(list(listed.values()), pa.string())}))
        self.connection.execute(f"CREATE OR REPLACE TABLE {identifier(f'_lookup {lookup}')} AS FROM _listed")
        self.connection.unregister("_listed")

    def _answer(self, column: ColumnMapping, cell: str) -> str:
        self._make_lookup(column.lookup)
        return self.cells.named(f"(SELECT meant FROM {identifier(f'_lookup {column.lookup}')} WHERE found = lower({cell}))")

    def _is_given(self, column: ColumnMapping) -> bool:
        if column.case:
            return column.case in self.cells or not column.optional
        return bool(column.key or column.join or column.symbol_of or column.constant is not None or self._present(column))

    def _check_headings(self) -> None:
        for name, column in self.mapped.columns.items():
            for part in column.parts:
                if part.headings and not self._present(part) and part.constant is None and not part.optional:
                    raise self._absent(part.headings, name)

    def _absent(self, wanted: Iterable[str], name: str) -> MappingError:
        wanted = list(wanted)
        nearest = extractOne(wanted[0], list(self.staged.headings))
        return MappingError(
            "{mapping}: {table}.{column} is read from {wanted}, which {file} does not have in line {line}. "
            "Nearest heading there: {nearest}. Name it, or say optional = true.",
            mapping=self.mapping.name,
            table=self.mapped.table.name,
            column=name,
            wanted=" / ".join(wanted),
            file=self.file,
            line=self.staged.header_line,
            nearest=masked_name(nearest[0]) if nearest else "—",
        )

    def _present(self, column: ColumnMapping) -> str:
        return next((heading for heading in column.headings if heading in self.cells), "")

    def _headings_of(self, column: ColumnMapping) -> list[str]:
        """The headings whose cells it is made of, of alternatives the one that is there."""
        spans = self._present(replace(column, headings=column.plus.headings)) if column.plus else ""
        return [heading for heading in (*column.key, *column.join, self._present(column), spans) if heading]

    def _raw(self, heading: str, name: str, kind: str, column: ColumnMapping | None = None, listed: Iterable[str] = ()) -> str:
        """The column of a cell, see `Cells.cell`; ``name`` is the canonical column's, of the type ``kind``."""
        if heading not in self.cells:
            raise self._absent([heading], name)
        return self.cells.cell(heading, kind, column, listed)

    def _holds(self, condition: Condition) -> str:
        listed = list(map(compared, condition.equals or condition.not_equals))
        cell = self._raw(condition.column, "where", "text", listed=listed)
        if condition.empty is not None:
            return f"{cell} IS {'' if condition.empty else 'NOT '}NULL"
        if condition.positive is not None:
            # What is no number is not left out without a word: the row is judged by its columns.
            amount = f"coalesce(TRY_CAST({cell} AS DOUBLE), TRY_CAST(km_number({cell}) AS DOUBLE))"
            return f"CASE WHEN {cell} IS NULL THEN false ELSE coalesce({amount} {'>' if condition.positive else '<='} 0, true) END"
        if condition.matches:
            return f"coalesce(regexp_matches({cell}, {quoted(condition.matches)}), false)"
        return f"coalesce(lower({cell}), '') {'' if condition.equals else 'NOT '}IN ({', '.join(map(quoted, listed))})"

    def _filled(self, name: str) -> str:
        """SQL of a canonical column, what is known to be no count told apart. An id that is read from where the codes are is a code."""
        cell = self._cell(self.mapped.table.columns[name], self.mapped.columns[name])
        plain = self._present(self.mapped.columns[name]) if not self.mapped.columns[name].lookup else ""
        if self.mapped.table.columns[name].type == "id" and folded(plain) in self.code_headings:
            cell = f"km_digest({cell})"
        for counted, column in self.mapped.columns.items():
            if not column.placeholders or counted not in self.columns or name not in (counted, PLACEHOLDER):
                continue
            count = f"TRY_CAST({self._cell(self.mapped.table.columns[counted], column)} AS DECIMAL(18,4))"
            # A count may not be below 0: what stands for one is empty, the others are kept as they were shown.
            listed = ", ".join(str(shown) for shown in column.placeholders if name == PLACEHOLDER or shown < 0)
            if listed:
                cell = f"CASE WHEN {count} IN ({listed}) THEN {quoted('true') if name == PLACEHOLDER else 'NULL'} ELSE {cell} END"
        return cell

    def _case(self, column: Column, mapped: ColumnMapping) -> str:
        decides = self._raw(mapped.case, column.name, "text", listed=mapped.when)
        cases = " ".join(f"WHEN {quoted(found)} THEN {self._cell(column, part)}" for found, part in mapped.when.items())
        if mapped.otherwise:
            otherwise = self._cell(column, mapped.otherwise)
        else:
            otherwise = _no_answer(NOT_IN_CASE, ", ".join(found or '""' for found in mapped.when), decides) if column.required else "NULL::VARCHAR"
        return f"CASE lower(coalesce({decides}, '')) {cases} ELSE {otherwise} END"

    def _cell(self, column: Column, mapped: ColumnMapping) -> str:
        if mapped.case:
            return self._case(column, mapped)
        if mapped.key:
            function = "km_key" if len(mapped.key) == 1 else "km_key_part"
            parts = [f"{function}({self._raw(heading, column.name, column.type, mapped)})" for heading in mapped.key]
            return f"nullif(concat_ws('|', {', '.join(parts)}), '')"
        if mapped.symbol_of:
            cell = self._raw(mapped.symbol_of, column.name, column.type)
            signs = f"CASE WHEN TRY_CAST({cell} AS DOUBLE) IS NULL THEN km_currency({cell}) END"
            return f"coalesce({signs}, {quoted(mapped.constant) if mapped.constant is not None else 'NULL'})"
        cell = self._read(column, mapped)
        if not cell:
            return quoted(mapped.constant or "") if mapped.constant else "NULL::VARCHAR"
        if mapped.lookup:
            answer = self._answer(mapped, cell)
            answered = f"nullif({answer}, '')"
            known = self._meant(column, mapped, answered, answered)
            unknown = f"nullif({quoted(mapped.default)}, '')" if mapped.default is not None else _no_answer(NOT_IN_LOOKUP, f"lookups.{mapped.lookup}", cell)
            return f"CASE WHEN {cell} IS NULL THEN NULL WHEN {answer} IS NULL THEN {unknown} ELSE {known} END"
        meant = self._meant(column, mapped, cell, self._read(column, replace(mapped, remove=())))
        if not mapped.values:
            return meant
        known = " ".join(f"WHEN {quoted(compared(found))} THEN nullif({quoted(value)}, '')" for found, value in mapped.values.items())
        return f"CASE lower({cell}) {known} ELSE {meant} END"

    def _read(self, column: Column, mapped: ColumnMapping) -> str:
        """The column of what a mapped column is read from, several cells joined; empty where the file has none of the headings."""
        if mapped.join:
            cells = [self._raw(heading, column.name, column.type, mapped) for heading in mapped.join]
            return self.cells.named(joined(cells, is_moment=column.type in ("timestamp", "date")))
        heading = self._present(mapped)
        listed = self.mapping.lookups[mapped.lookup] if mapped.lookup else mapped.listed
        return self._raw(heading, column.name, column.type, mapped, listed) if heading else ""

    def _stated(self, mapped: ColumnMapping) -> str:
        """SQL of the cells that a column is read from, as they stand in the file; empty where that depends on the row."""
        cells = [self.cells[heading] for heading in self._headings_of(mapped) if heading in self.cells]
        return f"nullif(concat_ws(' ', {', '.join(stripped(cell) for cell in cells)}), '')" if cells else ""

    def _doubt(self, column: Column, mapped: ColumnMapping) -> str:
        """SQL of the id of what is doubtful about a cell, NULL where nothing is; empty where nothing can be."""
        if mapped.case:
            parts = {found: doubt for found, part in mapped.when.items() if (doubt := self._doubt(column, part))}
            otherwise = self._doubt(column, mapped.otherwise) if mapped.otherwise else ""
            if not parts and not otherwise:
                return ""
            decides = self._raw(mapped.case, column.name, "text", listed=mapped.when)
            cases = " ".join(f"WHEN {quoted(found)} THEN {parts.get(found, 'NULL')}" for found in mapped.when)
            return f"CASE lower(coalesce({decides}, '')) {cases} ELSE {otherwise or 'NULL'} END"
        doubts = []
        present = [heading for heading in mapped.headings if heading in self.cells]
        if len({self.cells[heading] for heading in present}) > 1:
            first, *others = (self._raw(heading, column.name, column.type, mapped) for heading in present)
            doubts.append(f"CASE WHEN {' OR '.join(f'{first} IS DISTINCT FROM {other}' for other in others)} THEN '{ALTERNATIVES_DIFFER}' END")
        if column.type == "timestamp" and not mapped.lookup and (cell := self._read(column, mapped)):
            clock = self._clock(mapped)
            if doubt := clock.doubt(clock.dated(cell)):
                doubts.append(doubt)
        return f"coalesce({', '.join(doubts)})" if doubts else ""

    def _meant(self, column: Column, mapped: ColumnMapping, cell: str, stated: str) -> str:
        """SQL of what a cell means to a column of its type; ``stated`` is the cell before the mapping removed anything."""
        match column.type:
            case "timestamp":
                clock = self._clock(mapped)
                cell, stated = (self.cells.named(clock.dated(text)) if mapped.year else text for text in (cell, stated))
                if clock.needs_zone:
                    self._check_zone(column, clock, cell)
                return self._later(column, mapped, clock, cell) if mapped.plus else clock.timestamp(cell, stated, self.cells.named)
            case "date":
                clock = self._clock(mapped)
                cell, stated = (self.cells.named(clock.dated(text)) if mapped.year else text for text in (cell, stated))
                return clock.date(cell, stated)
            case "integer" | "decimal" | "float":
                return number(cell, column, mapped, self.cells.named(self._currency()), self.cells.named)
        return _READ.get(column.type, _as_it_is)(cell)

    def _later(self, column: Column, mapped: ColumnMapping, clock: Clock, cell: str) -> str:
        """SQL of a moment and the time that passed since."""
        span = mapped.plus
        heading = self._present(replace(mapped, headings=span.headings)) if span else ""
        if not span or not heading:
            raise self._absent(span.headings if span else (), column.name)
        return clock.later(cell, self._raw(heading, column.name, "text"), span.seconds)

    def _clock(self, mapped: ColumnMapping) -> Clock:
        is_typed = self.is_sheet or self.staged.encoding == "parquet"
        return Clock(mapped, self.mapping.source, is_sheet=self.is_sheet, is_typed=is_typed, day_zero=self.staged.day_zero)

    def _currency(self) -> str:
        """SQL of the currency that the mapping gives the row."""
        column, mapped = self.mapped.table.columns.get("currency"), self.mapped.columns.get("currency")
        return self._cell(column, mapped) if column and mapped and self._is_given(mapped) else "NULL::VARCHAR"

    def _check_zone(self, column: Column, clock: Clock, cell: str) -> None:
        row = self.connection.execute(
            f"SELECT min(_line) FROM {self.cells.rows} "
            f"WHERE _fault IS NULL AND NOT regexp_full_match({cell}, '{ZONED_TIME}') AND {clock.local(cell)} IS NOT NULL"
        ).fetchone()
        if row and row[0] is not None:
            raise MappingError(
                '{mapping}: {file}, line {line}: {column} states no time zone. Say which one it is in: timezone = "Asia/Shanghai" under [source].',
                mapping=self.mapping.name,
                file=self.file,
                line=row[0],
                column=column.name,
            )


def _no_answer(mark: str, answered: str, cell: str) -> str:
    """SQL of a cell that a lookup or a case has no answer for, see `casts.NOT_IN_LOOKUP`."""
    return f"{quoted(mark + answered + WHAT_WAS_FOUND)} || coalesce({cell}, '')"


def _as_it_is(cell: str) -> str:
    return cell


def _secret(cell: str) -> str:
    # Of a number that a spreadsheet rounded no digest is made: others have the same.
    return f"CASE WHEN {is_rounded(cell)} THEN {cell} ELSE km_digest({cell}) END"


def _enum(cell: str) -> str:
    return f"lower({cell})"


def _boolean(cell: str) -> str:
    words = [f"WHEN lower({cell}) IN ({', '.join(map(quoted, listed))}) THEN '{meant}'" for listed, meant in ((TRUE_WORDS, "true"), (FALSE_WORDS, "false"))]
    return f"CASE {' '.join(words)} ELSE {cell} END"


_READ: dict[str, Callable[[str], str]] = {"digest": _secret, "enum": _enum, "boolean": _boolean}
