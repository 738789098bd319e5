"""A first mapping from a file's headings and cells: what is certain stands ready, what is guessed waits for the analyst behind ``#?``."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from charset_normalizer import from_bytes

from kmanalysis.detector import MASK, in_groups, looks_like_code, masked, masked_name, names_code
from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import check_name, identifier
from kmanalysis.errors import DataError, MappingError
from kmanalysis.files.durable import write_atomically
from kmanalysis.files.faults import check_readable
from kmanalysis.loaders.checking.secrets import file_name, key_of
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.mapping.proposing.assignment import BY_CELLS, Choice, assigned
from kmanalysis.loaders.mapping.proposing.cells import Cells, cells_of, column_values
from kmanalysis.loaders.mapping.proposing.describing import Describing
from kmanalysis.loaders.mapping.proposing.heading_row import heading_row
from kmanalysis.loaders.mapping.proposing.known import CLEAR, CURRENCY_UNITS, SIMILAR, fit
from kmanalysis.loaders.reading.decoding import decoding
from kmanalysis.loaders.reading.dialect import EMPTY_WORDS, Dialect
from kmanalysis.loaders.reading.headings import folded, looks_like_data
from kmanalysis.loaders.reading.records import footer_pattern
from kmanalysis.loaders.reading.sheets import stage_sheet
from kmanalysis.loaders.reading.text import Staged, stage_parquet, stage_text
from kmanalysis.loaders.reading.workbook import is_workbook
from kmanalysis.loaders.store import refuse_links
from kmanalysis.tables import Column, Table, tables
from kmanalysis.words import Words

MAPPINGS = "mappings"
GUESS_BYTES = 1 << 22
GUESS_LINES = 1000


@dataclass(frozen=True)
class Became:
    """What became of one of the file's headings: the canonical ``columns`` that read it (none: it is not used), and whether that is certain."""

    heading: str
    columns: tuple[str, ...] = ()
    is_certain: bool = True


@dataclass
class Proposal:
    """A proposed mapping: its TOML ``text``, the columns (``table.column``) that must be settled before it can be used, and what became of each heading."""

    table: str
    text: str
    open_points: list[str] = field(default_factory=list)
    headings: list[Became] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether it can be used as it is."""
        return not self.open_points


def propose_mapping(
    path: Path, table: str = "", *, sheet: str = "", into: Path | None = None, words: Words | None = None, engine: duckdb.DuckDBPyConnection | None = None
) -> Proposal:
    """A mapping of a raw file to the named table, or to the one whose headings fit best; ``into`` is the folder that its ids should be known in.

    ``engine`` is a connection to work in, where one is open. Raises MappingError where no table fits, DataError where the file cannot be read.
    """
    if table and table not in tables():
        raise MappingError(
            "{file}: {place}: {found!r} is not known. Accepted: {accepted}.", file=path.name, place="--as", found=table, accepted=", ".join(tables())
        )
    check_name(path)
    if not path.is_file():
        raise DataError("File {file} was not found.", file=path.name)
    check_readable(path)
    connection = engine or connect(reads=[path, *([into] if into else [])])
    dialect = Dialect(EMPTY_WORDS, _escape_of(path))
    staged = _staged(connection, path, sheet, dialect)
    chosen = tables()[table] if table else _fitting(staged, path)
    partners = _partners(connection, into, chosen) if into else {}
    return _Proposer(connection, staged, chosen, path, sheet, dialect.escape, partners, words or Words()).proposal()


def write_proposal(proposal: Proposal, source: Path, into: Path) -> Path:
    """Writes a proposal to ``mappings/<file>.toml`` in the folder, unless the analyst already has one there, and returns where it is."""
    target = into / MAPPINGS / f"{_stem(source, into)}.toml"
    refuse_links(into, target)
    with suppress(FileExistsError):
        write_atomically(target, proposal.text.encode(), mode=0o600, replace=False)
    return target


def mapping_for(source: Path, table: str, into: Path, *, words: Words | None = None, tell: Callable[[str], object] | None = None) -> Path:
    """The mapping to load a file by where none is given: the one that lies in the folder's ``mappings``, else a proposal, written there.

    ``tell`` is told what became of the file's headings where one was proposed. Raises MappingError where the proposal has open points.
    """
    for stem in (source.stem, _stem(source, into)):
        if (kept := into / MAPPINGS / f"{stem}.toml").exists():
            return kept
    proposal = propose_mapping(source, table, into=into, words=words)
    written = write_proposal(proposal, source, into)
    if tell:
        tell(headings_text(proposal, source.name, words or Words()))
    if not proposal.is_complete:
        raise MappingError(
            "{file}: a mapping was proposed in {mapping}. Finish it ({open}), then load again.",
            file=source.name,
            mapping=str(written.relative_to(into)),
            open=", ".join(proposal.open_points),
        )
    return written


def headings_text(proposal: Proposal, file: str, words: Words) -> str:
    """What became of each of a file's headings, a line each, for the terminal."""
    lines = [words.text("{file}: what becomes of its {count} headings in {table}", file=masked(file), count=len(proposal.headings), table=proposal.table)]
    for became in proposal.headings:
        mark = "" if became.is_certain else "#? "
        lines.append(f"  {became.heading} → {mark}{', '.join(became.columns)}" if became.columns else f"  {became.heading}: {words.text('not used')}")
    return "\n".join(lines)


