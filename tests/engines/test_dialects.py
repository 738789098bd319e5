"""What ClickHouse and Trino could be asked: every expression of every measure, written in their words. No server is asked.

docs/cluster.md says what came of it; a change here is a change there.
"""

from __future__ import annotations

from collections import defaultdict

import ibis
import pytest
from ibis.backends.sql.compilers.clickhouse import compiler as clickhouse
from ibis.backends.sql.compilers.trino import compiler as trino
from ibis.common.exceptions import OperationNotDefinedError, UnsupportedOperationError
from ibis.expr import types as ir

from kmanalysis.assets import samples_folder
from kmanalysis.measures import observation
from kmanalysis.measures.registry import measures
from kmanalysis.opening import open_workbook
from kmanalysis.workbook import Workbook

MEASURES = tuple(measures())
EXPECTED = {"clickhouse": "Clickhouse doesn't support subsecond interval resolutions", "trino": "Compilation rule for 'Quantile' operation is not defined"}
"""The one thing that each cannot say."""


@pytest.fixture(scope="module")
def expressions() -> dict[str, ir.Table]:
    """Every query that the measures ask, and the rows behind each, by name: whole, as an engine is asked that keeps nothing."""
    found: dict[str, ir.Table] = {}

    def answer(workbook: Workbook, name: str, build):
        found[name] = build(workbook)
        return workbook.rows_of(found[name])

    def in_place(workbook: Workbook, name: str, build, months_before: int = 0):
        months = [workbook.month - back for back in range(1, months_before + 1)] or [workbook.month]
        return ibis.union(*(build(workbook.at(month)) for month in months)) if len(months) > 1 else build(workbook.at(months[0]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workbook, "kept", in_place)
        patch.setattr(Workbook, "answer", answer)
        workbook = open_workbook(samples_folder(), "2026-10", lang="en")
        observation.observed(workbook)
        return found | {f"rows of {measure}": observation.rows(workbook, measure) for measure in MEASURES}


@pytest.mark.parametrize("dialect", [clickhouse, trino], ids=["clickhouse", "trino"])
def test_all_but_one_thing_can_be_said(dialect, expressions, request):
    name = request.node.callspec.id
    refused = defaultdict(list)
    for asked, expression in expressions.items():
        try:
            dialect.to_sqlglot(expression).sql(dialect.dialect)
        except (OperationNotDefinedError, UnsupportedOperationError) as error:
            refused[str(error)].append(asked)
    assert set(refused) == {EXPECTED[name]}
    assert len(refused[EXPECTED[name]]) <= len(expressions) / 5, refused
