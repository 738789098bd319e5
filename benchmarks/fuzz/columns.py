"""Parquet files in the types and encodings that exports use, with known values, and the same files with bytes mutated."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.fuzz.drawing import mutated, wild_text
from benchmarks.fuzz.orders import HEADINGS, Different, Row, cell, compare, in_order, load_whole, mapping, staged_rows
from kmanalysis.loaders.checking.marks import EXACT, LOST_DIGITS
from kmanalysis.loaders.load import stage
from kmanalysis.loaders.reading.text import drop_staged

_KINDS = (
    "string",
    "string",
    "large_string",
    "dictionary",
    "int64",
    "int32",
    "uint64",
    "double",
    "float",
    "decimal",
    "bool",
    "us",
    "ns",
    "ms",
    "zoned",
    "date",
    "null",
)


def read(draw: Random, folder: Path, connection: duckdb.DuckDBPyConnection, whole: bool) -> None:
    """Reads a generated file. Raises Different if the result is not what was written."""
    names = [*HEADINGS, *(f"备注{number}" for number in range(draw.choice((0, 0, 2))))]
    names = draw.sample(names, len(names))
    height = draw.choice((0, 1, 3, 20, 200))
    drawn = [_column(draw, name, height) for name in names]
    table = pa.table(dict(zip(names, (values for values, _ in drawn), strict=True)))
    path, by = folder / "drawn.parquet", mapping()
    content = _bytes(draw, table)
    is_mutated = draw.random() < 0.5
    path.write_bytes(mutated(content, draw) if is_mutated else content)
    with nullcontext() if is_mutated else in_order():
        staged = stage(connection, path, by)
    found = staged_rows(connection, staged)
    drop_staged(connection, staged)
    if is_mutated:
        if whole:
            load_whole(path, by, folder)
        return
    if list(staged.headings) != names:
        raise Different(f"headings {staged.headings}, written {names}")
    rows = [Row(number, list(cells)) for number, cells in enumerate(zip(*(texts for _, texts in drawn), strict=True), 1)]
    compare(found, {0: rows})
    if whole:
        load_whole(path, by, folder, height, drawn[names.index(HEADINGS[0])][1])


def _bytes(draw: Random, table: pa.Table) -> bytes:
    target = BytesIO()
    version = draw.choice(("1.0", "2.4", "2.6", "2.6"))
    pq.write_table(
        table,
        target,
        compression=draw.choice(("snappy", "zstd", "gzip", "none", "lz4", "brotli")),
        use_dictionary=draw.random() < 0.6,
        data_page_version=draw.choice(("1.0", "2.0")),
        row_group_size=draw.choice((1, 7, 1000)),
        write_page_checksum=draw.random() < 0.5,
        write_statistics=draw.random() < 0.7,
        version=version,
        coerce_timestamps=None if version == "2.6" else "us",
        allow_truncated_timestamps=True,
    )
    return target.getvalue()


def _column(draw: Random, name: str, height: int) -> tuple[pa.Array, list[str]]:
    """A column's values and the texts that a reader must return for them."""
    kind = draw.choice(_KINDS)
    pairs = [(None, "") if draw.random() < 0.1 else _value(draw, kind, name, row) for row in range(height)]
    arrow = {
        "string": pa.string(),
        "large_string": pa.large_string(),
        "dictionary": pa.dictionary(pa.int32(), pa.string()),
        "int64": pa.int64(),
        "int32": pa.int32(),
        "uint64": pa.uint64(),
        "double": pa.float64(),
        "float": pa.float32(),
        "decimal": pa.decimal128(18, 4),
        "bool": pa.bool_(),
        "us": pa.timestamp("us"),
        "ns": pa.timestamp("ns"),
        "ms": pa.timestamp("ms"),
        "zoned": pa.timestamp("us", "Asia/Shanghai"),
        "date": pa.date32(),
        "null": pa.null(),
    }[kind]
    return pa.array([value for value, _ in pairs], arrow), [text for _, text in pairs]


def _value(draw: Random, kind: str, name: str, row: int) -> tuple[object, str]:
    match kind:
        case "string" | "large_string" | "dictionary":
            text = (cell(draw, name, row) if draw.random() < 0.8 else wild_text(draw)).encode("utf-8", "ignore").decode()
            return text, text
        case "int64":
            number = draw.choice((draw.randrange(-(2**63), 2**63), draw.randrange(1000)))
            return number, str(number)
        case "int32":
            number = draw.randrange(-(2**31), 2**31)
            return number, str(number)
        case "uint64":
            number = draw.randrange(2**64)
            return number, str(number)
        case "double" | "float":
            most = EXACT if kind == "double" else 1 << 24
            if draw.random() < 0.3:
                lost = float(draw.randrange(most + 2, most * 1000)) if kind == "double" else float(2 ** draw.randrange(25, 60))
                return lost, f"{LOST_DIGITS}…"
            if draw.random() < 0.5:
                number = draw.randrange(-most, most + 1)
                return float(number), str(number)
            half = draw.randrange(-(10**6), 10**6) + draw.choice((0.5, 0.25))
            return half, repr(half)
        case "decimal":
            amount = (Decimal(draw.randrange(-(10**13), 10**13)).scaleb(-draw.randrange(5))).quantize(Decimal("0.0001"))
            text = format(amount, "f")
            return amount, text.rstrip("0").rstrip(".")
        case "bool":
            is_true = draw.random() < 0.5
            return is_true, "true" if is_true else "false"
        case "us" | "ns" | "ms" | "zoned":
            step = timedelta(milliseconds=draw.randrange(10**12)) if kind == "ms" else timedelta(microseconds=draw.randrange(10**15))
            moment = datetime(2000, 1, 1) + step
            text = moment.isoformat(sep=" ")
            text = text.rstrip("0") if "." in text else text
            return (moment.replace(tzinfo=UTC), f"{text}Z") if kind == "zoned" else (moment, text)
        case "date":
            day = date(2000, 1, 1) + timedelta(days=draw.randrange(20_000))
            return day, day.isoformat()
        case _:
            return None, ""
