"""Which of a file's first rows has the headings: the one whose words are known, and which what lies below fits."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from kmanalysis.loaders.mapping.proposing.known import is_known
from kmanalysis.loaders.reading.headings import looks_like_data
from kmanalysis.loaders.reading.records import SPACE, Record

LOOKED_BELOW = 10
LEAST_FILLED = 0.5
"""A row of headings fills more than this share of the cells that the rows below it fill: a title fills one."""


def heading_row(first: Sequence[Record]) -> int | None:
    """The index of the row of headings among a file's first records, None where they all look like data.

    A title or a note above the headings has fewer cells than the rows below; of those that are wide enough, known words and cells that are unlike what lies
    below them decide.
    """
    rows = [[cell.strip(SPACE) for cell in record.cells] for record in first]
    best, most = None, (0, 0)
    for index, cells in enumerate(rows):
        below = rows[index + 1 : index + 1 + LOOKED_BELOW]
        filled = [cell for cell in cells if cell]
        if not filled or not _is_as_wide(len(filled), below):
            continue
        known = sum(is_known(cell) for cell in filled)
        if looks_like_data(cells) and known * 2 < len(filled):
            continue
        found = (2 * known + _unlike_below(cells, below), len(filled))
        if found > most:
            best, most = index, found
    return best


def _is_as_wide(filled: int, below: Sequence[Sequence[str]]) -> bool:
    """Whether a row with so many filled cells can head the rows below: they are about as wide."""
    widths = [sum(map(bool, cells)) for cells in below]
    return not widths or filled > median(widths) * LEAST_FILLED


def _unlike_below(cells: Sequence[str], below: Sequence[Sequence[str]]) -> int:
    """In how many columns a cell is a word and what lies below are numbers, times or addresses."""
    found = 0
    for place, cell in enumerate(cells):
        under = [row[place] for row in below if place < len(row) and row[place]]
        found += bool(cell and under and not looks_like_data([cell]) and sum(looks_like_data([other]) for other in under) * 2 > len(under))
    return found