def shown(text: str) -> str:
    """The file's own text as a proposal may show it, secrets masked: all cells that get into one pass here."""
    return MASK if looks_like_code(text) else masked(text)


def _stem(source: Path, into: Path) -> str:
    """What a file's mapping is called: as the file is, without contacts."""
    return source.stem if masked(source.stem) == source.stem else file_name(source.stem, key_of(into))


def _escape_of(path: Path) -> str:
    """The escape sign, where cells are written as a database's dump writes nothing: with tabs between them, and a sign for NULL."""
    if is_workbook(path) or path.suffix.lower() == ".parquet":
        return ""
    with path.open("rb") as source:
        head = source.read(GUESS_BYTES)
    return "\\" if b"\t\\N" in head or b"\\N\t" in head else ""


def _staged(connection: duckdb.DuckDBPyConnection, path: Path, sheet: str, dialect: Dialect) -> Staged:
    if is_workbook(path):
        return stage_sheet(connection, path, "_proposed", sheet=sheet, header=heading_row, footer=footer_pattern(), empty=dialect.empty)
    if path.suffix.lower() == ".parquet":
        return stage_parquet(connection, path, "_proposed")
    return stage_text(connection, path, "_proposed", header=heading_row, footer=footer_pattern(), dialect=dialect)


def _partners(connection: duckdb.DuckDBPyConnection, folder: Path, table: Table) -> dict[str, str]:
    """The columns (``table.column``) with values in the folder that this table's refer to, attached, and the SQL of their values.

    A folder that cannot be read is for the load to speak of.
    """
    wanted = {column.refers_to: column.refers_to.split(".") for column in table.columns.values() if column.refers_to}
    try:
        given = set(attach(connection, folder).given)
    except DataError:
        return {}
    return {
        name: column_values(partner, key)
        for name, (partner, key) in wanted.items()
        if partner in given and connection.execute(f"SELECT 1 FROM {identifier(partner)} LIMIT 1").fetchone()
    }


def _fitting(staged: Staged, path: Path) -> Table:
    """The table most of whose own words head columns of the file."""

    def clear(table: Table) -> tuple[int, int]:
        fits = {(heading, column.name) for heading in staged.headings for column in table.columns.values() if _is_clear(table, column, heading)}
        return len({heading for heading, _ in fits}), sum(table.columns[name].required for name in {name for _, name in fits})

    best = max(tables().values(), key=clear)
    if not clear(best)[0]:
        found = ", ".join(map(_shown_heading, staged.headings))
        raise MappingError("{file}: no table fits these headings: {found}. Say which one it is with --as.", file=path.name, found=found)
    return best


def _is_clear(table: Table, column: Column, heading: str) -> bool:
    fits = fit(table, column, heading)
    return fits is not None and fits.grade == CLEAR


