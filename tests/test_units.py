"""Each column that a person sees has a unit, declared once."""

from datetime import datetime

import pandas as pd
import pytest

from kmanalysis.charts.kit.cells import STRETCH
from kmanalysis.decisions.bundle import FRAMES
from kmanalysis.measures.observation import evidence_name, rows, worst_rows
from kmanalysis.report.sheets.columns import SHEETS
from kmanalysis.report.sheets.excel import sheet_tables, sheet_units
from kmanalysis.standards import default_standards
from kmanalysis.units import UNITS, declared, declared_in, frames_declared, unit_of

NUMBERS = UNITS - {"flag", "moment", "day", "month", "id", "text", "name", "unit"}
NAMES = (*(frame.name for frame in FRAMES), *(evidence_name(measure) for measure in default_standards().measures))


@pytest.fixture(scope="module")
def frames(samples):
    """Every finished frame of the samples' month, the rows behind measures among them."""
    evidence = {evidence_name(measure): worst_rows(samples, measure) for measure in samples.standards.measures}
    return {frame.name: frame(samples) for frame in FRAMES} | evidence


def test_every_column_of_a_frame_is_declared(frames, samples):
    bare = {f"{name}.{column}" for name, frame in frames.items() for column in frame.columns if not unit_of(column, name)}
    behind = {f"{measure}.{column}" for measure in samples.standards.measures for column in rows(samples, measure).columns if column != "severity"}
    bare |= {name for name in behind if not unit_of(name.rpartition(".")[2], evidence_name(name.rpartition(".")[0]))}
    assert sorted(bare) == []


def test_every_column_of_a_sheet_is_declared(samples):
    bare = [f"{name}.{column}" for name, table in sheet_tables(samples).items() for column, unit in sheet_units(name, table.columns).items() if not unit]
    assert bare == []


def test_values_are_what_the_unit_says(frames):
    wrong = []
    for name, frame in frames.items():
        for column in frame.columns:
            unit, known = unit_of(column, name), frame[column].dropna()
            is_number = all(not isinstance(value, str | datetime) for value in known.head(20))
            is_time = all(isinstance(value, datetime) for value in known.head(20))
            if (len(known) and (is_number and unit != "flag") != (unit in NUMBERS)) or (len(known) and is_time != (unit in ("moment", "day"))):
                wrong.append((name, column, unit, known.iloc[0]))
    assert wrong == []


def test_shares_are_fractions_and_counts_are_whole(frames):
    wrong = []
    for name, frame in frames.items():
        for column in frame.columns:
            known = pd.to_numeric(frame[column], errors="coerce").dropna()
            if unit_of(column, name) == "count" and (known != known.round()).any():
                wrong.append((name, column))
            if unit_of(column, name) == "share" and (known.abs() > 20).any():
                wrong.append((name, column))
    assert wrong == []


def test_nothing_is_declared_that_is_not_there(frames, samples):
    used = {column for frame in frames.values() for column in frame.columns} | set(STRETCH.values())
    used |= {column for name, table in sheet_tables(samples).items() for column in [*table.columns, *(SHEETS[name].columns if name in SHEETS else ())]}
    used |= {column for measure in samples.standards.measures for column in rows(samples, measure).columns}
    own = set(declared()) - {column for column in declared() if column in canonical()}
    assert sorted(own - used) == []
    assert sorted(set(frames_declared()) - set(NAMES)) == []
    assert [(name, column) for name in frames_declared() for column in declared_in(name) if column not in frames[name].columns] == []


def canonical():
    from kmanalysis.tables import tables

    return {column for table in tables().values() for column in table.stored}


def test_a_name_may_mean_something_else_in_one_frame():
    assert (unit_of("lower"), unit_of("lower", "market.category_trends"), unit_of("lower", "scoring.scorecard")) == ("@unit", "share", "@unit")
    assert (unit_of("days_offered"), unit_of("offered"), unit_of("no_such_column")) == ("days", "share", "")
    assert (unit_of("cost_price"), unit_of("quantity"), unit_of("ordered_at"), unit_of("valid_to"), unit_of("latency_ms")) == (
        "money", "count", "moment", "day", "milliseconds",
    )  # fmt: skip
