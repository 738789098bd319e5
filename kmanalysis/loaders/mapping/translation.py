"""A mapping applied to staged rows: SQL that gives every mapped canonical column as text, ready for the validator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import duckdb
import pyarrow as pa
from rapidfuzz.process import extractOne

from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.errors import MappingError
from kmanalysis.loaders.checking.casts import NOT_IN_CASE, NOT_IN_LOOKUP, UNREADABLE, WHAT_WAS_FOUND, ZONED_TIME
from kmanalysis.loaders.checking.marks import is_marked, reason_of
from kmanalysis.loaders.checking.secrets import digest
from kmanalysis.loaders.mapping.cleaning import CURRENCY_SIGNS, key_part, normal_key, plain_number
from kmanalysis.loaders.mapping.columns import PLACEHOLDER
from kmanalysis.loaders.mapping.model import ColumnMapping, Condition, Source, SourceMapping, TableMapping, compared
from kmanalysis.loaders.reading.headings import check_once
from kmanalysis.loaders.reading.headings import folded as folded
from kmanalysis.loaders.reading.records import Record
from kmanalysis.loaders.reading.text import Staged, stripped
from kmanalysis.tables import Column

TIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日%H:%M:%S", "%Y年%m月%d日%H:%M",
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d",
)  # fmt: skip
"""What is read where a mapping names no formats: the year first, so that day and month cannot be mistaken."""

TRUE_WORDS = ("true", "1", "1.0", "yes", "y", "t", "是", "有", "已")
FALSE_WORDS = ("false", "0", "0.0", "no", "n", "f", "否", "无", "未")


def add_functions(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Gives the connection the cell functions that SQL lacks, among them the digest under this key."""
    _add_function(connection, "km_number", plain_number)
    _add_function(connection, "km_key", normal_key)
    _add_function(connection, "km_key_part", key_part)
    _add_function(connection, "km_digest", lambda value: digest(value, key))


