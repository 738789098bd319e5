"""Tables of a folder while rows are taken in: incoming rows replace those of the same key, in the columns that they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import duckdb
import pyarrow.parquet as pq

from kmanalysis.engine.sql import arrow_path, identifier, parquet_source
from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.stamp import given_columns
from kmanalysis.loaders.folder import attach, forms_of, table_files
from kmanalysis.loaders.store import refuse_links, target_file, write_table
from kmanalysis.tables import Table, tables


@dataclass
class Merge:
    """How a table stands during a load: the relation that holds it now, the columns that its sources had, and whether that differs from the folder.

    ``is_view``: it differs, and is a view of the folder's rows and those that were put in.
    """

    relation: str
    given: frozenset[str]
    is_changed: bool = False
    is_view: bool = False


class Merging:
    """The tables of a folder that rows are taken into; nothing is written before `written`. Raises DataError for a folder that cannot be read.

    ``parts`` names the part of a table that is ours, by table: others write other parts of it (a watch its months), and rows are merged into ours alone.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, into: Path, wanted: Collection[str], *, parts: Mapping[str, str] = MappingProxyType({})) -> None:
        self.connection, self.into = connection, into
        self.files = files_of(into)
        self.own = {name: into / name / f"{part}.parquet" for name, part in parts.items() if not self._is_one_file(name)}
        self.wanted = frozenset(wanted)
        self.targets: dict[str, Path] = {}
        self.merges: dict[str, Merge] = {}

    def _is_one_file(self, name: str) -> bool:
        return any(path.parent == self.into for path in self.files.get(name, []))

    def find_target(self, table: Table) -> Path:
        """Where the table is written once it changes. Raises DataError where it is kept in a form that cannot be added to, PathError where it is a link."""
        target = self.own.get(table.name) or target_file(table, self.files.get(table.name, []), self.into)
        refuse_links(self.into, target)
        return target

    def open(self) -> None:
        """Attaches the folder's tables. Raises DataError where one that is wanted holds faulty rows."""
        if not self.files:
            return
        found = attach(self.connection, self.into)
        for receipt in found.receipts:
            if receipt.table in self.wanted and receipt.rejected:
                raise DataError(
                    "{file} holds {rows} faulty rows, which this load would drop. Run: kmanalysis check, and mend them first.",
                    file=receipt.file,
                    rows=sum(receipt.rejected.values()),
                )
        self.merges = {name: Merge(identifier(name), found.given.get(name, frozenset())) for name in self.files if name not in self.own}
        for name, path in self.own.items():
            if path.exists():
                columns = ", ".join(map(identifier, tables()[name].columns))
                relation = f"(SELECT {columns} FROM {parquet_source(path)})"
                self.merges[name] = Merge(relation, given_columns(pq.read_schema(arrow_path(path)), tables()[name]))

    @property
    def known(self) -> dict[str, str]:
        """The relation that holds each table now."""
        return {name: merge.relation for name, merge in self.merges.items()}

    def take(self, table: Table, incoming: str, columns: Collection[str], *, filler: Collection[str] = ()) -> Counter[str]:
        """Merges the incoming rows into the table by key, in these columns; how many were new, updated and the same.

        ``incoming`` names a table of the connection; it is the folder's own from now on where the folder has none of the kind. Columns of ``filler`` are
        there for the table's form alone: they count as given only where the folder had them already.

        Raises DataError where the table would change and is kept in a form that cannot be added to.
        """
        execute = self.connection.execute
        keys = ", ".join(map(identifier, table.key))
        others = [identifier(name) for name in columns if name not in table.key]
        given = frozenset(columns) - frozenset(filler)
        if table.name not in self.merges:
            self.targets[table.name] = self.find_target(table)
            execute(f"ALTER TABLE {incoming} RENAME TO {identifier('_now ' + table.name)}")
            self.merges[table.name] = Merge(identifier(f"_now {table.name}"), given, is_changed=True)
            return Counter(new=self._count(self.merges[table.name].relation))
        merge = self.merges[table.name]
        has_more = not merge.given >= given
        merge.given |= given
        differs = " OR ".join(f"i.{name} IS DISTINCT FROM n.{name}" for name in others) or "false"
        execute(
            f"CREATE OR REPLACE TEMP TABLE _compared AS FROM (SELECT {', '.join(f'i.{identifier(name)}' for name in table.key)}, "
            f"CASE WHEN n.{identifier(table.key[0])} IS NULL THEN 'new' WHEN {differs} THEN 'updated' END AS _becomes "
            f"FROM {incoming} i LEFT JOIN {merge.relation} n USING ({keys})) WHERE _becomes IS NOT NULL"
        )
        counts = Counter(dict(execute("SELECT _becomes, count(*) FROM _compared GROUP BY 1 ORDER BY 1").fetchall()))
        counts["same"] = self._count(incoming) - counts["new"] - counts["updated"]
        if counts["new"] or counts["updated"] or has_more:
            self._put(table, incoming, columns)
        execute("DROP TABLE _compared")
        return counts

    def _put(self, table: Table, incoming: str, columns: Collection[str]) -> None:
        """Puts the rows that ``_compared`` names into the table; what they do not change stays where it is, a file most often."""
        execute, merge, keys = self.connection.execute, self.merges[table.name], ", ".join(map(identifier, table.key))
        self.targets[table.name] = self.find_target(table)
        if merge.is_changed:
            self._make_own(table)
        cells = ", ".join(f"{'i' if name in columns or name in table.key else 'n'}.{identifier(name)}" for name in table.columns)
        put, now = identifier(f"_put {table.name}"), identifier(f"_now {table.name}")
        execute(
            f"CREATE OR REPLACE TABLE {put} AS SELECT {cells} FROM (FROM {incoming} SEMI JOIN _compared USING ({keys})) i "
            f"LEFT JOIN (FROM {merge.relation} SEMI JOIN _compared USING ({keys})) n USING ({keys})"
        )
        if merge.is_changed:
            execute(f"DELETE FROM {merge.relation} WHERE ({keys}) IN (SELECT ({keys}) FROM {put}); INSERT INTO {merge.relation} BY NAME FROM {put}")
        else:
            all_columns = ", ".join(map(identifier, table.columns))
            execute(
                f"CREATE OR REPLACE VIEW {now} AS SELECT {all_columns} FROM {merge.relation} ANTI JOIN {put} USING ({keys}) "
                f"UNION ALL SELECT {all_columns} FROM {put}"
            )
            merge.relation, merge.is_changed, merge.is_view = now, True, True

    def drop(self, table: Table, where: str) -> int:
        """Takes rows out of a table that is there; how many they were."""
        merge = self.merges.get(table.name)
        if merge is None or not (rows := self._count(f"{merge.relation} WHERE {where}")):
            return 0
        self._make_own(table)
        self.connection.execute(f"DELETE FROM {merge.relation} WHERE {where}")
        return rows

    def forget(self, table: Table, columns: Collection[str]) -> None:
        """Takes these columns for not given where no row of the table fills them in: their source does not give them any more."""
        merge = self.merges.get(table.name)
        if merge is None:
            return
        empty = [name for name in columns if name in merge.given and not self._count(f"{merge.relation} WHERE {identifier(name)} IS NOT NULL")]
        if empty:
            merge.given -= frozenset(empty)
            self.targets[table.name] = self.find_target(table)

    def written(self) -> list[tuple[Path, Path]]:
        """Writes the tables that changed beside their files: (temporary, target) of each."""
        finished = []
        for name, target in self.targets.items():
            merge = self.merges[name]
            target.parent.mkdir(exist_ok=True)
            finished.append((write_table(self.connection, merge.relation, tables()[name], target, given=merge.given), target))
        return finished

    def _count(self, rows: str) -> int:
        # All of the answer: one that is not read to its end keeps the connection from what is asked next.
        ((count,),) = self.connection.execute(f"SELECT count(*) FROM {rows}").fetchall()
        return int(count)

    def _make_own(self, table: Table) -> None:
        """Before a change row by row: the relation may be a view of the file."""
        merge = self.merges[table.name]
        if not merge.is_changed or merge.is_view:
            self.targets[table.name] = self.find_target(table)
            own = identifier(f"_own {table.name}")
            self.connection.execute(f"CREATE OR REPLACE TABLE {own} AS FROM {merge.relation}")
            merge.relation, merge.is_changed, merge.is_view = own, True, False


def files_of(folder: Path) -> dict[str, list[Path]]:
    """The files of each table in the folder, none where it holds no table yet. Raises DataError for a table in two forms."""
    has_tables = any((folder / f"{name}{suffix}").exists() for name in tables() for suffix in forms_of(name)) or any(
        (folder / name).is_dir() for name in tables()
    )
    return table_files(folder) if has_tables else {}
