"""Cells with numbers to SQL: signs and units of the way people write them, and currencies that contradict the row's."""

from __future__ import annotations

from collections.abc import Callable

from kmanalysis.engine.sql import quoted
from kmanalysis.loaders.checking.casts import IS_SHARE, OTHER_CURRENCY, UNREADABLE, WHAT_WAS_FOUND, is_not_zero
from kmanalysis.loaders.mapping.model import ColumnMapping
from kmanalysis.tables import Column

ASSUMED_CURRENCY = "CNY"
"""The currency of a row that states none."""


def is_money(column: Column) -> bool:
    """Whether a column's numbers are amounts of the currency that its row states."""
    return column.unit.startswith("currency")


def number(cell: str, column: Column, mapped: ColumnMapping, currency: str, named: Callable[[str], str] = str) -> str:
    """SQL of what a cell means to a column of numbers, as text; ``currency`` is SQL of the row's, and of no column that holds none.

    A cell that the engine reads is looked at no further. ``named`` gives SQL a name, so that it is worked out once and not at each mention.
    """
    unreadable = f"{quoted(UNREADABLE)} || {cell}"
    is_plain = named(f"TRY_CAST({cell} AS DOUBLE) IS NOT NULL")
    read, sign_of = (named(f"CASE WHEN NOT ({is_plain}) THEN {function}({cell}) END") for function in ("km_number", "km_currency"))
    contradictions = [f"WHEN {read} IS NULL THEN {unreadable}"]
    if column.unit != "share":
        # 50% as an amount is half a yuan to a machine, and fifty of something to its reader.
        both = f"{cell} || ' / ' || {read}"
        contradictions.append(f"WHEN regexp_matches({cell}, '[%％﹪]') THEN {_mark(IS_SHARE, both, cell)}")
    if not is_money(column):
        contradictions.append(f"WHEN {sign_of} IS NOT NULL THEN {unreadable}")
    else:
        row = f"coalesce(upper({currency}), {quoted(ASSUMED_CURRENCY)})"
        # With a rate the cell is in another currency, which becomes the row's.
        sign, shown = ("=", "=") if mapped.rate is not None else ("<>", "≠")
        both = f"{row} || ' {shown} ' || {sign_of}"
        contradictions.append(f"WHEN {sign_of} {sign} {row} THEN {_mark(OTHER_CURRENCY, both, cell)}")
    plain, odd = _changed(cell, mapped, unreadable), _changed(read, mapped, unreadable)
    return f"CASE WHEN {cell} IS NULL THEN NULL WHEN {is_plain} THEN {plain} {' '.join(contradictions)} ELSE {odd} END"


def _mark(mark: str, readings: str, cell: str) -> str:
    return f"{quoted(mark)} || {readings} || {quoted(WHAT_WAS_FOUND)} || {cell}"


def _changed(found: str, mapped: ColumnMapping, unreadable: str) -> str:
    """SQL of a number after the mapping's factor or rate, and its rounding."""
    for by, is_rate in ((mapped.factor, False), (mapped.rate, True)):
        if by is not None:
            kept = f"TRY_CAST({found} AS DECIMAL(24,8))"
            # What lies below the eight decimals that are multiplied would be lost without a word.
            is_same = f"TRY_CAST({found} AS DOUBLE) = {kept}::DOUBLE AND NOT ({kept} = 0 AND {is_not_zero(found)})"
            is_exact = f"(length({found}) <= 9 AND NOT contains(lower({found}), 'e')) OR ({is_same})"
            product = f"{kept} * {by}::DECIMAL(14,6)"
            found = f"CASE WHEN {is_exact} THEN coalesce(({f'round({product}, 4)' if is_rate else product})::VARCHAR, {unreadable}) ELSE {unreadable} END"
    if mapped.round is not None:
        found = f"coalesce(round(TRY_CAST({found} AS DECIMAL(38,12)), {mapped.round})::VARCHAR, {found})"
    return found
