"""A workbook folder as canonical tables in the engine: each table one file, or one folder of Parquet parts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path, PurePath
from typing import TypeVar

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.detector import masked_name
from kmanalysis.engine.sql import arrow_path, identifier, parquet_source
from kmanalysis.errors import DataError
from kmanalysis.files.faults import check_readable, said
from kmanalysis.loaders.ahead import Ahead
from kmanalysis.loaders.checking.derived import add_derived, months_overlap, with_derived
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.loaders.checking.rules import Outcome, no_rejects, validate
from kmanalysis.loaders.checking.secrets import existing_key
from kmanalysis.loaders.checking.stamp import given_columns, is_stamped
from kmanalysis.loaders.checking.sums import check_sums
from kmanalysis.loaders.reading.damage import whole_parquet
from kmanalysis.loaders.reading.text import Staged, drop_staged, parquet_columns, parquet_text, stripped
from kmanalysis.loaders.reading.workbook import SHEET_SUFFIXES
from kmanalysis.loaders.store import settle
from kmanalysis.tables import Table, tables

FORMS = (".csv", *SHEET_SUFFIXES, ".parquet")
AnyPath = TypeVar("AnyPath", bound=PurePath)

OWN_FORMS = {"needs": (".toml",)}
"""Forms that one table alone may have besides."""


@dataclass(frozen=True)
class Attached:
    """What attaching a folder found: a receipt a file, and the rejects frame (columns: `receipts.REJECT_COLUMNS`).

    ``given`` names the tables that the folder holds and of each the columns that all its files have. An empty column was given: it says that there was
    nothing; a column that is not there says nothing, and a table of which no column was given is none.
    """

    receipts: list[Receipt]
    rejects: pd.DataFrame
    given: Mapping[str, frozenset[str]] = field(default_factory=dict)


def attach(engine: duckdb.DuckDBPyConnection, folder: Path, *, trust: bool = True, with_origin: Collection[str] = (), only: Collection[str] = ()) -> Attached:
    """Makes every canonical table a table or view of the connection: what the folder holds, validated; what it lacks, empty.

    Parquet with our stamp is trusted and read lazily, unless ``trust`` is off. Of tables named in ``with_origin`` that are validated, ``_file`` says by
    number which file a row came from, and what is derived is left out. ``only`` names the tables that are looked at: the others are as if the folder lacked
    them. Raises DataError for a folder without tables, a table in
    two forms, a header that is not the table's, or a file that cannot be read or is not as we wrote it. A load that was stopped half way is done to its end
    first, see `store.settle`.
    """
    settle(folder)
    found = {name: files for name, files in table_files(folder).items() if not only or name in only}
    # Those that bear no stamp, too: a bit of it may be what has changed, or the scale of all amounts.
    check_sums([path for files in found.values() for path in files if path.suffix == ".parquet"])
    receipts: list[Receipt] = []
    rejects = [no_rejects()]
    known: dict[str, str] = {}
    given: dict[str, frozenset[str]] = {}
    key = existing_key(folder)
    order = in_reading_order()
    texts = [(table.name, [path for path in found[table.name] if path.suffix != ".parquet"]) for table in order if table.name in found]
    for path in chain.from_iterable(files for _, files in texts):
        check_readable(path)
    with Ahead(engine, texts) as ahead:
        for table in order:
            files = found.get(table.name)
            if files is None:
                columns = ", ".join(f"{identifier(name)} {column.sql_type}" for name, column in table.stored.items())
                engine.execute(f"CREATE OR REPLACE TABLE {identifier(table.name)} ({columns})")
                continue
            heads = trusted_heads(table, files) if trust else None
            if heads is None:
                staged = ahead.take(table.name)
                outcome, given[table.name] = _validate(engine, table, files, staged, folder, known, key, keep_origin=table.name in with_origin)
                rejects.append(outcome.rejects)
                receipts += _receipts(table, outcome, [*staged.values()])
            else:
                given[table.name] = given_in(table, heads)
                receipts += _trusted(engine, table, files, heads, folder)
            known[table.name] = identifier(table.name)
    return Attached(receipts, pd.concat(rejects, ignore_index=True), {name: columns for name, columns in given.items() if columns})


def suppliers_by_id(given: Mapping[str, frozenset[str]]) -> str | None:
    """SQL of a suppliers table for a folder without one: a row an id that its other tables name, which is the name too, and nothing else known.

    None where the folder has a suppliers table, or no table that names a supplier. ``given`` as in `Attached`.
    """
    declared = tables()["suppliers"]
    columns = [
        (table.name, column.name)
        for table in tables().values()
        for column in table.columns.values()
        if column.refers_to == f"{declared.name}.{declared.key[0]}" and column.name in given.get(table.name, ())
    ]
    if declared.name in given or not columns:
        return None
    named = " UNION ".join(f"SELECT {identifier(column)} AS found FROM {identifier(table)} WHERE {identifier(column)} IS NOT NULL" for table, column in columns)
    known = {name: "found" if name in (declared.key[0], "name") else "NULL" for name in declared.stored}
    cells = ", ".join(f"CAST({value} AS {declared.stored[name].sql_type}) AS {identifier(name)}" for name, value in known.items())
    return f"SELECT {cells} FROM ({named}) AS named"


def table_files(folder: Path) -> dict[str, list[Path]]:
    """The files of each table in the folder. Raises DataError where there is no folder, no table, or a table in two forms."""
    if not folder.is_dir():
        raise DataError("Folder {folder} was not found.", folder=folder.name)
    found = {}
    for name in tables():
        forms = [path for suffix in forms_of(name) if (path := folder / f"{name}{suffix}").is_file()]
        parts = sorted(newest(parquet_files(folder / name)))
        if len(forms) + bool(parts) > 1:
            both = [path.name for path in forms] + ([f"{name}/"] if parts else [])
            raise DataError("Table {table} is stored more than once: {files}. Keep only one.", table=name, files=", ".join(both))
        if forms or parts:
            found[name] = forms or parts
    if not found:
        raise DataError("No tables found in {folder}. Add files such as orders.csv, orders.xlsx or orders.parquet.", folder=folder.name)
    return found


def parquet_files(folder: Path) -> list[Path]:
    """The Parquet files in a table's folder, none where there is no such folder. A folder called ``x.parquet``, as Spark writes one, is no file."""
    return [path for path in folder.glob("*.parquet") if path.is_file()]


