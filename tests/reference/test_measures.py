"""The pages of the measures say what the measures do: every example is run, and what a measure reads is what its queries name."""

from collections import defaultdict
from pathlib import Path

import ibis
import pytest
import sqlglot
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from kmanalysis.measures.common.measure import guides
from kmanalysis.measures.registry import measures
from kmanalysis.opening import open_workbook
from kmanalysis.reference.measures import measure_page, measures_index
from kmanalysis.scoring.scorecard import standards_frame
from kmanalysis.scoring.verdicts import verdicts
from kmanalysis.standards import Standards, default_standards
from kmanalysis.tables import BASES, tables
from kmanalysis.workbook import Workbook

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
MEASURES = list(measures())


class Asked(Standards):
    """Standards that write down which settings they were asked for."""

    def __init__(self):
        super().__init__(default_standards())
        self.settings = set()

    def __getitem__(self, identifier):
        self.settings.add(identifier)
        return super().__getitem__(identifier)


@pytest.fixture(scope="module")
def judged():
    """The samples by other standards: ``judged(standards)``."""
    opened, facts = open_workbook(SAMPLES, "2026-10"), {}
    return lambda standards: Workbook(opened.month, standards, opened.words, engine=opened.engine, facts=facts)


def in_place(workbook, name, build, months_before=0):
    """A kept table as part of the query that reads it."""
    months = [workbook.month - back for back in range(1, months_before + 1)] or [workbook.month]
    return ibis.union(*(build(workbook.at(month)) for month in months)) if len(months) > 1 else build(workbook.at(months[0]))


def run(measure, workbook, monkeypatch):
    """Runs the measure so that every query reads the canonical tables itself; the queries as SQL."""
    queries, written = [], workbook.engine.write
    monkeypatch.setattr(Workbook, "kept", in_place)
    monkeypatch.setattr(Workbook, "answer", lambda workbook, name, build: workbook.rows_of(build(workbook)))
    monkeypatch.setattr(workbook.engine, "write", lambda expression: queries.append(written(expression)) or queries[-1])
    measures()[measure].compute(workbook)
    return [query.sql for query in queries]


def read(query, found):
    """Adds the canonical columns that a query cannot do without, by its text alone."""
    schema = {name: dict.fromkeys(table.stored, "VARCHAR") for name, table in tables().items()}
    tree = qualify(sqlglot.parse_one(query, dialect="duckdb"), schema=schema, dialect="duckdb", validate_qualify_columns=False)
    for scope in traverse_scope(pushdown_projections(tree, schema=schema, dialect="duckdb")):
        for alias, source in scope.sources.items():
            table = tables().get(source.name) if isinstance(source, sqlglot.exp.Table) else None
            if table:
                named = {column.name for column in scope.source_columns(alias)}
                # A derived column is made from the key: who reads it reads that.
                supplied = named & set(table.columns)
                found[table.name].update(supplied, table.key if supplied != named else ())


def written() -> set[str]:
    """Ids that the guide files of all dimensions speak of."""
    return {measure for file in {measure.guide_file for measure in measures().values()} for measure in guides(file)}


@pytest.mark.parametrize("measure", sorted({*MEASURES, *written()}))
def test_every_measure_has_a_guide_and_every_guide_a_measure(measure):
    assert measure in written(), f"Measure {measure} has no guide: write one in kmanalysis/measures/{measures()[measure].dimension}/guide.toml."
    assert measure in measures(), f"The guide of {measure} has no measure: no package in kmanalysis/measures has a record with that id."


@pytest.mark.parametrize("measure", MEASURES)
def test_the_example_comes_out_as_stated(workbook_of, measure):
    example = measures()[measure].guide.example
    workbook = workbook_of({table: example.rows(table) for table in example.tables}, month="2026-10")
    found = measures()[measure].compute(workbook)
    row = found[(found["measure"] == measure) & (found["supplier_id"] == "s1")].merge(standards_frame(default_standards()), on="measure")
    assert len(row) == 1
    told = row.iloc[0]
    bounds = [float("nan") if end is None else end for end in (example.lower, example.upper)]
    assert [told["value"], told["lower"], told["upper"]] == pytest.approx([example.value, *bounds], abs=1e-12, nan_ok=True)
    assert (told["n"], told["basis"], verdicts(row)[0]) == (example.n, example.basis, example.verdict)


@pytest.mark.parametrize("measure", MEASURES)
def test_it_reads_what_is_stated(judged, measure, monkeypatch):
    asked, found = Asked(), defaultdict(set)
    # The digest of all of them is asked for once a process.
    assert asked.digest
    asked.settings.clear()
    for query in run(measure, judged(asked), monkeypatch):
        read(query, found)
    stated = measures()[measure].guide
    assert {table: sorted(columns) for table, columns in stated.reads.items()} == {table: sorted(columns) for table, columns in found.items()}
    assert sorted(stated.settings) == sorted(asked.settings - {measure})


def test_bases_are_those_that_the_measure_may_have():
    guides_by_id = {measure.id: measure.guide for measure in measures().values()}
    wrong = {measure for measure, guide in guides_by_id.items() if not set(guide.basis) <= set(BASES) or guide.example.basis not in guide.basis}
    assert wrong == set()


def test_the_samples_have_no_other_basis(judged):
    whole = judged(default_standards())
    seen = {measure: set() for measure in MEASURES}
    for measure in measures().values():
        found = measure.compute(whole)
        seen[measure.id] = set(found.loc[(found["measure"] == measure.id) & (found["n"] > 0), "basis"])
    assert {measure: bases for measure, bases in seen.items() if not bases <= set(measures()[measure].guide.basis)} == {}


@pytest.mark.parametrize("measure", MEASURES)
def test_examples_show_columns_that_are_declared(measure):
    example = measures()[measure].guide.example
    assert {(table, column) for table in example.tables for row in example.rows(table) for column in row if column not in tables()[table].columns} == set()


def test_a_page_is_short_and_whole():
    for measure in MEASURES:
        page = measure_page(measure)
        assert len(page.splitlines()) <= 90, measure
        assert [heading for heading in ("## How it is computed", "## Example", "## What it does not say") if heading not in page] == []
        assert f"(measures/{measure}.md)" in measures_index()


def test_a_page_reads_as_declared():
    page = measure_page("stability.oversold_rate")
    assert page.splitlines()[2] == "# 下单后断货率 · Sold-after-stock-out rate"
    assert "| ≤ 0.2 % | share | 100 | 20 | 2 % / 0 % | house |" in page
    assert "- Settings: `counting.confidence` 95 %." in page
