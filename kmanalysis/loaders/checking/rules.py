"""The one validator: text rows in the engine become a canonical table; every row that breaks a rule is reported with its line, column and reason.

All rules are those of `tables.toml`. Whole columns are judged by the engine; only faulty cells come out of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pandas as pd

from kmanalysis.detector import CONTACTS, GLANCE, KINDS, MASK, looks_like_code
from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.loaders.checking.alike import IDS, alike, collect_ids, shown
from kmanalysis.loaders.checking.casts import ANSWERED, NOTHING, TYPES, UNREADABLE, WHAT_WAS_FOUND, cast, lacking, typed
from kmanalysis.loaders.checking.marks import unmarked
from kmanalysis.loaders.checking.receipts import REJECT_COLUMNS
from kmanalysis.loaders.checking.secrets import digest, without_secrets
from kmanalysis.tables import Table

NAMED = 3
"""How many of those that a doubt is about are named."""

_IN_GROUPS = "[A-Za-z0-9]{4,6}(-[A-Za-z0-9]{4,6}){2,7}"


@dataclass
class Outcome:
    """What validation found, by file: rows ``read``, of them ``same`` as an earlier one, first faults in ``rejected``, and ``doubts``.

    ``rejects`` is a rejects frame. ``named`` says by doubt what it is about, where its rows alone would not tell.
    """

    read: dict[str, int] = field(default_factory=dict)
    same: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, dict[str, int]] = field(default_factory=dict)
    doubts: dict[str, dict[str, int]] = field(default_factory=dict)
    rejects: pd.DataFrame = field(default_factory=lambda: no_rejects())
    named: dict[str, str] = field(default_factory=dict)

    def naming(self, file: str) -> dict[str, str]:
        """What the file's doubts are about."""
        return {reason: text for reason, text in self.named.items() if reason in self.doubts.get(file, {})}


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
    holds_codes: bool = False,
    keep_origin: bool = False,
    answered: Collection[str] = (),
    doubted: Collection[str] = (),
    types: Mapping[str, str] | None = None,
    kinds: Collection[str] = KINDS,
) -> Outcome:
    """Makes ``target`` from the relation ``text`` (a name, or a select in parentheses) and says what was left out.

    ``text`` has ``_file`` (a number that ``files`` names), ``_line``, ``_fault``, ``_found``, ``_width`` and canonical columns as text or of their
    type (`casts.TYPES`), NULL where empty; columns that it lacks are empty. ``known`` names the relation that holds each table to which references
    may point. ``key`` makes the digests of secrets that must be shown; without it they are masked. ``repeats`` is ``reject`` or ``first``: what
    becomes of a row that says something else of a key seen before. ``holds_codes``: the source holds card codes, which a shifted row may show in
    any column. ``keep_origin``: ``target`` says in ``_file`` and ``_line`` where each row came from. ``answered`` are the columns that a lookup or
    a case answers for, or that may bear a mark of the file's: their cells may say that there is no value. ``_fault`` is a reason, or a heading and a
    reason with chr(31) between them. A column ``stated <name>`` of ``text`` holds a cell as it stands in its source, where ``<name>`` is made of it.
    ``doubted`` are the columns for which ``text`` has a column ``doubt <name>`` besides, with the id of what is doubtful about the cell. ``types`` are
    those of the columns of ``text``, where they are known. ``kinds`` are the kinds of secrets that texts are searched for, see `detector`.
    """
    holds_codes = holds_codes or any(column.is_code for column in table.columns.values())
    return _Validation(connection, text, table, target, files, known, key, repeats, holds_codes, answered, doubted, types, kinds).run(keep_origin)


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
        holds_codes: bool,
        answered: Collection[str],
        doubted: Collection[str],
        types: Mapping[str, str] | None,
        kinds: Collection[str],
    ) -> None:
        self.holds_codes, self.kinds, self.doubted = holds_codes, kinds, doubted
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
        self._replace_codes_as_ids()
        self._check_one_of()
        self._check_references()
        self._check_repeats()
        self._doubt_orders()
        self._doubt_zeros()
        self._doubt_ids()
        self._doubt_readings()
        self._replace_secrets()
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
        stated = {name: f"stated {name}" for name in self.table.columns}
        as_stated = " ".join(f"WHEN {quoted(name)} THEN source.{identifier(extra)}" for name, extra in stated.items() if extra in self.present)
        stated_cell = f'CASE named."column" {as_stated} END' if as_stated else "NULL::VARCHAR"
        frame = self.connection.execute(
            f"WITH faulty AS (SELECT _file, _line, unnest(_faults) AS fault FROM {self.target} WHERE _faults IS NOT NULL), "
            'named AS (SELECT _file, _line, split_part(fault, chr(31), 1) AS "column", split_part(fault, chr(31), 2) AS reason FROM faulty) '
            'SELECT named._file, named._line AS line, named."column", named.reason, source._width, '
            f"CASE named.reason WHEN 'ragged' THEN source._found::VARCHAR ELSE CASE named.\"column\" {shown} END END AS value, {stated_cell} AS stated "
            f"FROM named JOIN {self.text} source ON source._file = named._file AND source._line = named._line"
        ).df()
        accepted = {name: spec.accepted for name, spec in self.casts.items()}
        frame["accepted"] = [
            str(width) if reason == "ragged" else accepted.get(column, "")
            for column, reason, width in zip(frame["column"], frame["reason"], frame["_width"], strict=True)
        ]
        frame = _with_answers(frame)
        self._tell(frame.assign(value=frame["stated"].where(frame["stated"].notna(), frame["value"])))
        self.connection.execute(f"DELETE FROM {self.target} WHERE _faults IS NOT NULL")

    def _reject(self, where: str, names: Sequence[str], reason: str, accepted: str) -> None:
        """Leaves rows out, and tells what stands in the columns ``names`` of them: in the source, where it says so."""
        if not self._count(self.outcome.rejected, reason, where):
            return
        stated = {name: f"source.{identifier(f'stated {name}')}" if f"stated {name}" in self.present else "NULL" for name in names}
        value = ", ".join(f"coalesce({cell}, rows.{identifier(name)}::VARCHAR)" for name, cell in stated.items())
        source = f" JOIN {self.text} source ON source._file = rows._file AND source._line = rows._line" if {*stated.values()} != {"NULL"} else ""
        frame = self.connection.execute(
            f"SELECT rows._file, rows._line AS line, concat_ws(', ', {value}) AS value FROM (FROM {self.target} WHERE {where}) rows{source}"
        ).df()
        self._tell(frame.assign(column=", ".join(names), reason=reason, accepted=accepted))
        self.connection.execute(f"DELETE FROM {self.target} WHERE {where}")

    def _tell(self, frame: pd.DataFrame) -> None:
        cells = zip(frame["column"], frame["value"], strict=True)
        accepted = {text: without_secrets(text, self.key) for text in frame["accepted"].unique()} if len(frame) else {}
        rows = frame.assign(
            file=[self.files[number] for number in frame["_file"]],
            value=["" if pd.isna(value) else self._without_secrets(column, unmarked(str(value).removeprefix(UNREADABLE))) for column, value in cells],
            accepted=frame["accepted"].map(accepted),
        )
        self.found.append(rows.loc[:, list(REJECT_COLUMNS)])

    def _without_secrets(self, column: str, value: str) -> str:
        declared = self.table.columns.get(column)
        if (declared and declared.is_secret) or (self.holds_codes and looks_like_code(value)):
            return digest(value, self.key) if self.key else MASK
        # What tells a row apart is shown, be it written like a code, unless its file holds codes.
        is_id = declared is not None and declared.type == "id" and not self.holds_codes
        return without_secrets(value, self.key, CONTACTS if is_id else KINDS, holds_codes=self.holds_codes)

    def _check_one_of(self) -> None:
        names = self.table.one_of
        if names:
            self._reject(" AND ".join(f"{identifier(name)} IS NULL" for name in names), names, "none_of_them", ", ".join(names))

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
                self._reject(orphan, [name], "unknown_reference", column.refers_to)

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
            self._reject(later.format("_differs"), self.table.key, "key_repeated", "")
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

    def _doubt_ids(self) -> None:
        """Counts identifiers that mean nothing, and those that look like another one, and names them."""
        for name, column in self.table.columns.items():
            if column.type != "id" or name not in self.present or not collect_ids(self.connection, self.target, name):
                continue
            words = ", ".join(map(quoted, NOTHING))
            empty = [text for (text,) in self.connection.execute(f"SELECT id FROM {IDS} WHERE lower(id) IN ({words}) ORDER BY id").fetchall()]
            self._doubt_some("id_means_nothing", name, empty, empty)
            groups = alike(self.connection)
            told = [shown([self._without_secrets(name, text) for text in group]) for group in groups]
            self._doubt_some("ids_alike", name, [text for group in groups for text in group], told)
            self.connection.execute(f"DROP TABLE {IDS}")

    def _doubt_some(self, reason: str, column: str, ids: Sequence[str], told: Sequence[str]) -> None:
        """Counts the rows with these identifiers as doubtful, and says which they are: the first few of ``told``."""
        if not ids:
            return
        self._count(self.outcome.doubts, reason, f"{identifier(column)} IN ({', '.join(map(quoted, ids))})")
        text = f"{column}: {', '.join(told[:NAMED])}{', …' if len(told) > NAMED else ''}"
        self.outcome.named[reason] = f"{before}; {text}" if (before := self.outcome.named.get(reason)) else text

    def _doubt_readings(self) -> None:
        """Counts what the source's mapping is doubtful about in rows that were kept."""
        for name in self.doubted:
            doubt = f"source.{identifier(f'doubt {name}')}"
            rows = self.connection.execute(
                f"SELECT target._file, {doubt}, count(*) FROM {self.text} source JOIN {self.target} target ON source._file = target._file "
                f"AND source._line = target._line WHERE {doubt} IS NOT NULL GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            for number, reason, count in rows:
                counts = self.outcome.doubts.setdefault(self.files[number], {})
                counts[reason] = counts.get(reason, 0) + count

    def _replace_codes_as_ids(self) -> None:
        """Ids of codes that are codes themselves become digests: in the table of codes and in those that refer to it, so that they still meet."""
        for name, column in self.table.columns.items():
            is_of_code = column.refers_to == "codes.code_id" or (self.table.name == "codes" and name == "code_id")
            if is_of_code and name in self.present and self.key and "code" in self.kinds:
                self._replace(name, f"regexp_full_match({identifier(name)}, '{_IN_GROUPS}')")

    def _replace_secrets(self) -> None:
        for name, column in self.table.columns.items():
            if self.table.may_hold_contacts(column) and name in self.present and self.kinds:
                self._replace(name, f"regexp_matches({identifier(name)}, '{GLANCE}')")

    def _replace(self, name: str, glance: str) -> None:
        """Makes digests of the secrets in a column, in the texts that the engine finds at a glance; counts their rows as doubtful."""
        cell = identifier(name)
        found = self.connection.execute(f"SELECT DISTINCT {cell} FROM {self.target} WHERE {glance} ORDER BY 1").fetchall()
        clean = {value: without_secrets(value, self.key, self.kinds) for (value,) in found}
        frame = pd.DataFrame([(value, cleaned) for value, cleaned in clean.items() if value != cleaned], columns=["raw", "clean"], dtype="str")
        if frame.empty:
            return
        self.connection.register("_contacts", frame)
        self._count(self.outcome.doubts, "contact_replaced", f"{cell} IN (SELECT raw FROM _contacts)")
        self.connection.execute(f"UPDATE {self.target} SET {cell} = _contacts.clean FROM _contacts WHERE {cell} = _contacts.raw")
        self.connection.unregister("_contacts")


def _with_answers(frame: pd.DataFrame) -> pd.DataFrame:
    """Rejected cells that a lookup or a case has no answer for, or that contradict the mapping: what it answers becomes what is accepted, what stood in
    the file the value."""
    for row in frame.index[frame["reason"].isin(list(ANSWERED))]:
        accepted, _, found = str(frame.at[row, "value"]).removeprefix(ANSWERED[str(frame.at[row, "reason"])]).partition(WHAT_WAS_FOUND)
        frame.loc[row, ["value", "accepted"]] = [found, accepted]
    return frame


def _any(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None