class _Proposer:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        staged: Staged,
        table: Table,
        path: Path,
        sheet: str,
        escape: str,
        partners: Mapping[str, str],
        words: Words,
    ) -> None:
        self.staged, self.table, self.path, self.sheet, self.words, self.escape = staged, table, path, sheet, words, escape
        self.cells = cells_of(connection, staged, partners)
        self.chosen = assigned(table, staged.headings, self.cells, words)
        self.holds_codes = any(map(names_code, staged.headings))
        self.describing = Describing(connection, words, self._shown, is_typed=not staged.encoding)
        self.twice = _standing_twice(staged.headings)
        self.open_points: list[str] = []
        self.used: dict[int, list[tuple[str, bool]]] = defaultdict(list)

    def proposal(self) -> Proposal:
        encoding, is_sure = self._encoding()
        lines = [line for column in self.table.columns.values() if (line := self._line(column))]
        settings = (("encoding", encoding if is_sure else ""), ("delimiter", self.staged.delimiter), ("sheet", self.sheet), ("escape", self.escape))
        source = [f"{key} = {_toml(value)}" for key, value in settings if value]
        if not is_sure:
            source.append(f"#? encoding = {_toml(encoding)}  # {self.words.text('some bytes are no text in the encoding that was found; this one may fit')}")
        if self.describing.has_naive_times:
            source.append(f'#? timezone = "Asia/Shanghai"  # {self.words.text("the file does not say which zone its times are in")}')
            self.open_points.append("source.timezone")
        head = self.words.text(
            "# Proposed from the headings of {file}. What begins with #? is for you to settle: correct it, then take the #? away.", file=shown(self.path.name)
        )
        became = self._became()
        text = "\n".join([head, "", "[source]", *source, "", f"[tables.{self.table.name}.columns]", *lines, *self._remarks(became), ""])
        return Proposal(self.table.name, text, self.open_points, became)

    def _shown(self, cell: str) -> str:
        """See `shown`; where codes stand, what could be one is masked as well."""
        return MASK if self.holds_codes and in_groups(cell) else shown(cell)

    def _encoding(self) -> tuple[str, bool]:
        """The file's encoding; where bytes are left that are no text in it, a guess from the lines that hold them."""
        if self.staged.encoding in ("", "parquet"):
            return "", True
        if decoding(self.path).is_clean:
            return self.staged.encoding, True
        self.open_points.append("source.encoding")
        with self.path.open("rb") as source:
            foreign = [line for line in source.read(GUESS_BYTES).splitlines() if not line.isascii()]
        best = from_bytes(b"\n".join(foreign[:GUESS_LINES])).best()
        return best.encoding if best else "cp1252", False

    def _became(self) -> list[Became]:
        return [
            Became(
                _shown_heading(heading) if heading else self.words.text("column {number}, without a heading", number=place + 1),
                tuple(name for name, _ in self.used[place]),
                all(is_certain for _, is_certain in self.used[place]),
            )
            for place, heading in enumerate(self.staged.headings)
        ]

    def _remarks(self, became: Sequence[Became]) -> list[str]:
        """Comments on the headings that nothing uses, and on those that stand twice."""
        unused = [entry.heading for entry in became if not entry.columns]
        remarks = ["", self.words.text("# Headings of the file that nothing here uses:"), *(f"#   {heading}" for heading in unused)] if unused else []
        for places in self.twice.values():
            listed = ", ".join(str(place + 1) for place in places)
            heading = _shown_heading(self.staged.headings[places[0]])
            remarks.append(
                self.words.text("# The heading {heading} stands in columns {columns}: rename all but one of them in the file.", heading=heading, columns=listed)
            )
            self.open_points.append(f"{heading} ({listed})")
        return remarks

    def _line(self, column: Column) -> str:
        choice = self.chosen.get(column.name)
        if choice is None:
            return self._without_heading(column)
        heading, cells = self.staged.headings[choice.place], self.cells[choice.place]
        if column.type == "timestamp" and (clock := self._clock_beside(choice.place, cells)) is not None:
            return self._joined(column, choice.place, clock)
        spec: dict[str, object] = {"from": heading}
        doubts = self._doubts_of_heading(column, choice) + self.describing.describe(column, cells, choice.fit.unit, spec) + choice.judgement.doubts
        return self._written(column, spec, doubts, choice.place)

    def _joined(self, column: Column, day: int, clock: int) -> str:
        """A moment of which the day stands in one column and the time of day in another."""
        spec: dict[str, object] = {"join": [self.staged.headings[day], self.staged.headings[clock]]}
        days, times = self.cells[day].values, self.cells[clock].values
        joined = Cells(rows=len(days), filled=len(days), times=len(days), values=tuple(f"{value} {times[0]}" for value in days))
        doubts = [self.words.text("the day and the time of day stand in two columns"), *self.describing.describe(column, joined, "", spec)]
        self.used[clock].append((column.name, False))
        return self._written(column, spec, doubts, day)

    def _doubts_of_heading(self, column: Column, choice: Choice) -> list[str]:
        doubts = []
        if choice.fit.grade == SIMILAR:
            doubts.append(self.words.text("the heading only resembles it"))
        elif choice.fit.grade == BY_CELLS:
            doubts.append(self.words.text("its values are in {column} of the folder, its heading is not known", column=column.refers_to))
        elif not choice.is_clear:
            doubts.append(self.words.text("the heading can mean other things too"))
        if choice.rivals:
            named = ", ".join(_shown_heading(self.staged.headings[place]) for place in sorted((choice.place, *choice.rivals)))
            if column.name == "ordered_at":
                doubts.append(self.words.text("several times fit: {headings}; when the buyer paid comes before when the row was made", headings=named))
            else:
                doubts.append(self.words.text("several columns fit: {headings}", headings=named))
        if folded(self.staged.headings[choice.place]) in self.twice:
            doubts.append(self.words.text("its heading stands in several columns"))
        return doubts

    def _clock_beside(self, place: int, cells: Cells) -> int | None:
        """The column beside this one of days that holds times of day alone."""
        if cells.days + cells.compact_days < cells.filled or not cells.filled:
            return None
        beside = [other for other in (place + 1, place - 1) if 0 <= other < len(self.cells)]
        return next((other for other in beside if self.cells[other].filled and self.cells[other].clocks == self.cells[other].filled), None)

    def _without_heading(self, column: Column) -> str:
        if column.name == "currency" and (column.required or any("amount" in name or "price" in name for name in self.table.columns)):
            return self._currency(column)
        if column.required:
            return self._written(column, {"from": ""}, [self.words.text("required, but no heading fits")])
        return ""

    def _currency(self, column: Column) -> str:
        """The currency, from the signs of amounts or the unit that their headings state."""
        amounts = [choice for name, choice in self.chosen.items() if self.table.columns[name].type == "decimal"]
        signed = [choice.place for choice in amounts if (cells := self.cells[choice.place]).filled and cells.signed == cells.filled]
        if signed:
            return self._written(column, {"symbol_of": self.staged.headings[signed[0]]}, [], signed[0])
        stated = {CURRENCY_UNITS.get(choice.fit.unit, "") for choice in amounts} - {""}
        is_foreign = any(self.cells[choice.place].foreign for choice in amounts)
        if len(stated) == 1 and not is_foreign:
            return self._written(column, {"constant": stated.pop()}, [])
        return self._written(column, {"constant": "CNY"}, [self.words.text("which currency are these amounts in?")])

    def _written(self, column: Column, spec: dict[str, object], doubts: list[str], place: int | None = None) -> str:
        line = f"{column.name} = {_toml(spec)}"
        if place is not None:
            self.used[place].append((column.name, not doubts))
        if not doubts:
            return line
        if column.required or column.name == self.table.event_time:
            self.open_points.append(f"{self.table.name}.{column.name}")
        return f"#? {line}  # {'; '.join(doubts)}"


def _standing_twice(headings: Sequence[str]) -> dict[str, list[int]]:
    """Headings that stand in several columns, folded, with the places."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, heading in enumerate(headings):
        if heading:
            places[folded(heading)].append(place)
    return {heading: found for heading, found in places.items() if len(found) > 1}


def _shown_heading(heading: str) -> str:
    """A heading on one line, masked where it could be a secret or is data."""
    return MASK if looks_like_data([heading]) else " ".join(masked_name(heading).split())


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(
                f"{json.dumps(key, ensure_ascii=False) if not key.isidentifier() or not key.isascii() else key} = {_toml(entry)}"
                for key, entry in value.items()
            )
            + " }"
        )
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(masked(value) if isinstance(value, str) else value, ensure_ascii=False)
