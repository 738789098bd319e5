"""Workbooks from a few literal rows: what a test does not state is filled in plausibly."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from kmanalysis.assets import samples_folder
from kmanalysis.engine.texts import CACHE_VARIABLE
from kmanalysis.loaders.checking.derived import with_derived
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.opening import open_workbook
from kmanalysis.scoring.scorecard import DETAILS, standards_frame
from kmanalysis.scoring.verdicts import points, verdicts
from kmanalysis.standards import Standards, default_standards, override_standards
from kmanalysis.tables import SCORECARD, Column, Table, tables
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook
from tests.scoring.observed import UNREQUESTED

Rows = pd.DataFrame | Sequence[Mapping[str, object]]

BY_TYPE = {
    "text": "any",
    "integer": 1,
    "decimal": "10",
    "float": 0.0,
    "boolean": "true",
    "timestamp": "2026-10-15 04:00:00",
    "date": "2026-01-01",
    "digest": "kd1:" + "0" * 32,
}
BY_COLUMN = {
    "supplier_id": "s1",
    "sku": "k1",
    "currency": "CNY",
    "orders.ordered_at": "2026-10-15 04:00:00",
    "orders.status": "delivered",
    "stock_snapshots.quantity": 100,
    "stock_snapshots.is_placeholder": "false",
    "tickets.is_staged": "false",
    "documents.licensee": "s1",
    "documents.scope": "*",
    "discount_tiers.discount_share": 0.05,
    "purchases.discount_amount": "0",
    "needs.is_must": "false",
}


# A test may be slow: the first example of a file pays for what the others find ready, and machines are busy.
settings.register_profile("kmanalysis", deadline=None)
settings.load_profile("kmanalysis")


def pytest_configure(config: pytest.Config) -> None:
    """Texts of queries are kept beside pytest's own cache: the processes that tests start need not write them again."""
    os.environ[CACHE_VARIABLE] = str(config.cache.mkdir("kmanalysis")) if config.pluginmanager.has_plugin("cacheprovider") else ""


@pytest.fixture(scope="session")
def samples() -> Workbook:
    """The samples' last month in Chinese, shared by all tests of a worker: what one has asked for, the next need not count again."""
    return open_workbook(samples_folder(), "2026-10", lang="zh")


@pytest.fixture(scope="session")
def english_samples(samples: Workbook) -> Workbook:
    """The same in English, counted once for both."""
    return samples.spoken(Words("en"))


@pytest.fixture
def workbook_of(tmp_path: Path) -> Callable[..., Workbook]:
    """``workbook_of({"orders": [{…}, …]}, month="2026-10", standards=None)``: a workbook on these rows and nothing else; the other tables are empty.

    Times are naive UTC. Required cells that a row leaves out are filled (supplier s1, SKU k1, CNY, running ids …), and the suppliers, products,
    contracts … that rows must refer to are made
    (an order named by a ticket is not: it may lie outside of the folder). ``None`` is an empty cell. ``standards`` is a dict of changes by id, or Standards.

    The rows are stored as what was validated before: reading them again would take most of a test's time. `_assert_canonical` looks at them instead.
    """
    folders = count(1)

    def make(given: Mapping[str, Rows], month: str = "2026-10", standards: Standards | Mapping | None = None) -> Workbook:
        folder = tmp_path / f"folder-{next(folders)}"
        folder.mkdir()
        for name, filled in _with_partners(given).items():
            _write_stamped(folder / f"{name}.parquet", tables()[name], filled)
        in_force = override_standards(standards, file="test") if isinstance(standards, dict) else standards
        workbook = open_workbook(folder, month, in_force, lang="en")
        # Every table was given, as if the empty ones lay there as well.
        workbook.attached = replace(workbook.attached, given={name: frozenset(table.columns) for name, table in tables().items()})
        return workbook

    return make