def _add_function(connection: duckdb.DuckDBPyConnection, name: str, function: Callable[[str], str | None]) -> None:
    def over_column(cells: pa.Array) -> pa.Array:
        return pa.array([None if cell is None else function(cell) for cell in cells.to_pylist()], pa.string())

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
        self.mapping = replace(mapping, source=replace(mapping.source, day_zero=staged.day_zero))
        self.cells = {folded(heading): f"c{index}" for index, heading in reversed(list(enumerate(staged.headings)))}
        # What has no heading is called by its letter, unless a heading is that.
        self.cells |= {folded(letter): f"c{index}" for index, letter in staged.unheaded.items() if index < len(staged.headings)} | self.cells
        self.is_sheet = not staged.encoding
        self.rows = staged.relation
        self.looked_up: dict[str, str] = {}
        self._look_up()

    @property
    def headings(self) -> dict[str, str]:
        """The heading in the file that each canonical column is read from; constants are not in it."""
        return {
            name: heading
            for name, column in self.mapped.columns.items()
            if (heading := " + ".join(column.key) or column.symbol_of or column.case or self._present(column))
        }

    @property
    def columns(self) -> list[str]:
        """The canonical columns that come out: those that are mapped, but for optional ones that the file lacks."""
        return [name for name, column in self.mapped.columns.items() if self._is_given(column)]

    @property
    def answered(self) -> list[str]:
        """The canonical columns that a lookup or a case answers for, or of which the file may hold cells without a value."""
        return [name for name in self.columns if self.staged.is_marked or self.mapped.columns[name].may_lack_answers]

    def select(self, number: int) -> str:
        """SQL of the file's rows for the validator; ``number`` is the file's."""
        self._check_headings()
        cells = [f"{self._with_marks(name)} AS {identifier(name)}" for name in self.columns]
        fault = self._fault()
        return (
            f"SELECT {self.staged.file_number(number)} AS _file, _line, {fault} AS _fault, _found, {len(self.staged.headings)} AS _width, {', '.join(cells)} "
            f"FROM {self.rows} WHERE {fault} IS NOT NULL OR ({' AND '.join(map(self._holds, self.mapped.where)) or 'true'})"
        )

    def _with_marks(self, name: str) -> str:
        """SQL of a canonical column, where the file marks a cell that it reads as one without a value: that cell as it is."""
        read = dict.fromkeys(self.cells[folded(heading)] for heading in self.mapped.columns[name].read if folded(heading) in self.cells)
        if not (self.staged.is_marked and read):
            return self._filled(name)
        marked = " ".join(f"WHEN {is_marked(cell)} THEN {cell}" for cell in read)
        return f"CASE {marked} ELSE {self._filled(name)} END"

    def _fault(self) -> str:
        """SQL of a row's fault. Where a cell that decides whether the row is the table's holds no value, nobody can say."""
        read = dict.fromkeys(condition.column for condition in self.mapped.where if folded(condition.column) in self.cells)
        if not (self.staged.is_marked and read):
            return "_fault"
        reasons = ", ".join(f"{quoted(heading)} || chr(31) || ({reason_of(self.cells[folded(heading)])})" for heading in read)
        return f"coalesce(_fault, {reasons})"

    def _look_up(self) -> None:
        """Gives the rows a column for each cell that is looked up: written out where it is used, it would be looked up at each mention."""
        for name, column in self.mapped.columns.items():
            for part in column.parts:
                if part.lookup and (heading := self._present(part)):
                    self._make_lookup(part.lookup)
                    self.looked_up.setdefault(self._answer(part, self._raw(heading, name, part)), f"looked_up_{len(self.looked_up)}")
        if self.looked_up:
            self.rows = f"(SELECT *, {', '.join(f'{answer} AS {name}' for answer, name in self.looked_up.items())} FROM {self.staged.relation})"

    def _make_lookup(self, lookup: str) -> None:
        listed = self.mapping.lookups[lookup]
        self.connection.register("_listed", pa.table({"found": pa.array(list(listed), pa.string()), "meant": pa.array(list(listed.values()), pa.string())}))
        self.connection.execute(f"CREATE OR REPLACE TABLE {identifier(f'_lookup {lookup}')} AS FROM _listed")
        self.connection.unregister("_listed")

    def _answer(self, column: ColumnMapping, cell: str) -> str:
        return f"(SELECT meant FROM {identifier(f'_lookup {column.lookup}')} WHERE found = lower({cell}))"

    def _is_given(self, column: ColumnMapping) -> bool:
        if column.case:
            return folded(column.case) in self.cells or not column.optional
        return bool(column.key or column.symbol_of or column.constant is not None or self._present(column))

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
            nearest=nearest[0] if nearest else "—",
        )

    def _present(self, column: ColumnMapping) -> str:
        return next((heading for heading in column.headings if folded(heading) in self.cells), "")

    def _raw(self, heading: str, name: str, column: ColumnMapping | None = None) -> str:
        """SQL of a cell without padding, its missing words and removed parts; NULL where nothing is left."""
        if folded(heading) not in self.cells:
            raise self._absent([heading], name)
        cell = stripped(self.cells[folded(heading)])
        if column and column.missing:
            words = ", ".join(quoted(compared(word)) for word in column.missing)
            cell = f"CASE WHEN lower({cell}) IN ({words}) THEN NULL ELSE {cell} END"
        for pattern in column.remove if column else ():
            cell = stripped(f"regexp_replace({cell}, {quoted(pattern)}, '', 'g')")
        return f"({cell})"

    def _holds(self, condition: Condition) -> str:
        cell = self._raw(condition.column, "where")
        if condition.empty is not None:
            return f"{cell} IS {'' if condition.empty else 'NOT '}NULL"
        listed = ", ".join(quoted(compared(value)) for value in condition.equals or condition.not_equals)
        return f"coalesce(lower({cell}), '') {'' if condition.equals else 'NOT '}IN ({listed})"

    def _filled(self, name: str) -> str:
        """SQL of a canonical column, what is known to be no count told apart."""
        cell = self._cell(self.mapped.table.columns[name], self.mapped.columns[name])
        for counted, column in self.mapped.columns.items():
            if not column.placeholders or counted not in self.columns or name not in (counted, PLACEHOLDER):
                continue
            number = f"TRY_CAST({self._cell(self.mapped.table.columns[counted], column)} AS DECIMAL(18,4))"
            # A count may not be below 0: what stands for one is empty, the others are kept as they were shown.
            listed = ", ".join(str(number) for number in column.placeholders if name == PLACEHOLDER or number < 0)
            if listed:
                cell = f"CASE WHEN {number} IN ({listed}) THEN {quoted('true') if name == PLACEHOLDER else 'NULL'} ELSE {cell} END"
        return cell

    def _case(self, column: Column, mapped: ColumnMapping) -> str:
        decides = self._raw(mapped.case, column.name)
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
            parts = [f"{function}({self._raw(heading, column.name, mapped)})" for heading in mapped.key]
            return f"nullif(concat_ws('|', {', '.join(parts)}), '')"
        if mapped.symbol_of:
            cell = self._raw(mapped.symbol_of, column.name)
            signs = " ".join(f"WHEN contains(upper({cell}), {quoted(sign)}) THEN {quoted(code)}" for sign, code in CURRENCY_SIGNS.items())
            return f"CASE {signs} ELSE {quoted(mapped.constant) if mapped.constant is not None else 'NULL'} END"
        heading = self._present(mapped)
        if not heading:
            return quoted(mapped.constant or "") if mapped.constant else "NULL::VARCHAR"
        cell = self._raw(heading, column.name, mapped)
        if mapped.lookup:
            answer = self.looked_up[self._answer(mapped, cell)]
            known = self._meant(column, mapped, f"nullif({answer}, '')")
            unknown = f"nullif({quoted(mapped.default)}, '')" if mapped.default is not None else _no_answer(NOT_IN_LOOKUP, f"lookups.{mapped.lookup}", cell)
            return f"CASE WHEN {cell} IS NULL THEN NULL WHEN {answer} IS NULL THEN {unknown} ELSE {known} END"
        meant = self._meant(column, mapped, cell)
        if not mapped.values:
            return meant
        known = " ".join(f"WHEN {quoted(compared(found))} THEN nullif({quoted(value)}, '')" for found, value in mapped.values.items())
        return f"CASE lower({cell}) {known} ELSE {meant} END"

    def _meant(self, column: Column, mapped: ColumnMapping, cell: str) -> str:
        """SQL of what a cell means to a column of its type."""
        if column.type in ("timestamp", "date"):
            self._check_zone(column, mapped, cell)
        return _READ.get(column.type, _as_it_is)(cell, mapped, self.mapping.source, self.is_sheet)

    def _check_zone(self, column: Column, mapped: ColumnMapping, cell: str) -> None:
        if column.type == "date" or mapped.timezone or self.mapping.source.timezone or "unix" in "".join(mapped.formats):
            return
        row = self.connection.execute(
            f"SELECT min(_line) FROM {self.rows} WHERE _fault IS NULL AND NOT regexp_full_match({cell}, '{ZONED_TIME}') "
            f"AND {_moment(cell, mapped, self.mapping.source, self.is_sheet)} IS NOT NULL"
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


def _as_it_is(cell: str, _mapped: ColumnMapping, _source: Source, _is_sheet: bool) -> str:
    return cell


def _secret(cell: str, _mapped: ColumnMapping, _source: Source, _is_sheet: bool) -> str:
    return f"km_digest({cell})"


def _enum(cell: str, _mapped: ColumnMapping, _source: Source, _is_sheet: bool) -> str:
    return f"lower({cell})"


def _boolean(cell: str, _mapped: ColumnMapping, _source: Source, _is_sheet: bool) -> str:
    words = [f"WHEN lower({cell}) IN ({', '.join(map(quoted, listed))}) THEN '{meant}'" for listed, meant in ((TRUE_WORDS, "true"), (FALSE_WORDS, "false"))]
    return f"CASE {' '.join(words)} ELSE {cell} END"


def _number(cell: str, mapped: ColumnMapping, _source: Source, _is_sheet: bool) -> str:
    unreadable = f"{quoted(UNREADABLE)} || {cell}"
    number = f"CASE WHEN {cell} IS NULL OR TRY_CAST({cell} AS DOUBLE) IS NOT NULL THEN {cell} ELSE coalesce(km_number({cell}), {unreadable}) END"
    for by, is_rate in ((mapped.factor, False), (mapped.rate, True)):
        if by is not None:
            product = f"TRY_CAST(({number}) AS DECIMAL(24,8)) * {by}::DECIMAL(14,6)"
            number = f"CASE WHEN {cell} IS NOT NULL THEN coalesce(({f'round({product}, 4)' if is_rate else product})::VARCHAR, {unreadable}) END"
    return number


def _moment(cell: str, mapped: ColumnMapping, source: Source, is_sheet: bool) -> str:
    """SQL of the naive time that a cell states in its own zone."""
    special = [entry for entry in mapped.formats if entry in ("unix", "unix_ms", "excel")]
    formats = [entry for entry in mapped.formats if entry not in special] or ([] if special else list(TIME_FORMATS))
    # A sheet's own times come out in ISO form, whatever the mapping says of its texts.
    formats += [entry for entry in TIME_FORMATS[:3] if is_sheet and entry not in formats]
    parts = [f"try_strptime({cell}, [{', '.join(map(quoted, formats))}])"] if formats else []
    number = f"TRY_CAST({cell} AS DOUBLE)"
    if is_sheet or "excel" in special:
        parts.append(f"CASE WHEN {number} BETWEEN 30000 AND 75000 THEN TIMESTAMP '{source.day_zero}' + to_milliseconds(round({number} * 86400000)::BIGINT) END")
    return f"coalesce({', '.join(parts)})" if parts else "NULL::TIMESTAMP"


def _timestamp(cell: str, mapped: ColumnMapping, source: Source, is_sheet: bool) -> str:
    zone = mapped.timezone or source.timezone
    moment = _moment(cell, mapped, source, is_sheet)
    utc = f"timezone('UTC', timezone({quoted(zone)}, {moment}))" if zone not in ("", "UTC") else moment
    return (
        f"CASE WHEN {cell} IS NULL OR regexp_full_match({cell}, '{ZONED_TIME}') THEN {cell} "
        f"ELSE coalesce({_unix(cell, mapped)}({utc})::VARCHAR, {quoted(UNREADABLE)} || {cell}) END"
    )


def _unix(cell: str, mapped: ColumnMapping) -> str:
    number, scale = f"TRY_CAST({cell} AS BIGINT)", {"unix": 1_000_000, "unix_ms": 1000}
    return "".join(f"make_timestamp({number} * {scale[entry]})::VARCHAR, " for entry in mapped.formats if entry in scale)


def _date(cell: str, mapped: ColumnMapping, source: Source, is_sheet: bool) -> str:
    local = f"(timezone('UTC', TRY_CAST({cell} AS TIMESTAMPTZ)) + INTERVAL 8 HOUR)::DATE::VARCHAR"
    day = f"({_moment(cell, mapped, source, is_sheet)})::DATE::VARCHAR"
    unreadable = f"{quoted(UNREADABLE)} || {cell}"
    return f"CASE WHEN {cell} IS NULL THEN NULL WHEN regexp_full_match({cell}, '{ZONED_TIME}') THEN {local} ELSE coalesce({day}, {unreadable}) END"


_READ: dict[str, Callable[[str, ColumnMapping, Source, bool], str]] = {
    "digest": _secret,
    "enum": _enum,
    "boolean": _boolean,
    "integer": _number,
    "decimal": _number,
    "float": _number,
    "timestamp": _timestamp,
    "date": _date,
}
