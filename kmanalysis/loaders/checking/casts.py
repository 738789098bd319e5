"""Text cells to typed values in the engine, and what is wrong with those that cannot be: the rules of `tables.toml` as SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.loaders.checking.marks import MARKS
from kmanalysis.tables import Column

UNREADABLE = "\ue000"
"""Begins a cell that the mapping could not read: whatever follows is shown, never taken."""

NOT_IN_LOOKUP, NOT_IN_CASE = "\ue001", "\ue002"
"""Begin a cell that the mapping's lookup or case has no answer for. What it answers follows up to `WHAT_WAS_FOUND`, then what stood in the file."""
WHAT_WAS_FOUND = "\ue003"
_NO_ANSWER = {"not_in_lookup": NOT_IN_LOOKUP, "not_in_case": NOT_IN_CASE, **MARKS}

NAIVE_TIME = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
ZONED_TIME = NAIVE_TIME + r" ?([Zz]|[+-]\d{2}(:?\d{2})?)"
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_ROUNDED_ID = r"\d(\.\d+)?[eE]\+\d{2,}"
_NOT_FINITE = r"[+-]?(nan|inf|infinity)"
TYPES = {
    "timestamp": ("TIMESTAMP",),
    "date": ("DATE",),
    "boolean": ("BOOLEAN",),
    "integer": ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER"),
    "decimal": ("DECIMAL",),
}
"""How the engine's types of values begin that need not be read from a text, by a column's type."""

_EARLIEST, _LATEST = "1990-01-01", "2100-01-01"


@dataclass(frozen=True)
class Cast:
    """SQL of a column's typed ``value`` over its text (NULL where there is none), and of the id of its ``fault`` over text and value
    (NULL where it is in order; empty where nothing can be wrong); ``accepted`` says in plain signs what passes."""

    value: str
    fault: str
    accepted: str


def typed(name: str) -> str:
    """The identifier under which a column's typed value stands beside its text."""
    return identifier(f"typed {name}")


def cast(column: Column, *, may_lack_answers: bool = False, is_typed: bool = False) -> Cast:
    """How a canonical column is read from its text, NULL being an empty cell. ``may_lack_answers``: a lookup or a case may have none for it, or the
    file no value (`marks.MARKS`).

    ``is_typed``: it comes as values of one of `TYPES`, which are judged by their bounds alone.
    """
    text, found = identifier(column.name), typed(column.name)
    value, broken, accepted = _READERS.get(column.type, _text)(column, text)
    if is_typed:
        value, broken = f"TRY_CAST({text} AS {column.sql_type})", "'too_many_digits'" if column.type == "decimal" else ""
    clauses = [f"WHEN {text} IS NULL THEN 'empty'"] if column.required else []
    clauses += [f"WHEN starts_with({text}, {quoted(mark)}) THEN '{reason}'" for reason, mark in _NO_ANSWER.items() if may_lack_answers]
    if broken:
        clauses.append(f"WHEN {found} IS NULL AND {text} IS NOT NULL THEN {broken}")
    clauses += [f"WHEN {clause} THEN '{reason}'" for reason, clause in _bounds(column, found, is_typed)]
    return Cast(value, f"CASE {' '.join(clauses)} END" if clauses else "", accepted)


def lacking(column: Column) -> Cast:
    """The same of a column that the source has not."""
    return replace(cast(column), value="NULL", fault="'empty'" if column.required else "")


def _bounds(column: Column, value: str, is_typed: bool) -> list[tuple[str, str]]:
    faults = []
    if column.minimum is not None:
        faults.append(("below_minimum", f"{value} < {column.minimum}"))
    if column.maximum is not None:
        faults.append(("above_maximum", f"{value} > {column.maximum}"))
    if column.type == "decimal":
        text = identifier(column.name)
        # The exact cast costs twenty times the other: only where the text has room for a fifth decimal.
        is_long = f"strpos({text}, '.') BETWEEN 1 AND length({text}) - 5 OR strpos(lower({text}), 'e-') > 0"
        differs = f"{value} <> {text}" if is_typed else f"CASE WHEN {is_long} THEN {value} <> TRY_CAST({text} AS DECIMAL(38,12)) END"
        faults.insert(0, ("too_many_decimals", differs))
    if column.type in ("timestamp", "date"):
        faults.append(("time_out_of_range", f"({value} < '{_EARLIEST}' OR {value} >= '{_LATEST}')"))
    return faults