def newest(parts: Iterable[AnyPath]) -> list[AnyPath]:
    """Parts of a table without those that a newer generation stands for: ``2026-11@8.parquet`` for ``2026-11@7.parquet`` and ``2026-11.parquet``.

    So a part can be replaced while it is read: an engine opens a file more than once, and what was listed stays as it was for a while.
    """
    found: dict[str, tuple[int, AnyPath]] = {}
    for path in parts:
        part, number = generation(path.stem)
        if part not in found or found[part][0] < number:
            found[part] = (number, path)
    return [path for _, path in found.values()]


def generation(stem: str) -> tuple[str, int]:
    """A part's name and the number of its generation, 0 where it has none."""
    match = re.fullmatch(r"(.+)@(\d{1,12})", stem)
    return (match[1], int(match[2])) if match else (stem, 0)


def forms_of(name: str) -> tuple[str, ...]:
    """Suffixes of the files that may hold the table."""
    return FORMS + OWN_FORMS.get(name, ())


def in_reading_order() -> list[Table]:
    """All tables, each after those that it refers to."""
    order = TopologicalSorter(
        {
            name: sorted({column.refers_to.partition(".")[0] for column in table.columns.values() if column.refers_to} - {name})
            for name, table in tables().items()
        }
    )
    return [tables()[name] for name in order.static_order()]


