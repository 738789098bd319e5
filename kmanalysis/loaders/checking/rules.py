"""The one validator: text rows in the engine become a canonical table; every row that breaks a rule is reported with its line, column and reason.

All rules are those of `tables.toml`. Whole columns are judged by the engine; only faulty cells come out of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import duckdb
import pandas as pd

from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.loaders.checking.casts import NOT_IN_CASE, NOT_IN_LOOKUP, TYPES, UNREADABLE, WHAT_WAS_FOUND, cast, lacking, typed
from kmanalysis.loaders.checking.marks import unmarked
from kmanalysis.loaders.checking.receipts import REJECT_COLUMNS
from kmanalysis.loaders.checking.secrets import MASK, MAY_HOLD_CONTACT, digest, looks_like_code, without_contacts
from kmanalysis.tables import Table


@dataclass
class Outcome:
    """What validation found, by file: rows ``read``, of them ``same`` as an earlier one, first faults in ``rejected``, and ``doubts``.

    ``rejects`` is a rejects frame.
    """

    read: dict[str, int] = field(default_factory=dict)
    same: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, dict[str, int]] = field(default_factory=dict)
    doubts: dict[str, dict[str, int]] = field(default_factory=dict)
    rejects: pd.DataFrame = field(default_factory=lambda: no_rejects())


def no_rejects() -> pd.DataFrame:
    """A rejects frame without rows."""
    return pd.DataFrame(columns=list(REJECT_COLUMNS), dtype="str").astype({"line": "int64"})


def validate(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    table: Table,
    target: str,
    files: Mapping[int, str],
    *,
    known: Mapping[str, str],
    key: bytes | None = None,
    repeats: str = "reject",
    has_secrets: bool = False,
    keep_origin: bool = False,
    answered: Collection[str] = (),
    types: Mapping[str, str] | None = None,
) -> Outcome:
    """Makes ``target`` from the relation ``text`` (a name, or a select in parentheses) and says what was left out.

    ``text`` has ``_file`` (a number that ``files`` names), ``_line``, ``_fault``, ``_found``, ``_width`` and canonical columns as text or of their
    type (`casts.TYPES`), NULL where empty; columns that it lacks are empty. ``known`` names the relation that holds each table to which references
    may point. ``key`` makes the digests of secrets that must be shown; without it they are masked. ``repeats`` is ``reject`` or ``first``: what
    becomes of a row that says something else of a key seen before. ``has_secrets``: the source holds card codes, which a shifted row may show in
    any column. ``keep_origin``: ``target`` says in ``_file`` and ``_line`` where each row came from. ``answered`` are the columns that a lookup or
    a case answers for, or that may bear a mark of the file's: their cells may say that there is no value. ``_fault`` is a reason, or a heading and a
    reason with chr(31) between them. ``types`` are those of the columns of ``text``, where they are known.
    """
    has_secrets = has_secrets or any(column.is_secret for column in table.columns.values())
    return _Validation(connection, text, table, target, files, known, key, repeats, has_secrets, answered, types).run(keep_origin)


class _Validation:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        text: str,
        table: Table,
        target: str,
        files: Mapping[int, str],
        known: Mapping[str, str],
        key: bytes | None,
        repeats: str,
        has_secrets: bool,
        answered: Collection[str],
        types: Mapping[str, str] | None,
    ) -> None:
        self.has_secrets = has_secrets
        self.connection, self.text, self.table, self.files, self.known, self.key, self.repeats = connection, text, table, files, known, key, repeats
        self.name = target
        self.target = identifier(target)
        self.present = types or {row[0]: str(row[1]) for row in connection.execute(f"DESCRIBE SELECT * FROM {text}").fetchall()}
        self.casts = {
            name: cast(column, may_lack_answers=name in answered, is_typed=self.present[name].startswith(TYPES.get(column.type, ("-",))))
            if name in self.present
            else lacking(column)
            for name, column in table.columns.items()
        }
        self.outcome = Outcome(read=dict.fromkeys(files.values(), 0))
        self.found: list[pd.DataFrame] = []

    def run(self, keep_origin: bool) -> Outcome:
        self._judge()
        self.outcome.read |= self._by_file("true")
        self._reject_faulty_cells()
        self._check_one_of()
        self._check_references()
        self._check_repeats()
        self._doubt_orders()
        self._doubt_zeros()
        self._replace_contacts()
        for name in ("_faults",) if keep_origin else ("_faults", "_file", "_line"):
            self.connection.execute(f"ALTER TABLE {self.target} DROP COLUMN {name}")
        if self.found:
            self.outcome.rejects = pd.concat(self.found, ignore_index=True).sort_values(["file", "line", "column", "reason"], kind="stable", ignore_index=True)
        return self.outcome

    def _judge(self) -> None:
        values = ", ".join(f"{spec.value} AS {typed(name)}" for name, spec in self.casts.items())
        columns = ", ".join(f"{typed(name)}::{column.sql_type} AS {identifier(name)}" for name, column in self.table.columns.items())
        faults = {name: identifier(f"fault {name}") for name, spec in self.casts.items() if spec.fault}
        judged = ", ".join(f"{self.casts[name].fault} AS {fault}" for name, fault in faults.items())
        any_fault = " OR ".join(f"{fault} IS NOT NULL" for fault in faults.values())
        labelled = ", ".join(f"{quoted(name)} || chr(31) || {fault}" for name, fault in faults.items())
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {self.target} AS WITH cast_ AS (SELECT *, {values} FROM {self.text}), judged AS (SELECT *, {judged} FROM cast_) "
            f"SELECT {columns}, _file, _line, CASE WHEN contains(_fault, chr(31)) THEN [_fault] WHEN _fault IS NOT NULL THEN [chr(31) || _fault] "
            f"WHEN {any_fault} THEN list_filter([{labelled}], lambda fault: fault IS NOT NULL) END AS _faults FROM judged"
        )

    def _by_file(self, where: str) -> dict[str, int]:
        rows = self.connection.execute(f"SELECT _file, count(*) FROM {self.target} WHERE {where} GROUP BY _file ORDER BY _file").fetchall()
        return {self.files[number]: count for number, count in rows}

    def _count(self, counts: dict[str, dict[str, int]], reason: str, where: str) -> int:
        by_file = self._by_file(where)
        for file, rows in by_file.items():
            counts.setdefault(file, {})[reason] = counts.get(file, {}).get(reason, 0) + rows
        return sum(by_file.values())

    def _reject_faulty_cells(self) -> None:
        firsts = self.connection.execute(
            f"SELECT _file, split_part(_faults[1], chr(31), 2) AS reason, count(*) FROM {self.target} WHERE _faults IS NOT NULL GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        if not firsts:
            return
        for number, reason, rows in firsts:
            self.outcome.rejected.setdefault(self.files[number], {})[reason] = rows
        shown = " ".join(f"WHEN {quoted(name)} THEN source.{identifier(name)}::VARCHAR" for name in self.table.columns if name in self.present)
        frame = self.connection.execute(
            f"WITH faulty AS (SELECT _file, _line, unnest(_faults) AS fault FROM {self.target} WHERE _faults IS NOT NULL), "
            'named AS (SELECT _file, _line, split_part(fault, chr(31), 1) AS "column", split_part(fault, chr(31), 2) AS reason FROM faulty) '
            'SELECT named._file, named._line AS line, named."column", named.reason, source._width, '
            f"CASE named.reason WHEN 'ragged' THEN source._found::VARCHAR ELSE CASE named.\"column\" {shown} END END AS value "
            f"FROM named JOIN {self.text} source ON source._file = named._file AND source._line = named._line"
        ).df()
        accepted = {name: spec.accepted for name, spec in self.casts.items()}
        frame["accepted"] = [
            str(width) if reason == "ragged" else accepted.get(column, "")
            for column, reason, width in zip(frame["column"], frame["reason"], frame["_width"], strict=True)
        ]
        self._tell(_with_answers(frame))
        self.connection.execute(f"DELETE FROM {self.target} WHERE _faults IS NOT NULL")

    def _reject(self, where: str, column: str, reason: str, value: str, accepted: str) -> None:
        if not self._count(self.outcome.rejected, reason, where):
            return
        frame = self.connection.execute(f"SELECT _file, _line AS line, {value} AS value FROM {self.target} WHERE {where}").df()
        self._tell(frame.assign(column=column, reason=reason, accepted=accepted))
        self.connection.execute(f"DELETE FROM {self.target} WHERE {where}")

    def _tell(self, frame: pd.DataFrame) -> None:
        cells = zip(frame["column"], frame["value"], strict=True)
        rows = frame.assign(
            file=[self.files[number] for number in frame["_file"]],
            value=["" if pd.isna(value) else self._without_secrets(column, unmarked(str(value).removeprefix(UNREADABLE))) for column, value in cells],
        )
        self.found.append(rows.loc[:, list(REJECT_COLUMNS)])

    def _without_secrets(self, column: str, value: str) -> str:
        declared = self.table.columns.get(column)
        if (declared and declared.is_secret) or (self.has_secrets and looks_like_code(value)):
            return digest(value, self.key) if self.key else MASK
        return without_contacts(value, self.key)

    def _check_one_of(self) -> None:
        names = self.table.one_of
        if names:
            self._reject(" AND ".join(f"{identifier(name)} IS NULL" for name in names), ", ".join(names), "none_of_them", "''", ", ".join(names))

    def _check_references(self) -> None:
        for name, column in self.table.columns.items():
            if not column.refers_to:
                continue
            partner, _, partner_column = column.refers_to.partition(".")
            cell = identifier(name)
            if partner not in self.known:
                self._count(self.outcome.doubts, "reference_unchecked", f"{cell} IS NOT NULL")
                continue
            there = f"SELECT {identifier(partner_column)} FROM {self.known[partner]} WHERE {identifier(partner_column)} IS NOT NULL"
            orphan = f"{cell} IS NOT NULL AND {cell} NOT IN ({there})"
            if column.orphan == "doubt":
                self._count(self.outcome.doubts, "unknown_reference", orphan)
            else:
                self._reject(orphan, name, "unknown_reference", cell, column.refers_to)

    def _check_repeats(self) -> None:
        keys = ", ".join(map(identifier, self.table.key))
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE _repeated AS SELECT {keys} FROM {self.target} GROUP BY {keys} HAVING count(*) > 1")
        if not _any(self.connection, "_repeated"):
            return
        contents = [identifier(name) for name in self.table.columns if name not in self.table.key]
        differs = " OR ".join(f"t.{name} IS DISTINCT FROM f.{name}" for name in contents) or "false"
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE _later AS WITH ranked AS ("
            f"SELECT t.*, row_number() OVER (PARTITION BY {keys} ORDER BY _file, _line) AS _rank FROM {self.target} t SEMI JOIN _repeated USING ({keys})) "
            f"SELECT t._file, t._line, ({differs}) AS _differs FROM ranked t JOIN ranked f USING ({keys}) WHERE f._rank = 1 AND t._rank > 1"
        )
        later = "(_file, _line) IN (SELECT (_file, _line) FROM _later WHERE {})"
        if self.repeats == "first":
            self._count(self.outcome.doubts, "repeat_differs", later.format("_differs"))
        else:
            shown = f"concat_ws(', ', {', '.join(f'{identifier(name)}::VARCHAR' for name in self.table.key)})"
            self._reject(later.format("_differs"), ", ".join(self.table.key), "key_repeated", shown, "")
        self.outcome.same = self._by_file(later.format("true"))
        self.connection.execute(f"DELETE FROM {self.target} WHERE {later.format('true')}")
        self.connection.execute("DROP TABLE _repeated; DROP TABLE _later")

    def _doubt_orders(self) -> None:
        for name, column in self.table.columns.items():
            if column.not_before:
                self._count(self.outcome.doubts, "out_of_order", f"{identifier(name)} < {identifier(column.not_before)}")

    def _doubt_zeros(self) -> None:
        for name, column in self.table.columns.items():
            if column.zero == "doubt" and name in self.present:
                self._count(self.outcome.doubts, "zero_cost", f"{identifier(name)} = 0")

    def _replace_contacts(self) -> None:
        for name, column in self.table.columns.items():
            if not self.table.may_hold_contacts(column) or name not in self.present:
                continue
            cell = identifier(name)
            found = self.connection.execute(
                f"SELECT DISTINCT {cell} FROM {self.target} WHERE regexp_matches({cell}, '{MAY_HOLD_CONTACT}') ORDER BY 1"
            ).fetchall()
            clean = {value: without_contacts(value, self.key) for (value,) in found}
            frame = pd.DataFrame([(value, cleaned) for value, cleaned in clean.items() if value != cleaned], columns=["raw", "clean"], dtype="str")
            if frame.empty:
                continue
            self.connection.register("_contacts", frame)
            self._count(self.outcome.doubts, "contact_replaced", f"{cell} IN (SELECT raw FROM _contacts)")
            self.connection.execute(f"UPDATE {self.target} SET {name} = _contacts.clean FROM _contacts WHERE {cell} = _contacts.raw")
            self.connection.unregister("_contacts")


def _with_answers(frame: pd.DataFrame) -> pd.DataFrame:
    """Rejected cells that a lookup or a case has no answer for: what it answers becomes what is accepted, what stood in the file the value."""
    for row in frame.index[frame["reason"].isin(["not_in_lookup", "not_in_case"])]:
        accepted, _, found = str(frame.at[row, "value"]).removeprefix(NOT_IN_LOOKUP).removeprefix(NOT_IN_CASE).partition(WHAT_WAS_FOUND)
        frame.loc[row, ["value", "accepted"]] = [found, accepted]
    return frame


def _any(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None