def _range(column: Column, fallback: str) -> str:
    bounds = [f">= {column.minimum}"] if column.minimum is not None else []
    bounds += [f"<= {column.maximum}"] if column.maximum is not None else []
    return ", ".join([fallback, *bounds])


def _number_fault(text: str, otherwise: str) -> str:
    """Which of the number faults it is, where the cast failed."""
    return (
        f"CASE WHEN regexp_full_match(lower({text}), '{_NOT_FINITE}') THEN 'not_finite' WHEN regexp_full_match({text}, '{_NUMBER}') THEN {otherwise} "
        "ELSE 'not_number' END"
    )


def _id(column: Column, text: str) -> tuple[str, str, str]:
    # The sign alone is looked for first: hardly an identifier has one.
    return f"CASE WHEN NOT (contains({text}, '+') AND regexp_full_match({text}, '{_ROUNDED_ID}')) THEN {text} END", "'rounded_id'", ""


def _text(column: Column, text: str) -> tuple[str, str, str]:
    if not column.pattern:
        return text, "", ""
    return f"CASE WHEN regexp_full_match({text}, {quoted(column.pattern)}) THEN {text} END", "'wrong_pattern'", column.pattern


def _enum(column: Column, text: str) -> tuple[str, str, str]:
    return f"CASE WHEN {text} IN ({', '.join(map(quoted, column.values))}) THEN {text} END", "'not_in_list'", ", ".join(column.values)


def _digest(column: Column, text: str) -> tuple[str, str, str]:
    return f"CASE WHEN regexp_full_match({text}, 'kd1:[0-9a-f]{{32}}') THEN {text} END", "'plain_secret'", "kd1:…"


def _boolean(column: Column, text: str) -> tuple[str, str, str]:
    return f"CASE lower({text}) WHEN 'true' THEN true WHEN 'false' THEN false END", "'not_boolean'", "true, false"


def _integer(column: Column, text: str) -> tuple[str, str, str]:
    # A cast alone would round 1.5 up and read 1_000 and 0x1F.
    exact = f"TRY_CAST({text} AS DECIMAL(38,12))"
    value = (
        f"CASE WHEN TRY_CAST({text} AS BIGINT)::VARCHAR = {text} THEN TRY_CAST({text} AS BIGINT) "
        f"WHEN NOT contains({text}, '_') AND {exact} = TRY_CAST({text} AS BIGINT) THEN TRY_CAST({text} AS BIGINT) END"
    )
    return value, _number_fault(text, f"CASE WHEN {exact} <> trunc({exact}) THEN 'not_whole' ELSE 'too_many_digits' END"), _range(column, "123")


def _decimal(column: Column, text: str) -> tuple[str, str, str]:
    value = f"CASE WHEN NOT contains({text}, '_') THEN TRY_CAST({text} AS {column.sql_type}) END"
    return value, _number_fault(text, "'too_many_digits'"), _range(column, "12345678901234.5678")


def _float(column: Column, text: str) -> tuple[str, str, str]:
    value = f"CASE WHEN NOT contains({text}, '_') AND isfinite(TRY_CAST({text} AS DOUBLE)) THEN TRY_CAST({text} AS DOUBLE) END"
    return value, _number_fault(text, "'too_many_digits'"), _range(column, "1.5")


def _timestamp(column: Column, text: str) -> tuple[str, str, str]:
    # A plain cast drops the offset: zoned text goes through TIMESTAMPTZ.
    value = (
        f"CASE WHEN regexp_full_match({text}, '{NAIVE_TIME}') THEN TRY_CAST({text} AS TIMESTAMP) "
        f"WHEN regexp_full_match({text}, '{ZONED_TIME}') THEN timezone('UTC', TRY_CAST({text} AS TIMESTAMPTZ)) END"
    )
    return value, "'not_time'", "2026-10-01 03:04:05 (UTC), 2026-10-01T11:04:05+08:00"


def _date(column: Column, text: str) -> tuple[str, str, str]:
    # Excel keeps a day as its midnight.
    value = rf"CASE WHEN regexp_full_match({text}, '\d{{4}}-\d{{2}}-\d{{2}}([ T]00:00(:00(\.0+)?)?)?') THEN TRY_CAST(left({text}, 10) AS DATE) END"
    return value, "'not_date'", "2026-10-01"


_READERS = {
    "id": _id,
    "enum": _enum,
    "digest": _digest,
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _decimal,
    "float": _float,
    "timestamp": _timestamp,
    "date": _date,
}
