"""Text cells to typed values in the engine, and what is wrong with those that cannot be: the rules of `tables.toml` as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.loaders.checking.marks import MARKS
from kmanalysis.tables import Column

UNREADABLE = "\ue000"
"""Begins a cell that the mapping could not read: whatever follows is shown, never taken."""

NOT_IN_LOOKUP, NOT_IN_CASE = "\ue001", "\ue002"
"""Begin a cell that the mapping's lookup or case has no answer for. What it answers follows up to `WHAT_WAS_FOUND`, then what stood in the file."""
WHAT_WAS_FOUND = "\ue003"
OTHER_CURRENCY, IS_SHARE, OTHER_HALF = "\ue004", "\ue005", "\ue006"
"""Begin a cell that contradicts its mapping: a sign of another currency, a percentage where no share is meant, an hour of the other half of the day.
Both readings follow up to `WHAT_WAS_FOUND`, then what stood in the file."""
_NO_ANSWER = {"not_in_lookup": NOT_IN_LOOKUP, "not_in_case": NOT_IN_CASE}
_CONTRADICTION = {"other_currency": OTHER_CURRENCY, "is_share": IS_SHARE, "other_half": OTHER_HALF}
ANSWERED: Mapping[str, str] = MappingProxyType({**_NO_ANSWER, **_CONTRADICTION})
"""Reasons whose cells say what would have passed, with the sign that begins such a cell."""
_NO_VALUE = {**_NO_ANSWER, **MARKS}

NOTHING = ("无", "暂无", "没有", "空", "null", "nil", "nan", "none", "-", "--", "—", "——", "n/a", "\\n", "#n/a", "<null>", "(null)", "[null]")
"""What people and programs write in an identifier or a text where there is nothing, in small letters. Two that have none have nothing in common."""

NAIVE_TIME = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
ZONED_TIME = NAIVE_TIME + r" ?([Zz]|[+-]((0\d|1[0-3])(:?[0-5]\d)?|14(:?00)?))"
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
# 1E5 may be somebody's code; with a decimal point or a plus it is a number, of which a spreadsheet kept some digits.
_ROUNDED_ID = r"[+-]?(\d+([.,]\d+)?[eE]\+\d{1,3}|\d+[.,]\d+[eE]-?\d{1,3}|\d{16,}\.0+)"
_WHOLE = r"[+-]?(\d+\.?0*|\.0+)"
_SCIENTIFIC = r"[+-]?\d+(\.\d*)?[eE]\+?\d{1,3}"
_NOT_FINITE = r"[+-]?(nan|inf|infinity)"
TYPES = {
    "timestamp": ("TIMESTAMP",),
    "date": ("DATE",),
    "boolean": ("BOOLEAN",),
    "integer": ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER"),
    "decimal": ("DECIMAL",),
}
"""How the engine's types of values begin that need not be read from a text, by a column's type."""

_MAY_CONTRADICT = ("integer", "decimal", "float", "timestamp", "date")
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
    clauses += [f"WHEN starts_with({text}, {quoted(mark)}) THEN '{reason}'" for reason, mark in _NO_VALUE.items() if may_lack_answers]
    if broken:
        marks = " ".join(f"WHEN {quoted(mark)} THEN '{reason}'" for reason, mark in _CONTRADICTION.items())
        reason = broken if is_typed or column.type not in _MAY_CONTRADICT else f"CASE {text}[1] {marks} ELSE {broken} END"
        clauses.append(f"WHEN {found} IS NULL AND {text} IS NOT NULL THEN {reason}")
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
        # Exact looks cost twenty times the others: only where the text has an exponent, or room for a fifth decimal.
        differs = (
            f"{value} <> {text}"
            if is_typed
            else f"CASE WHEN contains({text}, 'e') OR contains({text}, 'E') THEN length({text}) > 24 OR {value}::DOUBLE <> TRY_CAST({text} AS DOUBLE) "
            f"OR ({value} = 0 AND {is_not_zero(text)}) "
            f"WHEN strpos({text}, '.') BETWEEN 1 AND length({text}) - 5 THEN regexp_matches({text}, '\\.\\d{{4}}\\d*[1-9]') END"
        )
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


def is_rounded(text: str) -> str:
    """SQL of whether a text is a number of which a spreadsheet kept some digits alone."""
    # Few identifiers begin like a number and have one of these signs; only they are worth a pattern. Plus is 43, and 9 is 57.
    signs = " OR ".join(f"contains({text}, '{sign}')" for sign in "+.,")
    return f"(ord({text}) BETWEEN 43 AND 57 AND ({signs}) AND regexp_full_match({text}, '{_ROUNDED_ID}'))"


