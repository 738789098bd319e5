"""From what was read to the folder's canonical tables: the description's views, the operator's rules, validation, and the merge by key."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from kmanalysis.engine.sql import identifier, parquet_source, quoted
from kmanalysis.loaders.checking.casts import TYPES
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.loaders.checking.rules import no_rejects, validate
from kmanalysis.loaders.folder import in_reading_order
from kmanalysis.loaders.merging import Merging
from kmanalysis.loaders.store import rejected_list, write_rejected
from kmanalysis.sources.description import Filled, Found
from kmanalysis.sources.rules import UNASSIGNED, Rules
from kmanalysis.sources.stock import make_readings
from kmanalysis.tables import Column, Table, tables
from kmanalysis.words import Words

SHOWN = 20
"""SKUs without a supplier that are told one by one."""

_OWN = ("FROM made.suppliers", "FROM made.stock_readings")
"""Rows that are made here, and not by the description."""

WATCHED = ("stock_snapshots", "quotes", "probes")
"""Tables that a watch writes as well: ours is a part of its own beside its months."""

Pair = tuple[str, str]
"""A supplier and an SKU."""


class Canonical:
    """The canonical rows of a pull: made in the engine, then merged into the folder's tables. ``former`` are the flags of the last pull's rules."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, found: Found, rules: Rules, key: bytes, into: Path, former: Collection[str] = ()) -> None:
        self.connection, self.found, self.rules, self.key, self.into = connection, found, rules, key, into
        self.flags = flags_of(rules)
        self.given = found.given(self.flags)
        # What the database could still give, as the last pull did, and the rules give no longer. What the database lost stays as it was.
        before = found.given(self.flags.union(former))
        self.lost = {name: lost for name, columns in before.items() if (lost := [column for column in columns if column not in self.given.get(name, ())])}
        self.receipts: list[Receipt] = []
        self.rejects: dict[str, pd.DataFrame] = {}
        self.merging = Merging(connection, into, [*before], parts=dict.fromkeys(WATCHED, "pull"))

    def make(self, stock_minutes: int, uncertain_share: float) -> None:
        """Makes the views of the description, the rebuilt stock, and the suppliers that rows go to."""
        make_views(self.connection, self.found, self.rules)
        if "stock_cards" in self.found.platform.views:
            make_readings(self.connection, stock_minutes, uncertain_share)
        names = {UNASSIGNED: UNASSIGNED}
        for rule in self.rules.rules:
            names[rule.supplier] = rule.name or names.get(rule.supplier) or rule.supplier
        self.connection.execute("CREATE OR REPLACE TABLE made.supplier_names (supplier_id VARCHAR, name VARCHAR)")
        self.connection.executemany("INSERT INTO made.supplier_names VALUES (?, ?)", [list(entry) for entry in names.items()])
        # Stock names nobody whom the codes or listings do not name, and is long.
        fills = [fill.rows for name, fill in self.found.platform.fills.items() if name in self.given and "supplier_id" in fill.columns]
        named = " UNION ".join(f"SELECT supplier_id FROM ({rows})" for rows in fills if rows not in _OWN)
        self.connection.execute(
            "CREATE OR REPLACE TABLE made.suppliers AS SELECT supplier_id, name FROM made.supplier_names WHERE supplier_id IN "
            f"({named} UNION SELECT supplier_id FROM made.goods_suppliers)"
        )

    def take(self) -> None:
        """Merges the rows of all tables that are given into those of the folder; counts them in `receipts`. Takes out what the rules give no longer."""
        self.merging.open()
        for table in in_reading_order():
            fill = self.found.platform.fills.get(table.name)
            if fill and table.name in self.given:
                self._take(table, fill)
            elif fill and table.name in self.lost and fill.own:
                self._withdraw(table, f"({fill.own})")
                self.rejects[table.name] = no_rejects()
            self.merging.forget(table, self.lost.get(table.name, ()))

    def _take(self, table: Table, fill: Filled) -> None:
        lost = self.lost.get(table.name, [])
        columns = [*self.given[table.name], *fill.filler, *lost]
        execute, file = self.connection.execute, self.found.platform.name
        known = self.merging.known.get(table.name)
        types = {name: kind for name, kind, *_ in execute(f"DESCRIBE SELECT * FROM ({fill.rows})").fetchall()}
        cells = ", ".join(
            f"{'NULL::VARCHAR' if name in lost else _cell(table.columns[name], types[name], fill, known)} AS {identifier(name)}" for name in columns
        )
        keys = " AND ".join(f"k.{identifier(name)} = m.{identifier(name)}" for name in table.key)
        joined = f" LEFT JOIN {known} k ON {keys}" if known and fill.yields else ""
        execute(f"CREATE OR REPLACE TABLE _rows AS SELECT {cells} FROM ({fill.rows}) m{joined}")
        rows = "(SELECT 0 AS _file, rowid + 1 AS _line, NULL::VARCHAR AS _fault, NULL::BIGINT AS _found, 0 AS _width, * FROM _rows)"
        outcome = validate(self.connection, rows, table, "_incoming", {0: file}, known=self.merging.known, key=self.key, repeats="first", holds_codes=True)
        counts = self.merging.take(table, "_incoming", columns, filler=[*fill.filler, *lost])
        if fill.own:
            # What vanished from the platform is still made, from what is kept of it.
            keys = ", ".join(map(identifier, table.key))
            self._withdraw(table, f"({fill.own}) AND ({keys}) NOT IN (SELECT ({keys}) FROM _rows)")
        execute("DROP TABLE _rows; DROP TABLE IF EXISTS _incoming")
        rejected, repeated = outcome.rejected.get(file, {}), outcome.same.get(file, 0)
        self.receipts.append(
            Receipt(
                table.name, file, outcome.read[file], counts.total() + repeated, new=counts["new"], updated=counts["updated"],
                same=counts["same"] + repeated, rejected=rejected, doubts=outcome.doubts.get(file, {}), named=outcome.naming(file),
            )
        )  # fmt: skip
        self.rejects[table.name] = outcome.rejects

    def _withdraw(self, table: Table, where: str) -> None:
        """Takes out what earlier pulls made and this one does not."""
        for name, relation in self.merging.known.items():
            for column in tables()[name].columns.values():
                partner, _, key = column.refers_to.partition(".")
                # A row loaded by hand that names one of these would be faulty without it.
                if partner == table.name and column.orphan != "doubt":
                    named = f"SELECT {identifier(column.name)} FROM {relation} WHERE {identifier(column.name)} IS NOT NULL"
                    where += f" AND {identifier(key)} NOT IN ({named})"
        self.merging.drop(table, where)

    def pairs(self) -> list[Pair]:
        """Which supplier supplies which SKU, by the tables that were just made."""
        relations = [fill.rows for name, fill in self.found.platform.fills.items() if name in ("listings", "stock_snapshots") and name in self.given]
        if not relations:
            return []
        united = " UNION ".join(f"SELECT supplier_id, sku FROM ({rows})" for rows in relations)
        return [(supplier, sku) for supplier, sku in self.connection.execute(f"SELECT DISTINCT supplier_id, sku FROM ({united}) ORDER BY ALL").fetchall()]

    def suppliers(self) -> list[str]:
        """The suppliers that were just written."""
        rows = self.connection.execute("SELECT supplier_id FROM made.suppliers ORDER BY 1").fetchall()
        return [supplier for (supplier,) in rows]

    def drop_former(self, pairs: Collection[Pair], suppliers: Collection[str]) -> None:
        """Takes out what an earlier pull wrote of a supplier whose goods the rules give to another one now."""
        former = sorted(set(pairs) - set(self.pairs()))
        if former:
            self.connection.execute("CREATE OR REPLACE TEMP TABLE _former (supplier_id VARCHAR, sku VARCHAR)")
            self.connection.executemany("INSERT INTO _former VALUES (?, ?)", [list(pair) for pair in former])
            for name in ("listings", "stock_snapshots", "quotes"):
                if name in self.given:
                    self.merging.drop(tables()[name], "(supplier_id, sku) IN (SELECT (supplier_id, sku) FROM _former)")
        for supplier in sorted(set(suppliers) - set(self.suppliers())):
            if not self._is_named(supplier):
                self.merging.drop(tables()["suppliers"], f"supplier_id = {quoted(supplier)}")

    def _is_named(self, supplier: str) -> bool:
        relations = [relation for name, relation in self.merging.known.items() if name != "suppliers" and "supplier_id" in tables()[name].columns]
        # What a watch or a price list wrote stands beside our own part.
        for name, own in self.merging.own.items():
            if others := [path for path in self.merging.files.get(name, ()) if path != own]:
                relations.append(parquet_source(others))
        return any(self.connection.execute(f"SELECT 1 FROM {relation} WHERE supplier_id = ? LIMIT 1", [supplier]).fetchone() for relation in relations)

    def unassigned(self) -> dict[str, int]:
        """How many rows of each table no rule gives a supplier."""
        found = {}
        for name in self.given:
            if name in ("orders", "codes", "listings"):
                row = self.connection.execute(
                    f"SELECT count(*) FROM ({self.found.platform.fills[name].rows}) WHERE supplier_id = {quoted(UNASSIGNED)}"
                ).fetchone()
                found[name] = int(row[0]) if row else 0
        return {name: rows for name, rows in found.items() if rows}

    def unassigned_goods(self) -> dict[str, int]:
        """Orders that no rule gives a supplier, by SKU: those of the most, at most `SHOWN`."""
        rows = self.connection.execute(
            f"SELECT sku, count(*) FROM ({self.found.platform.fills['orders'].rows}) WHERE supplier_id = {quoted(UNASSIGNED)} "
            f"GROUP BY sku ORDER BY count(*) DESC, sku LIMIT {SHOWN}"
        ).fetchall()
        return dict(rows)

    def checks(self) -> dict[str, int]:
        """The counts that the description asks to be told, those that are not 0."""
        found = {}
        for name, sql in self.found.platform.checks.items():
            row = self.connection.execute(sql).fetchone()
            found[name] = int(row[0]) if row and row[0] else 0
        return {name: count for name, count in found.items() if count}

    def written(self, words: Words) -> list[tuple[Path, Path]]:
        """Writes what changed, and the rejected rows, beside their files: (temporary, target) of each."""
        finished: list[tuple[Path, Path]] = []
        for name, rejects in self.rejects.items():
            if written := write_rejected(rejects, rejected_list(self.into, name, self.found.platform.name), words):
                finished.append(written)
        return finished + self.merging.written()