def _validate(
    engine: duckdb.DuckDBPyConnection,
    table: Table,
    files: list[Path],
    staged: Mapping[Path, Staged],
    folder: Path,
    known: dict[str, str],
    key: bytes | None,
    *,
    keep_origin: bool,
) -> tuple[Outcome, frozenset[str]]:
    """Validates a canonical table's files into a table of that name; what came of it, and the columns that all files have.

    ``staged`` are those of the files that are not Parquet.
    """
    names = {number: str(path.relative_to(folder)) for number, path in enumerate(files)}
    # A workbook is the only file of its table.
    places = next((text.places(names[0]) for text in staged.values()), names)
    selects, given = [], []
    present: set[str] = set()
    floating: set[str] = set()
    for number, path in enumerate(files):
        if path.suffix == ".parquet":
            selects.append(parquet_rows(engine, table, path, number, names[number]))
            with whole_parquet(names[number]):
                schema = pq.read_schema(arrow_path(path))
            floating |= {field.name for field in schema if pa.types.is_floating(field.type) and may_be_id(table, field.name)}
            given.append(given_columns(schema, table))
            present |= frozenset(schema.names) & frozenset(table.columns)
        else:
            selects.append(_canonical_text(table, staged[path], number, names[number]))
            given.append(frozenset(staged[path].headings) & frozenset(table.columns))
            present |= given[-1]
    rows = f"({' UNION ALL BY NAME '.join(selects)})"
    # Cells of a workbook or of numbers in Parquet may bear a mark that they hold no value.
    marked = present if any(text.is_marked for text in staged.values()) else floating
    types = dict.fromkeys(present, "VARCHAR")
    with whole_parquet(", ".join(names.values()), files) if not staged else nullcontext():
        outcome = validate(engine, rows, table, table.name, places, known=known, key=key, keep_origin=keep_origin, answered=marked, types=types)
    for text in staged.values():
        drop_staged(engine, text)
    if not keep_origin:
        add_derived(engine, table)
    return outcome, frozenset.intersection(*given)


def _canonical_text(table: Table, staged: Staged, number: int, file: str) -> str:
    check_header(table, [heading for heading in staged.headings if heading], file, staged.header_line)
    cells = [f"{stripped(f'c{index}')} AS {identifier(heading)}" for index, heading in enumerate(staged.headings) if heading]
    place = staged.file_number(number)
    return f"SELECT {place} AS _file, _line, _fault, _found, {len(staged.headings)} AS _width, {', '.join(cells)} FROM {staged.relation}"


def check_header(table: Table, headings: list[str], file: str, line: int) -> None:
    """Raises DataError for a heading that is not the table's or stands twice, and for required columns that are missing."""
    for heading in headings:
        if heading not in table.columns:
            if "\0" in heading or "\ufffd" in heading:
                raise DataError("{file}, line {line}: this is not text in UTF-8. Save the file as UTF-8.", file=file, line=line)
            from rapidfuzz.process import extractOne

            nearest = extractOne(heading, list(table.columns))[0]
            raise DataError(
                "{file}, line {line}: {table} has no column {found!r}. Did you mean {nearest}?",
                file=file,
                line=line,
                table=table.name,
                found=masked_name(heading),
                nearest=nearest,
            )
        if headings.count(heading) > 1:
            raise DataError("{file}, line {line}: duplicate column {found}. Keep only one.", file=file, line=line, found=heading)
    missing = [name for name, column in table.columns.items() if column.required and name not in headings]
    if missing:
        raise DataError("{file}, line {line}: missing required columns: {columns}. Add them.", file=file, line=line, columns=", ".join(missing))


