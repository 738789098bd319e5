"""The Herfindahl–Hirschman index, against the examples that its users print."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.statistics.concentration import hhi, shares

AMOUNTS = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=20)


def test_the_antitrust_division_s_example():
    # U.S. Department of Justice, "Herfindahl–Hirschman Index": four firms with 30, 30, 20 and 20 per cent have an index of 2 600.
    assert hhi([30, 30, 20, 20]) == pytest.approx(2600)


def test_the_merger_guidelines_example():
    # Horizontal Merger Guidelines (2010), §5.3, note 9: shares of 5 and 10 per cent that merge raise the index by twice their product, 100.
    others = [17.0] * 5
    assert hhi([15, *others]) - hhi([5, 10, *others]) == pytest.approx(100)


def test_the_ends_of_the_scale():
    assert hhi([7.5]) == pytest.approx(10_000)
    assert hhi([1] * 50) == pytest.approx(200)
    assert np.isnan(hhi([]))
    assert np.isnan(hhi([0, 0]))
    with pytest.raises(ValueError, match="negative"):
        hhi([1, -1])


@settings(derandomize=True, deadline=None, max_examples=50)
@given(AMOUNTS, st.floats(0.1, 1e3))
def test_the_index_knows_shares_alone(amounts, scale):
    assert shares(amounts).sum() == pytest.approx(1)
    assert hhi(np.array(amounts) * scale) == pytest.approx(hhi(amounts))
    assert 10_000 / len(amounts) <= hhi(amounts) * (1 + 1e-9) <= 10_000 * (1 + 1e-6)