def make_views(connection: duckdb.DuckDBPyConnection, found: Found, rules: Rules, *, are_kept: bool = True) -> None:
    """Makes the description's views in their order, by these rules. ``are_kept``: those that are asked for more than once stand as tables."""
    connection.execute("DROP SCHEMA IF EXISTS made CASCADE; CREATE SCHEMA made")
    connection.execute(f"CREATE OR REPLACE MACRO pull_currency() AS {quoted(rules.currency or found.platform.currency)}")
    texts = [*found.platform.views.values(), *(fill.rows for fill in found.platform.fills.values())]
    for name, sql in found.platform.views.items():
        text = sql.replace("{supplier}", rules.supplier_sql()).replace("{cost}", rules.cost_sql())
        kind = "TABLE" if are_kept and sum(len(re.findall(rf"made\.{name}\b", other)) for other in texts) > 1 else "VIEW"
        connection.execute(f"CREATE {kind} made.{identifier(name)} AS {text}")


def flags_of(rules: Rules) -> frozenset[str]:
    """What of a description's needs the operator's file meets."""
    return rules.flags | ({"@cost"} if rules.has_cost else frozenset())


def proposed(connection: duckdb.DuckDBPyConnection, found: Found) -> Sequence[Sequence[str | None]]:
    """The rules that a draft has, in their order: field, value, supplier, name."""
    make_views(connection, found, Rules(()), are_kept=False)
    rows: Sequence[Sequence[str | None]] = connection.execute(found.platform.proposals).fetchall()
    return rows


def _cell(column: Column, kind: str, fill: Filled, known: str | None) -> str:
    """SQL of a cell: as it is where its type says what it is, else as text."""
    is_typed = kind.startswith(TYPES.get(column.type, ("VARCHAR",))) and column.name not in fill.yields
    cell = f"m.{identifier(column.name)}{'' if is_typed else '::VARCHAR'}"
    if known and column.name in fill.yields:
        kept = f"k.{identifier(column.name)}::VARCHAR"
        return f"CASE WHEN {kept} <> 'unknown' THEN {kept} ELSE {cell} END"
    return cell
