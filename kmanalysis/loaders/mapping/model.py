"""What a mapping says, as data: which file is meant, which cells of it fill which canonical columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from kmanalysis.loaders.reading.dialect import EMPTY_WORDS, Dialect
from kmanalysis.tables import Table


@dataclass(frozen=True)
class Source:
    """How the file is read; empty fields are found out. ``day_zero`` is the day that its numbers of days count from."""

    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0
    headings: tuple[str, ...] = ()
    sheet: str = ""
    footer: tuple[str, ...] = ()
    timezone: str = ""
    empty: tuple[str, ...] = EMPTY_WORDS
    escape: str = ""
    day_zero: str = "1899-12-30"

    @property
    def dialect(self) -> Dialect:
        """How its text writes empty cells and escapes signs."""
        return Dialect(self.empty, self.escape)


@dataclass(frozen=True)
class Condition:
    """Which rows of the file are the table's: ``column`` is one of ``equals``, none of ``not_equals``, or ``empty`` or not."""

    column: str
    equals: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    empty: bool | None = None


@dataclass(frozen=True)
class ColumnMapping:
    """Where a canonical column comes from; see the example in `toml` for what each field does.

    ``when`` and ``otherwise`` are what the value of the heading ``case`` decides between. ``placeholders`` are readings that count nothing.
    """

    headings: tuple[str, ...] = ()
    constant: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    timezone: str = ""
    factor: Decimal | None = None
    rate: Decimal | None = None
    missing: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    symbol_of: str = ""
    optional: bool = False
    case: str = ""
    when: Mapping[str, ColumnMapping] = field(default_factory=dict)
    otherwise: ColumnMapping | None = None
    lookup: str = ""
    default: str | None = None
    placeholders: tuple[Decimal, ...] = ()

    @property
    def parts(self) -> Iterator[ColumnMapping]:
        """Itself, and all that it decides between."""
        yield self
        for part in (*self.when.values(), *([self.otherwise] if self.otherwise else [])):
            yield from part.parts

    @property
    def read(self) -> tuple[str, ...]:
        """All headings that it reads, alternatives included."""
        return tuple(heading for part in self.parts for heading in (*part.headings, *part.key, part.symbol_of, part.case) if heading)

    @property
    def may_lack_answers(self) -> bool:
        """Whether its cells may say that a lookup or a case has no answer."""
        return any(part.lookup or part.case for part in self.parts)


@dataclass(frozen=True)
class TableMapping:
    """How one canonical table is read from the file."""

    table: Table
    columns: Mapping[str, ColumnMapping]
    where: tuple[Condition, ...] = ()
    repeats: str = "reject"


@dataclass(frozen=True)
class SourceMapping:
    """A whole mapping. ``name`` is its file's, for errors; ``lookups`` are its tables of key and value, keys as they are compared."""

    name: str
    source: Source
    tables: Mapping[str, TableMapping]
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def headings(self) -> frozenset[str]:
        """All headings that it reads."""
        columns = {heading for mapped in self.tables.values() for column in mapped.columns.values() for heading in column.read}
        return frozenset(columns | {condition.column for mapped in self.tables.values() for condition in mapped.where})

    @property
    def has_secrets(self) -> bool:
        """Whether the file holds what becomes digests."""
        return any(mapped.table.columns[name].is_secret for mapped in self.tables.values() for name in mapped.columns)


def compared(text: str) -> str:
    """A cell's value as it is compared with what a mapping lists: padding and case do not matter."""
    return text.strip().lower()
