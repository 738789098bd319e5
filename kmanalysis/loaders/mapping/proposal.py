"""A first mapping from a file's headings: what is certain stands ready, what is guessed waits for the analyst behind ``#?``."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from charset_normalizer import from_bytes
from rapidfuzz.fuzz import ratio

from kmanalysis.durable import write_atomically
from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import identifier
from kmanalysis.errors import DataError, MappingError
from kmanalysis.loaders.checking.casts import ZONED_TIME
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.mapping.cleaning import CURRENCY_SIGNS, plain_number
from kmanalysis.loaders.mapping.translation import FALSE_WORDS, TIME_FORMATS, TRUE_WORDS, folded
from kmanalysis.loaders.reading.decoding import decoding
from kmanalysis.loaders.reading.dialect import EMPTY_WORDS, Dialect
from kmanalysis.loaders.reading.headings import check_once, looks_like_data
from kmanalysis.loaders.reading.records import Record, footer_pattern
from kmanalysis.loaders.reading.sheets import stage_sheet
from kmanalysis.loaders.reading.text import Staged, stage_parquet, stage_text, stripped
from kmanalysis.loaders.reading.workbook import is_workbook
from kmanalysis.tables import Column, Table, tables
from kmanalysis.words import Words

MAPPINGS = "mappings"
SAMPLE_ROWS = 1000
SIMILAR = 70
GUESS_BYTES = 1 << 22
MOST_VALUES = 30
PAID = ("付款时间", "支付时间", "paid_at", "pay_time")
"""What exports call the time of payment: where it stands beside that of the order's making, it is the one that counts."""

_OTHER_FORMATS = (
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %b, %Y",
    "%b %d, %Y",
)


@dataclass
class Proposal:
    """A proposed mapping: its TOML ``text``, and the columns (``table.column``) that must be settled before it can be used."""

    table: str
    text: str
    open_points: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether it can be used as it is."""
        return not self.open_points


def propose_mapping(path: Path, table: str = "", *, sheet: str = "", into: Path | None = None, words: Words | None = None) -> Proposal:
    """A mapping of a raw file to the named table, or to the one whose headings fit best; ``into`` is the folder that its ids should be known in.

    Raises MappingError where no table fits, DataError where the file cannot be read.
    """
    if table and table not in tables():
        raise MappingError(
            "{file}: {place}: {found!r} is not known. Accepted: {accepted}.", file=path.name, place="--as", found=table, accepted=", ".join(tables())
        )
    if not path.is_file():
        raise DataError("File {file} was not found.", file=path.name)
    connection = connect()
    dialect = Dialect(EMPTY_WORDS, _escape_of(path))
    staged = _staged(connection, path, sheet, dialect)
    chosen = tables()[table] if table else _fitting(staged, path)
    partners = _partners(connection, into, chosen) if into else frozenset()
    return _Proposer(connection, staged, chosen, path, sheet, dialect.escape, partners, words or Words()).proposal()


def write_proposal(proposal: Proposal, source: Path, into: Path) -> Path:
    """Writes a proposal to ``mappings/<file>.toml`` in the folder, unless the analyst already has one there, and returns where it is."""
    target = into / MAPPINGS / f"{source.stem}.toml"
    with suppress(FileExistsError):
        write_atomically(target, proposal.text.encode(), replace=False)
    return target


def mapping_for(source: Path, table: str, into: Path, *, words: Words | None = None) -> Path:
    """The mapping to load a file by where none is given: the one that lies in the folder's ``mappings``, else a proposal, written there.

    Raises MappingError where the proposal has open points.
    """
    kept = into / MAPPINGS / f"{source.stem}.toml"
    if kept.exists():
        return kept
    proposal = propose_mapping(source, table, into=into, words=words)
    written = write_proposal(proposal, source, into)
    if not proposal.is_complete:
        raise MappingError(
            "{file}: a mapping was proposed in {mapping}. Finish it ({open}), then load again.",
            file=source.name,
            mapping=str(written.relative_to(into)),
            open=", ".join(proposal.open_points),
        )
    return written


def _escape_of(path: Path) -> str:
    """The escape sign, where cells are written as a database's dump writes nothing: with tabs between them, and a sign for NULL."""
    if is_workbook(path) or path.suffix.lower() == ".parquet":
        return ""
    with path.open("rb") as source:
        head = source.read(GUESS_BYTES)
    return "\\" if b"\t\\N" in head or b"\\N\t" in head else ""


def _staged(connection: duckdb.DuckDBPyConnection, path: Path, sheet: str, dialect: Dialect) -> Staged:
    if is_workbook(path):
        return stage_sheet(connection, path, "_proposed", sheet=sheet, header=_header, footer=footer_pattern(), empty=dialect.empty)
    if path.suffix.lower() == ".parquet":
        return stage_parquet(connection, path, "_proposed")
    return stage_text(connection, path, "_proposed", header=_header, footer=footer_pattern(), dialect=dialect)


