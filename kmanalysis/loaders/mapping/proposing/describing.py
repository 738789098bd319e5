"""What a mapped column's cells need said of them in a mapping: formats of times, meanings of states, words for nothing, factors."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import duckdb

from kmanalysis.loaders.mapping.cleaning import plain_number
from kmanalysis.loaders.mapping.proposing.cells import Cells
from kmanalysis.loaders.mapping.proposing.known import CURRENCY_UNITS, FACTORS, ZONE_UNITS, value_words
from kmanalysis.loaders.mapping.times import TIME_FORMATS
from kmanalysis.loaders.mapping.translation import FALSE_WORDS, TRUE_WORDS
from kmanalysis.loaders.reading.headings import folded
from kmanalysis.tables import Column
from kmanalysis.words import Words

MOST_LISTED = 30
MARK = "^[`']+"
"""What is removed from cells that begin with a sign which keeps spreadsheets from reading them."""

_OTHER_FORMATS = (
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M %p",
    "%m/%d/%Y %I:%M %p",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %b, %Y",
    "%b %d, %Y",
    "%b %d, %Y %H:%M",
    "%d %b %Y",
    "%d %b %Y %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H%M%S",
    "%Y%m%d %H:%M:%S",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d %H:%M",
)


class Describing:
    """Adds to a column's ``spec`` what its cells need, and says what stays doubtful. ``shown`` is how a cell may stand in the proposal, "" where it may not."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, words: Words, shown: Callable[[str], str], *, is_typed: bool) -> None:
        self.connection, self.words, self.shown, self.is_typed = connection, words, shown, is_typed
        self.has_naive_times = False

    def describe(self, column: Column, cells: Cells, unit: str, spec: dict[str, object]) -> list[str]:
        """What stays doubtful of the column with these cells; ``unit`` is what its heading states."""
        values = list(cells.values)
        if cells.filled and cells.marked == cells.filled:
            spec["remove"] = [MARK]
            values = [re.sub(MARK, "", value) for value in values]
        match column.type:
            case "timestamp" | "date":
                return self._times(column, cells, values, unit, spec)
            case "enum":
                known = value_words(column)
                return self._meanings({value: known.get(folded(value), "") for value in values if value.lower() not in column.values}, column.values, spec)
            case "boolean":
                unknown = {value: "" for value in values if value.lower() not in (*TRUE_WORDS, *FALSE_WORDS)}
                return self._meanings(unknown, ("true", "false"), spec)
            case "integer" | "decimal" | "float":
                return self._numbers(column, cells, values, unit, spec)
            case "text" if column.pattern:
                return self._patterned(column, values, spec)
            case _:
                return []

    def _meanings(self, meant: dict[str, str], accepted: Sequence[str], spec: dict[str, object]) -> list[str]:
        """Names the cells that are none of the accepted ones, with what they mean where that is known."""
        if not meant:
            return []
        listed = dict(list(meant.items())[:MOST_LISTED])
        readable = {value: meaning for value, meaning in listed.items() if self.shown(value) == value}
        if readable:
            spec["values"] = readable
        doubts = [] if all(meant.values()) else [self.words.text("say what each of these means: {accepted}", accepted=", ".join(accepted))]
        return doubts + self._left_out(len(listed) - len(readable))

    def _missing(self, values: Sequence[str], spec: dict[str, object]) -> list[str]:
        """Names words that seem to mean nothing."""
        listed = list(values)[:MOST_LISTED]
        readable = [value for value in listed if self.shown(value) == value]
        if readable:
            spec["missing"] = readable
        return [self.words.text("say what each of these means: {accepted}", accepted="—"), *self._left_out(len(listed) - len(readable))] if listed else []

    def _left_out(self, count: int) -> list[str]:
        return [self.words.text("{count} cells look like secrets and are not shown", count=count)] if count else []

    def _numbers(self, column: Column, cells: Cells, values: Sequence[str], unit: str, spec: dict[str, object]) -> list[str]:
        doubts = self._missing([value for value in values if plain_number(value) is None and not any(character.isdigit() for character in value)], spec)
        is_smaller = column.name.endswith("_ms") if unit in ("秒", "s", "sec", "seconds") else column.maximum == 1 if unit == "%" else bool(column.unit)
        if unit in FACTORS and is_smaller and not (unit == "%" and cells.percents):
            spec["factor"] = FACTORS[unit]
            doubts.append(self.words.text("the heading states the unit {unit}: each cell is multiplied", unit=unit))
        return doubts

    def _patterned(self, column: Column, values: Sequence[str], spec: dict[str, object]) -> list[str]:
        unlike = [value for value in values if not re.fullmatch(column.pattern, value)]
        if column.name != "currency":
            return [self.words.text("some of its cells are not written like this: {pattern}", pattern=column.pattern)] if unlike else []
        return self._meanings({value: CURRENCY_UNITS.get(folded(value), "") for value in unlike}, ("CNY", "USD", "…"), spec)

    def _times(self, column: Column, cells: Cells, values: Sequence[str], unit: str, spec: dict[str, object]) -> list[str]:
        if not values or cells.zoned == cells.filled:
            return []
        if cells.unix > cells.filled * 0.5 and cells.times == 0:
            spec["formats"] = ["unix_ms" if len(values[0]) > len("1000000000") else "unix"]
            return [] if cells.unix == cells.filled else [self.words.text("no known date format fits")]
        if unit in ZONE_UNITS:
            spec["timezone"] = ZONE_UNITS[unit]
        self.has_naive_times |= column.type == "timestamp" and "timezone" not in spec
        if self._fits(values, list(TIME_FORMATS)) or self.is_typed:
            return []
        told = [value for value in values if any(character.isdigit() for character in value)]
        doubts = self._missing([value for value in values if value not in told], spec) if told else []
        if told and self._fits(told, list(TIME_FORMATS)):
            return doubts
        fitting = [entry for entry in _OTHER_FORMATS if told and self._fits(told, [entry])]
        if not fitting:
            spec["formats"] = ["%Y-%m-%d %H:%M:%S"]
            return [*doubts, self.words.text("no known date format fits")]
        spec["formats"] = fitting[:1]
        return [*doubts, self.words.text("day and month can be mistaken")] if len(fitting) > 1 else doubts

    def _fits(self, values: Sequence[str], formats: list[str]) -> bool:
        # %Y reads 06 as the year 6: a time that far off is a format that does not fit.
        row = self.connection.execute(
            "SELECT bool_and(coalesce(try_strptime(x, ?) BETWEEN '1990-01-01' AND '2100-01-01', false)) FROM (SELECT unnest(?) AS x)", [formats, list(values)]
        ).fetchone()
        return bool(row and row[0])
