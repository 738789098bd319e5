"""Proposals on layouts of real exports: how many columns are right, wrong and missed, and that none of those said to be certain is wrong."""

import re
import tomllib
from collections import Counter

import pytest
import xlsxwriter

from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.mapping.proposal import propose_mapping
from kmanalysis.words import Words
from tests.loaders.mapping.layouts import LAYOUTS, Layout

LINE = re.compile(r"(#\? )?(\w+ = \{.*?\})(?:  # .*)?")


@pytest.fixture(scope="module")
def engine():
    with connect() as connection:
        yield connection


def write(layout: Layout, path):
    if layout.suffix == ".xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for number, line in enumerate(layout.text.splitlines()):
                sheet.write_row(number, 0, line.split(","))
    else:
        path.write_text(layout.text, encoding="utf-8")
    return path


def proposed(text: str) -> dict[str, tuple[list[str], bool]]:
    """The headings that each column is read from, and whether that is certain; constants and gaps are left out."""
    found = {}
    for line in text.splitlines():
        if match := LINE.fullmatch(line):
            ((column, spec),) = tomllib.loads(match[2]).items()
            if headings := spec.get("join") or [spec.get("from") or spec.get("symbol_of") or ""]:
                found[column] = (headings, not match[1])
    return {column: entry for column, entry in found.items() if any(entry[0])}


def judged(layout: Layout, text: str) -> dict[str, str]:
    """What became of each column that the layout has or the proposal says it has: right, wrong (and whether that was certain), or missed."""
    found, verdicts = proposed(text), {}
    for column in {*layout.right, *found}:
        right = layout.right.get(column, ())
        accepted = (right,) if isinstance(right, str) else right
        if column not in found:
            verdicts[column] = "missed"
        else:
            (first, *_), is_certain = found[column]
            verdicts[column] = "right" if first in accepted else "certain and wrong" if is_certain else "wrong"
    return verdicts


@pytest.fixture(scope="module")
def verdicts(engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("layouts")
    found = {}
    for number, (name, layout) in enumerate(LAYOUTS.items()):
        path = write(layout, folder / f"{number}{layout.suffix}")
        found[name] = judged(layout, propose_mapping(path, layout.table, words=Words("en"), engine=engine).text)
    return found


def test_nothing_that_is_certain_is_wrong(verdicts):
    assert len(verdicts) >= 30
    assert {(name, column) for name, columns in verdicts.items() for column, verdict in columns.items() if verdict == "certain and wrong"} == set()


def test_most_columns_are_right(verdicts):
    counted = Counter(verdict for columns in verdicts.values() for verdict in columns.values())
    assert counted["right"] >= 275
    assert counted["wrong"] <= 2
    assert counted["missed"] <= 2