def parquet_rows(engine: duckdb.DuckDBPyConnection, table: Table, path: Path, number: int, file: str) -> str:
    """SQL of a Parquet file's rows as text, with their lines, as `validate` takes them. Raises DataError for a column that is not the table's."""
    source = parquet_source(path, numbered=True)
    # What is derived is worked out anew, whatever the file says.
    types = {name: kind for name, kind in parquet_columns(engine, path).items() if name not in table.derived}
    check_header(table, list(types), file, 1)
    texts = {name: parquet_text(identifier(name), kind, is_id=may_be_id(table, name)) for name, kind in types.items()}
    cells = [f"{stripped(f'({text})')} AS {identifier(name)}" for name, text in texts.items()]
    return (
        f"SELECT {number} AS _file, file_row_number + 1 AS _line, NULL::VARCHAR AS _fault, NULL::BIGINT AS _found, {len(types)} AS _width, "
        f"{', '.join(cells)} FROM {source}"
    )


def may_be_id(table: Table, name: str) -> bool:
    """Whether each digit counts of what stands in the table's column."""
    return name in table.columns and table.columns[name].type in ("id", "text", "digest", "integer")


def trusted_heads(table: Table, files: list[Path]) -> list[pq.ParquetFile] | None:
    """The files' heads, where all of them carry our stamp and are taken as they are; None where a look is needed."""
    if files[0].suffix != ".parquet":
        return None
    heads = []
    for path in files:
        head = _stamped_head(path, table)
        if head is None:
            return None
        heads.append(head)
    return heads


def _stamped_head(path: Path, table: Table) -> pq.ParquetFile | None:
    """The head of a Parquet file that carries our stamp; None where it does not, or is damaged.

    Raises PathError where the system refuses the file: that is no matter of what it holds.
    """
    with said(path):
        try:
            head = pq.ParquetFile(arrow_path(path))
            return head if is_stamped(head.schema_arrow, table) else None
        except (ValueError, NotImplementedError, MemoryError):
            return None
        except OSError as problem:
            if problem.errno:
                raise
            return None


def _trusted(engine: duckdb.DuckDBPyConnection, table: Table, files: list[Path], heads: list[pq.ParquetFile], folder: Path) -> list[Receipt]:
    """Makes a view of files that are taken as they are; their receipts."""
    source = parquet_source(files)
    if table.derived and months_overlap(table, heads):
        engine.execute(f"CREATE OR REPLACE TABLE {identifier(table.name)} AS {with_derived(source, table)}")
    else:
        engine.execute(f"CREATE OR REPLACE VIEW {identifier(table.name)} AS SELECT {', '.join(map(identifier, table.stored))} FROM {source}")
    return receipts_of_heads(table, [str(path.relative_to(folder)) for path in files], heads)


def given_in(table: Table, heads: Iterable[pq.ParquetFile]) -> frozenset[str]:
    """The table's columns that the sources of all these files had."""
    return frozenset.intersection(*(given_columns(head.schema_arrow, table) for head in heads))


def receipts_of_heads(table: Table, files: Sequence[str], heads: Sequence[pq.ParquetFile]) -> list[Receipt]:
    """Receipts of files that are taken as they are."""
    rows = [head.metadata.num_rows for head in heads]
    return [Receipt(table.name, file, count, count, new=count) for file, count in zip(files, rows, strict=True)]


def _receipts(table: Table, outcome: Outcome, staged: Sequence[Staged]) -> list[Receipt]:
    receipts = []
    for number, (file, read) in enumerate(outcome.read.items()):
        rejected, same = outcome.rejected.get(file, {}), outcome.same.get(file, 0)
        kept = read - sum(rejected.values())
        doubts, named = outcome.doubts.get(file, {}), outcome.naming(file)
        receipt = Receipt(table.name, file, read, kept, new=kept - same, same=same, rejected=rejected, doubts=doubts, named=named)
        for text in staged if not number else ():
            unheaded = list(text.unheaded.values())
            receipt = replace(receipt, unheaded=unheaded, unread_sheets=text.unread_sheets, hidden_sheets=text.hidden_sheets)
        receipts.append(receipt)
    return receipts