def _header(first: list[Record]) -> int | None:
    """The record with most known headings; where none has any, the first of the widest, unless it looks like data."""
    known = {folded(name) for table in tables().values() for column in table.columns.values() for name in (column.name, *column.headings)}
    counts = [sum(folded(cell) in known for cell in record.cells) for record in first]
    best = max(range(len(first)), key=lambda index: (counts[index], len(first[index].cells), -index))
    return best if counts[best] or not looks_like_data(first[best].cells) else None


def _partners(connection: duckdb.DuckDBPyConnection, folder: Path, table: Table) -> frozenset[str]:
    """The tables with rows that the folder holds for this one to refer to, attached. A folder that cannot be read is for the load to speak of."""
    wanted = {column.refers_to.partition(".")[0] for column in table.columns.values() if column.refers_to}
    try:
        found = wanted & set(attach(connection, folder).given)
    except DataError:
        return frozenset()
    return frozenset(name for name in found if connection.execute(f"SELECT 1 FROM {identifier(name)} LIMIT 1").fetchone())


def _likeness(column: Column, heading: str) -> float:
    """How well a heading fits a column, 0–100; 100 is the column's own name or one of its known headings."""
    return max(ratio(folded(heading), folded(name)) for name in (column.name, *column.headings))


def _fitting(staged: Staged, path: Path) -> Table:
    def fit(table: Table) -> tuple[int, int]:
        exact = [column for column in table.columns.values() if any(_likeness(column, heading) == 100 for heading in staged.headings)]
        return len({heading for heading in staged.headings if any(_likeness(column, heading) == 100 for column in exact)}), sum(
            column.required for column in exact
        )

    best = max(tables().values(), key=fit)
    if not fit(best)[0]:
        raise MappingError("{file}: no table fits these headings: {found}. Say which one it is with --as.", file=path.name, found=", ".join(staged.headings))
    return best