def _id(column: Column, text: str) -> tuple[str, str, str]:
    # Below a NOT the engine would try the pattern on every identifier.
    return f"CASE WHEN {is_rounded(text)} THEN NULL ELSE {text} END", "'rounded_id'", ""


def _text(column: Column, text: str) -> tuple[str, str, str]:
    if not column.pattern:
        return text, "", ""
    return f"CASE WHEN regexp_full_match({text}, {quoted(column.pattern)}) THEN {text} END", "'wrong_pattern'", column.pattern


def _enum(column: Column, text: str) -> tuple[str, str, str]:
    return f"CASE WHEN {text} IN ({', '.join(map(quoted, column.values))}) THEN {text} END", "'not_in_list'", ", ".join(column.values)


def _digest(column: Column, text: str) -> tuple[str, str, str]:
    fault = f"CASE WHEN {is_rounded(text)} THEN 'rounded_id' ELSE 'plain_secret' END"
    return f"CASE WHEN regexp_full_match({text}, 'kd1:[0-9a-f]{{32}}') THEN {text} END", fault, "kd1:…"


def _boolean(column: Column, text: str) -> tuple[str, str, str]:
    return f"CASE lower({text}) WHEN 'true' THEN true WHEN 'false' THEN false END", "'not_boolean'", "true, false"


def _integer(column: Column, text: str) -> tuple[str, str, str]:
    # A cast alone would round 1.5 up, even 1.0000000000001 down, and read 1_000 and 0x1F. With an exponent: as many decimals as it moves the point.
    decimals = f"length(rtrim(regexp_extract({text}, '\\.(\\d+)', 1), '0'))"
    moved = f"TRY_CAST(regexp_extract({text}, '[eE]\\+?(\\d+)$', 1) AS INTEGER)"
    is_whole = f"(regexp_full_match({text}, '{_WHOLE}') OR (regexp_full_match({text}, '{_SCIENTIFIC}') AND {decimals} <= {moved}))"
    value = (
        f"CASE WHEN TRY_CAST({text} AS BIGINT)::VARCHAR = {text} THEN TRY_CAST({text} AS BIGINT) "
        f"WHEN {is_whole} THEN TRY_CAST(TRY_CAST({text} AS DECIMAL(38,12)) AS BIGINT) END"
    )
    return value, _number_fault(text, f"CASE WHEN {is_whole} THEN 'too_many_digits' ELSE 'not_whole' END"), _range(column, "123")


def _decimal(column: Column, text: str) -> tuple[str, str, str]:
    value = f"CASE WHEN NOT contains({text}, '_') THEN TRY_CAST({text} AS {column.sql_type}) END"
    return value, _number_fault(text, "'too_many_digits'"), _range(column, "12345678901234.5678")


def _float(column: Column, text: str) -> tuple[str, str, str]:
    number = f"TRY_CAST({text} AS DOUBLE)"
    # 1e-400 would become 0.
    value = f"CASE WHEN NOT contains({text}, '_') AND isfinite({number}) AND NOT ({number} = 0 AND {is_not_zero(text)}) THEN {number} END"
    return value, _number_fault(text, "'too_many_digits'"), _range(column, "1.5")


def _timestamp(column: Column, text: str) -> tuple[str, str, str]:
    # A plain cast drops the offset: zoned text goes through TIMESTAMPTZ.
    value = (
        f"CASE WHEN regexp_full_match({text}, '{NAIVE_TIME}') THEN TRY_CAST({text} AS TIMESTAMP) "
        f"WHEN regexp_full_match({text}, '{ZONED_TIME}') THEN {instant(text)} END"
    )
    return value, "'not_time'", "2026-10-01 03:04:05 (UTC), 2026-10-01T11:04:05+08:00"


def instant(text: str) -> str:
    """SQL of the naive UTC time that a text like `ZONED_TIME` states. The engine knows no space before an offset."""
    joined = f"CASE WHEN contains({text}[12:], ' ') THEN regexp_replace({text}, ' ([Zz+-])', '\\1') ELSE {text} END"
    return f"timezone('UTC', TRY_CAST({joined} AS TIMESTAMPTZ))"


def is_not_zero(text: str) -> str:
    """SQL of whether a number's text has another digit than 0 before its exponent."""
    return f"regexp_matches({text}, '^[^eE]*[1-9]')"


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
