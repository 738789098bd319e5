"""The measures that there are: the standards' own, each under one id."""

from dataclasses import replace

import pytest

from kmanalysis.measures.registry import measures, registry
from kmanalysis.standards import default_standards


def test_the_measures_are_those_of_the_standards_in_their_order():
    assert list(measures()) == list(default_standards().measures)


def test_a_measure_is_of_the_dimension_that_its_standard_is_of():
    assert [measure.id for measure in measures().values() if measure.dimension != default_standards()[measure.id].dimension] == []


def test_an_operator_s_own_measure_stands_beside_the_package_s():
    uptime = measures()["stability.uptime"]
    own = replace(uptime, id="own.uptime")
    found = registry([*measures().values(), own])
    assert list(found) == [*measures(), "own.uptime"]
    assert found["own.uptime"] is own


def test_two_measures_of_one_id_are_named():
    uptime, depth = measures()["stability.uptime"], measures()["stability.hot_depth"]
    with pytest.raises(
        ValueError, match=r"id 'stability.uptime': kmanalysis.measures.stability.servers.uptime and kmanalysis.measures.stability.stock.hot_depth"
    ):
        registry([uptime, replace(depth, id="stability.uptime")])


def test_a_measure_without_a_guide_is_named():
    unwritten = replace(measures()["stability.uptime"], id="stability.unwritten")
    with pytest.raises(LookupError, match=r"Measure stability.unwritten has no guide in .*guide.toml"):
        unwritten.guide  # noqa: B018