class _Proposer:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        staged: Staged,
        table: Table,
        path: Path,
        sheet: str,
        escape: str,
        partners: frozenset[str],
        words: Words,
    ) -> None:
        self.connection, self.staged, self.table, self.path, self.sheet, self.words = connection, staged, table, path, sheet, words
        self.escape, self.partners = escape, partners
        self.open_points: list[str] = []
        self.has_naive_times = False

    def proposal(self) -> Proposal:
        encoding, is_sure = self._encoding()
        lines = [line for column in self.table.columns.values() if (line := self._line(column))]
        settings = (("encoding", encoding if is_sure else ""), ("delimiter", self.staged.delimiter), ("sheet", self.sheet), ("escape", self.escape))
        source = [f"{key} = {_toml(value)}" for key, value in settings if value]
        if not is_sure:
            source.append(f"#? encoding = {_toml(encoding)}  # {self.words.text('some bytes are no text in the encoding that was found; this one may fit')}")
        if self.has_naive_times:
            source.append(f'#? timezone = "Asia/Shanghai"  # {self.words.text("the file does not say which zone its times are in")}')
            self.open_points.append("source.timezone")
        head = self.words.text(
            "# Proposed from the headings of {file}. What begins with #? is for you to settle: correct it, then take the #? away.", file=self.path.name
        )
        text = "\n".join([head, "", "[source]", *source, "", f"[tables.{self.table.name}.columns]", *lines, ""])
        return Proposal(self.table.name, text, self.open_points)

    def _encoding(self) -> tuple[str, bool]:
        """The file's encoding; where bytes are left that are no text in it, a guess from the lines that hold them."""
        if self.staged.encoding in ("", "parquet"):
            return "", True
        if decoding(self.path).is_clean:
            return self.staged.encoding, True
        self.open_points.append("source.encoding")
        with self.path.open("rb") as source:
            foreign = [line for line in source.read(GUESS_BYTES).splitlines() if not line.isascii()]
        best = from_bytes(b"\n".join(foreign[:SAMPLE_ROWS])).best()
        return best.encoding if best else "cp1252", False

    def _line(self, column: Column) -> str:
        likeness = [self._likeness(column, heading) for heading in self.staged.headings]
        best = max(likeness, default=0)
        if best < SIMILAR:
            return self._without_heading(column)
        fitting = [index for index, fit in enumerate(likeness) if fit == best]
        index = next((index for index in fitting if folded(self.staged.headings[index]) in PAID), fitting[0])
        check_once(self.staged.headings, [self.staged.headings[index]], self.path.name, self.staged.header_line)
        spec: dict[str, object] = {"from": self.staged.headings[index]}
        cells = self._sample(index)
        doubts = [] if best == 100 else [self.words.text("the heading only resembles it")]
        if len(fitting) > 1 and folded(self.staged.headings[index]) in PAID:
            named = ", ".join(self.staged.headings[index] for index in fitting)
            doubts.append(self.words.text("several times fit: {headings}; when the buyer paid comes before when the row was made", headings=named))
        doubts += self._describe(column, cells, spec)
        doubts += self._describe_contents(column, cells)
        return self._written(column, spec, doubts)

    def _describe_contents(self, column: Column, cells: list[str]) -> list[str]:
        """What is doubtful about the cells themselves: there are none, or they name nothing that the folder knows."""
        if not cells:
            has_rows = self.connection.execute(f"SELECT 1 FROM {self.staged.relation} LIMIT 1").fetchone()
            return [self.words.text("every cell is empty: a column that is mapped counts as given")] if has_rows else []
        partner, _, key = column.refers_to.partition(".")
        if partner in self.partners:
            known = self.connection.execute(
                f"SELECT 1 FROM (SELECT unnest(?) AS found) WHERE found IN (SELECT {identifier(key)} FROM {identifier(partner)}) LIMIT 1", [cells]
            ).fetchone()
            if not known:
                return [self.words.text("none of its values is in {column} of the folder: map another column, or a lookup", column=column.refers_to)]
        return []

    def _likeness(self, column: Column, heading: str) -> float:
        likeness = _likeness(column, heading)
        # What is another column's own heading is not a misspelling of this one's.
        is_taken = likeness < 100 and any(_likeness(other, heading) == 100 for other in self.table.columns.values())
        return 0 if is_taken else likeness

    def _without_heading(self, column: Column) -> str:
        if column.name == "currency" and (column.required or any("amount" in name or "price" in name for name in self.table.columns)):
            amounts = [
                index
                for index, heading in enumerate(self.staged.headings)
                if any(_likeness(other, heading) == 100 for other in self.table.columns.values() if other.type == "decimal")
            ]
            signed = [
                index for index in amounts if all(any(sign in cell.upper() for sign in CURRENCY_SIGNS) for cell in self._sample(index)) and self._sample(index)
            ]
            if signed:
                return self._written(column, {"symbol_of": self.staged.headings[signed[0]]}, [])
            return self._written(column, {"constant": "CNY"}, [self.words.text("which currency are these amounts in?")])
        if column.required:
            return self._written(column, {"from": ""}, [self.words.text("required, but no heading fits")])
        return ""

    def _written(self, column: Column, spec: dict[str, object], doubts: list[str]) -> str:
        line = f"{column.name} = {_toml(spec)}"
        if not doubts:
            return line
        if column.required or column.name == self.table.event_time:
            self.open_points.append(f"{self.table.name}.{column.name}")
        return f"#? {line}  # {'; '.join(doubts)}"

    def _sample(self, index: int) -> list[str]:
        cell = stripped(f"c{index}")
        rows = self.connection.execute(
            f"SELECT DISTINCT {cell} FROM {self.staged.relation} WHERE _fault IS NULL AND {cell} IS NOT NULL ORDER BY 1 LIMIT {SAMPLE_ROWS}"
        ).fetchall()
        return [row[0] for row in rows]

    def _describe(self, column: Column, cells: list[str], spec: dict[str, object]) -> list[str]:
        """Adds to ``spec`` what the cells need; what stays doubtful."""
        if column.type in ("timestamp", "date"):
            return self._describe_times(column, cells, spec)
        accepted: dict[str, tuple[str, ...]] = {"enum": column.values, "boolean": (*TRUE_WORDS, *FALSE_WORDS)}
        if column.type in accepted:
            unknown = [cell for cell in cells if cell.lower() not in accepted[column.type]][:MOST_VALUES]
            if unknown:
                spec["values"] = dict.fromkeys(unknown, "")
                return [self.words.text("say what each of these means: {accepted}", accepted=", ".join(column.values or ("true", "false")))]
        if column.type in ("integer", "decimal", "float"):
            words = [cell for cell in cells if plain_number(cell) is None and not any(character.isdigit() for character in cell)]
            if words:
                spec["missing"] = words[:MOST_VALUES]
                return [self.words.text("say what each of these means: {accepted}", accepted="—")]
        return []

    def _describe_times(self, column: Column, cells: list[str], spec: dict[str, object]) -> list[str]:
        if not cells:
            return []
        listed = ", ".join(["?"] * len(cells))
        zoned = self.connection.execute(
            f"SELECT count(*) FILTER (regexp_full_match(x, '{ZONED_TIME}')) FROM (SELECT unnest([{listed}]) AS x)", cells
        ).fetchone()
        if zoned and zoned[0] == len(cells):
            return []
        self.has_naive_times |= column.type == "timestamp"
        if self._fits(cells, list(TIME_FORMATS)) or not self.staged.encoding:
            return []
        fitting = [entry for entry in _OTHER_FORMATS if self._fits(cells, [entry])]
        if not fitting:
            spec["formats"] = ["%Y-%m-%d %H:%M:%S"]
            return [self.words.text("no known date format fits")]
        spec["formats"] = fitting[:1]
        return [self.words.text("day and month can be mistaken")] if len(fitting) > 1 else []

    def _fits(self, cells: list[str], formats: list[str]) -> bool:
        # %Y reads 06 as the year 6: a time that far off is a format that does not fit.
        row = self.connection.execute(
            "SELECT bool_and(coalesce(try_strptime(x, ?) BETWEEN '1990-01-01' AND '2100-01-01', false)) FROM (SELECT unnest(?) AS x)", [formats, cells]
        ).fetchone()
        return bool(row and row[0])


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
    return json.dumps(value, ensure_ascii=False)