def _write_stamped(path: Path, table: Table, filled: pd.DataFrame) -> None:
    schema = stamped_schema(table)
    texts = {name: [None if cell is None or cell == "" else str(cell) for cell in filled[name]] for name in table.columns}
    supplied = pa.table({name: pa.array(cells, pa.string()).cast(schema.field(name).type) for name, cells in texts.items()})
    _assert_canonical(table, supplied.to_pandas())
    with duckdb.connect() as engine:
        whole = engine.register("supplied", supplied).sql(with_derived("supplied", table)).to_arrow_table() if table.derived else supplied
    pq.write_table(whole.cast(schema), path)


def _assert_canonical(table: Table, rows: pd.DataFrame) -> None:
    for name, column in table.columns.items():
        cells = rows[name].dropna()
        assert len(cells) == len(rows) or not column.required, f"{table.name}.{name} is required"
        assert not column.values or set(cells) <= set(column.values), f"{table.name}.{name} holds {set(cells) - set(column.values)}"
        assert column.minimum is None or cells.min() >= column.minimum or cells.empty, f"{table.name}.{name} holds {cells.min()}"
        assert column.maximum is None or cells.max() <= column.maximum or cells.empty, f"{table.name}.{name} holds {cells.max()}"
    assert not rows.duplicated(list(table.key)).any(), f"a key of {table.name} stands twice"


def _with_partners(given: Mapping[str, Rows]) -> dict[str, pd.DataFrame]:
    """The tables with every required cell filled, and the rows that others refer to."""
    unknown = set(given) - set(tables())
    assert not unknown, f"no such tables: {unknown}"
    complete: dict[str, pd.DataFrame] = {}
    wanted: dict[str, set[str]] = {}
    for name in reversed(tables()):  # partners are declared before those that refer to them
        rows = given.get(name, [])
        rows = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else [dict(row) for row in rows]
        key = tables()[name].key[0]
        known = {row.get(key) for row in rows}
        rows += [{key: partner} for partner in sorted(wanted.get(name, set()) - known)]
        if rows:
            complete[name] = _filled(name, rows)
            for column, declared in tables()[name].columns.items():
                if declared.refers_to and declared.orphan == "reject":
                    partner, _, partner_key = declared.refers_to.partition(".")
                    assert partner_key == tables()[partner].key[0]
                    wanted.setdefault(partner, set()).update(complete[name][column].dropna())
    return complete


def _filled(name: str, rows: list[dict]) -> pd.DataFrame:
    columns = tables()[name].columns
    unknown = {column for row in rows for column in row} - set(columns)
    assert not unknown, f"{name} has no columns {unknown}"
    filled = [
        {column: row[column] if column in row else _default(name, declared, number) for column, declared in columns.items()}
        for number, row in enumerate(rows, 1)
    ]
    return pd.DataFrame({column: [_cell(row[column]) for row in filled] for column in columns}, dtype="object")


def _default(table: str, column: Column, number: int) -> object:
    found = BY_COLUMN.get(f"{table}.{column.name}", BY_COLUMN.get(column.name))
    if not column.required and f"{table}.{column.name}" not in BY_COLUMN:
        return None
    if found is not None and not (table in ("suppliers", "products") and column.name == tables()[table].key[0]):
        return found
    if column.type == "enum":
        return column.values[0]
    return f"{table}-{number}" if column.type == "id" else BY_TYPE[column.type]


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return None if pd.isna(value) else value.isoformat(sep=" ")
    return None if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)) else value


@pytest.fixture
def seen():
    """Builds a workbook, seen from the last month, on measures that are given instead of observed: {month: [rows]}."""

    def build(observed):
        standards = default_standards()
        frames = {}
        for month, rows in observed.items():
            judged = pd.DataFrame(rows).merge(standards_frame(standards, UNREQUESTED), on="measure")
            judged["verdict"] = verdicts(judged)
            judged["points"] = points(judged, 80.0)
            frames[month, "scoring.scorecard"] = judged[[*SCORECARD, *DETAILS]]
            frames[month, "scoring.requested_subjects"] = pd.DataFrame({"subject": []})
        suppliers = sorted({row["supplier_id"] for rows in observed.values() for row in rows})
        facts = {"names": {supplier: f"供货商 {supplier}" for supplier in suppliers}, "first_month": min(observed)}
        return Workbook(Month.parse(max(observed)), standards, Words("zh"), frames=frames, facts=facts)

    return build
