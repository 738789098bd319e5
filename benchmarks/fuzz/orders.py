"""The orders table that input files are generated from, the mapping that reads it, and the invariants of a load."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import duckdb

from benchmarks.fuzz.drawing import wild_text
from kmanalysis.errors import KmError
from kmanalysis.loaders.load import check, load
from kmanalysis.loaders.mapping.model import SourceMapping
from kmanalysis.loaders.mapping.toml import parse_mapping
from kmanalysis.loaders.reading.records import SPACE
from kmanalysis.loaders.reading.text import Staged

HEADINGS = ("订单号", "供货商", "商品", "下单时间", "发货时间", "数量", "金额", "状态")
FOOTERS = ("合计", "总计：", "Total", "导出时间: 2026-10-01")

ORDERS = """
[source]
timezone = "Asia/Shanghai"
[tables.orders.columns]
order_id = { from = "订单号" }
supplier_id = { from = "供货商" }
sku = { from = "商品" }
ordered_at = { from = "下单时间" }
delivered_at = { from = "发货时间" }
quantity = { from = "数量" }
amount = { from = "金额" }
currency = { constant = "CNY" }
status = { from = "状态", values = { "已发货" = "delivered", "失败" = "failed" } }
"""
"""The mapping of a table with these headings."""


class Different(Exception):
    """The reader returned something other than what was written, without an error."""


@contextmanager
def in_order() -> Iterator[None]:
    """Raises Different if a valid input is refused."""
    try:
        yield
    except KmError as problem:
        raise Different(f"a valid input was refused: {problem}") from problem


@dataclass
class Row:
    """A row as written: its first line, its cells, and whether it must be refused because it has too few or too many cells, or one that is too long."""

    line: int
    cells: Sequence[str]
    is_refused: bool = False


def mapping(**source: object) -> SourceMapping:
    """The mapping of orders, with these entries in its source section."""
    declared = tomllib.loads(ORDERS)
    declared["source"] |= source
    return parse_mapping(declared, "fuzz.toml")


def cell(draw: Random, heading: str, number: int, wild: bool = True) -> str:
    """A random cell for a heading: usually a plausible one."""
    if draw.random() < 0.25:
        return wild_text(draw, wild)
    match heading:
        case "订单号":
            return draw.choice((f"A{number}", f"{number:06}", f"2026{number:014}"))
        case "供货商" | "商品":
            return draw.choice(("S1", "S02", "腾讯视频", "001"))
        case "下单时间":
            return draw.choice(("2026-10-05 12:00:00", "2026/10/05 12:00", "2026-10-05T12:00:00+08:00", "2026年10月5日 12:00"))
        case "发货时间":
            return draw.choice(("2026-10-05 12:01:00", "", "2026-10-05 12:01:00.123456"))
        case "数量":
            return draw.choice(("1", "2", "10", "1.0", "3.00"))
        case "金额":
            return draw.choice(("25.5", "1,234.50", "¥8", "0.01", "12345678901.1234"))
        case "状态":
            return draw.choice(("已发货", "失败", "已发货 "))
        case _:
            return wild_text(draw, wild)


def plain(text: str | None) -> str:
    """A cell as it is compared: line ends are normalised and padding is removed."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip(SPACE)


def staged_rows(connection: duckdb.DuckDBPyConnection, staged: Staged) -> list[tuple[int, int, str | None, list[str]]]:
    """The rows that were read, in order: sheet, line, fault and cells."""
    sheet = "_sheet" if staged.sheets else "0"
    cells = ", ".join(f"c{index}" for index in range(len(staged.headings)))
    found = connection.execute(f"SELECT {sheet}, _line, _fault, {cells} FROM {staged.relation} ORDER BY 1, 2").fetchall()
    return [(number, line, fault, list(map(plain, rest))) for number, line, fault, *rest in found]


def compare(found: Sequence[tuple[int, int, str | None, list[str]]], written: Mapping[int, Sequence[Row]]) -> None:
    """Raises Different if the rows found are not the rows written, sheet by sheet."""
    expected = [(sheet, row) for sheet, rows in sorted(written.items()) for row in rows]
    for (sheet, line, fault, cells), (in_sheet, row) in zip(found, expected, strict=False):
        if (sheet, line) != (in_sheet, row.line):
            raise Different(f"row at {sheet}:{line}, written at {in_sheet}:{row.line}")
        if row.is_refused != (fault is not None):
            raise Different(f"line {line}: fault {fault}, to be refused: {row.is_refused}")
        if not row.is_refused and not all(map(is_alike, cells, map(plain, row.cells))):
            raise Different(f"line {line}: found {cells}, written {list(map(plain, row.cells))}")
    if len(found) != len(expected):
        raise Different(f"{len(found)} rows found, {len(expected)} written")


def is_alike(found: str, written: str) -> bool:
    """Whether a cell matches what was written; an expected value that ends with … is a prefix."""
    return found == written or (written[:1] in ("\ue007", "\ue008", "\ue009") and written.endswith("…") and found.startswith(written[:-1]))


def load_whole(path: Path, by: SourceMapping, folder: Path, rows: int | None = None, ids: Collection[str] | None = None) -> None:
    """Loads a file into a new folder, as a user would, and then checks that folder. Receipts must add up, and no row that was kept may be rejected by the
    check. If ``rows`` and ``ids`` are known, the row count and the ids must match."""
    into = folder / "into"
    into.mkdir()
    attached = load([path], by, into)
    (receipt,) = attached.receipts
    if receipt.read != receipt.kept + sum(receipt.rejected.values()):
        raise Different(f"receipt does not add up: {receipt}")
    if rows is not None and receipt.read != rows:
        raise Different(f"{receipt.read} rows read, {rows} written")
    if not receipt.kept:
        return
    again = check(into)
    found = next(one for one in again.receipts if one.table == "orders")
    if found.rejected or found.kept != receipt.new:
        raise Different(f"kept by the load: {receipt}; found then: {found}")
    if ids is not None:
        with duckdb.connect() as engine:
            kept = engine.execute("SELECT order_id FROM read_parquet(?)", [str(into / "orders.parquet")]).fetchall()
        if other := {identifier for (identifier,) in kept} - {plain(identifier) for identifier in ids}:
            raise Different(f"ids that were never written: {sorted(other)[:3]}")
