"""Whether a column's cells can be what a canonical column holds: a factor for the assignment, and what stays doubtful."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kmanalysis.loaders.mapping.proposing.cells import Cells
from kmanalysis.loaders.mapping.proposing.known import value_words
from kmanalysis.loaders.reading.headings import folded
from kmanalysis.tables import Column, Table
from kmanalysis.words import Words

MOST_KINDS = 30
"""Distinct values beyond which a column is no list of states."""

LARGEST_COUNT = 1e9
"""No quantity: what is larger is a number that names something."""

LEAST_KNOWN = 0.5
"""Where fewer of a column's values are known in the folder, it is doubted; the rows of single unknown ones are for the load to reject."""

_WEAK, _FAIR, _GOOD = 0.2, 0.6, 0.9


@dataclass
class Judgement:
    """``factor`` is 0 where the cells contradict the column, 1 where nothing speaks against it; ``doubts`` are sentences for the analyst.

    ``decides``: the cells alone could belong to nothing else of the table.
    """

    factor: float = 1.0
    doubts: list[str] = field(default_factory=list)
    decides: bool = False

    def doubt(self, sentence: str, factor: float = _FAIR) -> Judgement:
        """Itself, with one doubt more."""
        self.doubts.append(sentence)
        self.factor *= factor
        return self

    @property
    def is_contradicted(self) -> bool:
        """Whether the cells cannot be the column's."""
        return self.factor == 0


def judged(table: Table, column: Column, cells: Cells, words: Words) -> Judgement:
    """What the cells say of the column."""
    if not cells.filled:
        if not cells.rows:
            return Judgement()
        return Judgement().doubt(words.text("every cell is empty: a column that is mapped counts as given"))
    match column.type:
        case "timestamp" | "date":
            return _times(column, cells, words)
        case "integer" | "decimal" | "float":
            return _numbers(column, cells, words)
        case "boolean":
            return _booleans(cells)
        case "enum":
            return _kinds(column, cells)
        case "id":
            return _ids(table, column, cells, words)
        case "digest":
            return Judgement(0.0) if cells.are_times or cells.are_amounts or cells.booleans == cells.filled else Judgement()
        case _:
            return _texts(column, cells, words)


def _times(column: Column, cells: Cells, words: Words) -> Judgement:
    read = cells.times + max(cells.compact_days, cells.unix)
    if not cells.mostly(read):
        # Words may be a kind of date that nobody thought of; numbers and times of day are none.
        return Judgement(0.0) if cells.mostly(cells.numbers) or cells.mostly(cells.clocks) else Judgement(_WEAK)
    found = Judgement()
    if read < cells.filled:
        found.doubt(words.text("{count} of {all} cells that were looked at state no time", count=cells.filled - read, all=cells.filled))
    if column.type == "timestamp" and cells.days + cells.compact_days >= read:
        found.doubt(words.text("its cells state the day alone, which counts from midnight"), _GOOD)
    return found


def _numbers(column: Column, cells: Cells, words: Words) -> Judgement:
    is_share = column.maximum == 1
    is_named = column.type == "integer" and (cells.greatest or 0) > LARGEST_COUNT
    if not cells.mostly(cells.numbers) or cells.are_times or cells.mostly(cells.compact_days) or cells.mostly(cells.long_numbers) or is_named:
        return Judgement(0.0)
    if (column.type == "integer" and cells.are_amounts) or (not is_share and cells.mostly(cells.percents)):
        return Judgement(0.0)
    found = Judgement()
    unread = cells.filled - cells.numbers
    if unread:
        found.doubt(words.text("{count} of {all} cells that were looked at are no numbers", count=unread, all=cells.filled))
    if cells.percents and not is_share:
        found.doubt(words.text("some of its cells are percentages"))
    if column.type == "integer" and cells.wholes < cells.numbers:
        found.doubt(words.text("some of its cells are no whole numbers"))
    if column.minimum is not None and (cells.negatives or (cells.least is not None and cells.least < column.minimum)):
        found.doubt(words.text("some of its cells are below {minimum}", minimum=words.number(column.minimum)))
    # A percentage is read as its hundredth.
    if column.maximum is not None and cells.greatest is not None and cells.greatest > column.maximum and cells.percents < cells.numbers:
        found.doubt(words.text("some of its cells are above {maximum}", maximum=words.number(column.maximum)))
    return found


def _booleans(cells: Cells) -> Judgement:
    if cells.booleans == cells.filled:
        return Judgement()
    return Judgement(_FAIR if cells.distinct <= MOST_KINDS and not cells.are_times and not cells.are_amounts else 0.0)


def _kinds(column: Column, cells: Cells) -> Judgement:
    words = value_words(column)
    if all(folded(cell) in words for cell in cells.values):
        return Judgement(decides=True)
    is_list = cells.distinct <= MOST_KINDS and not (cells.distinct > MOST_KINDS / 3 and cells.mostly(cells.distinct, 0.8))
    return Judgement(_FAIR if is_list and not cells.are_times and not cells.are_amounts else 0.0)


def _ids(table: Table, column: Column, cells: Cells, words: Words) -> Judgement:
    if cells.are_times or cells.are_amounts or cells.mostly(cells.percents) or cells.mostly(cells.clocks):
        return Judgement(0.0)
    found = Judgement()
    if cells.rounded:
        found.doubt(words.text("a spreadsheet has rounded some of its cells: export the column as text"))
    if table.key == (column.name,):
        if cells.distinct < cells.filled:
            found.doubt(words.text("some of its values stand in several rows, where each row must have one of its own"), _GOOD)
        if cells.filled < cells.rows:
            found.doubt(words.text("{count} of {all} rows that were looked at have none", count=cells.rows - cells.filled, all=cells.rows), _GOOD)
    share = cells.known.get(column.refers_to)
    if share:
        found.decides = share == 1 and cells.distinct > 1
        if share < LEAST_KNOWN and column.orphan == "reject":
            found.doubt(words.text("most of its values are not in {column} of the folder", column=column.refers_to), _GOOD)
    elif share == 0:
        found.doubt(words.text("none of its values is in {column} of the folder: map another column, or a lookup", column=column.refers_to), _GOOD)
    elif not found.doubts and not cells.mostly(cells.bare, 0.9):
        found.doubt(words.text("its cells look like names, not like identifiers: a lookup may be needed"), _GOOD)
    return found


def _texts(column: Column, cells: Cells, words: Words) -> Judgement:
    if cells.are_times or cells.mostly(cells.clocks) or (column.name == "currency" and cells.mostly(cells.numbers)):
        return Judgement(0.0)
    if column.pattern or not cells.mostly(cells.numbers, 0.9) or column.name == "value":
        return Judgement()
    return Judgement().doubt(words.text("its cells are numbers"))


def is_sole(table: Table, column: Column, place: int, cells: list[Cells]) -> bool:
    """Whether the file has one column of this kind of cells alone, and the table one column that holds such: amounts, or times."""
    kinds: Mapping[str, tuple[str, ...]] = {"decimal": ("decimal", "float", "integer"), "timestamp": ("timestamp", "date"), "date": ("timestamp", "date")}
    alike = kinds.get(column.type, ())
    if not alike or sum(other.type in alike for other in table.columns.values()) != 1:
        return False
    if column.type == "decimal":
        fitting = [index for index, found in enumerate(cells) if found.mostly(found.numbers) and not found.mostly(found.long_numbers)]
    else:
        fitting = [index for index, found in enumerate(cells) if found.mostly(found.times + max(found.compact_days, found.unix)) or found.mostly(found.clocks)]
    return fitting == [place]
