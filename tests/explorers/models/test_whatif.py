import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.errors import UsageError
from kmanalysis.explorers.models.overrides import moved
from kmanalysis.explorers.models.whatif import WhatIf, ranked
from kmanalysis.scoring.grades import grades
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.standards import default_standards
from kmanalysis.tables import DIMENSIONS
from tests.scoring.observed import observed_rows

DEFAULTS = default_standards()
FEW_DRAWS = {"grade.draws": {"value": 200}}


def some_months(seed, suppliers=5, months=("2026-08", "2026-09", "2026-10")):
    """Months of made-up observations: every basis, wide and narrow intervals, little and no data."""
    random = np.random.default_rng(seed)
    found = {}
    for month in months:
        found[month] = []
        for number in range(suppliers):
            for row in observed_rows(month, f"S{number}", random.uniform(55, 100)):
                standard = DEFAULTS[row["measure"]]
                ends = sorted((standard.worst, standard.best))
                row["value"] = row["value"] if standard.veto and random.random() < 0.9 else random.uniform(*ends)
                row["basis"] = random.choice(["census", "sample", "bounded"], p=[0.7, 0.2, 0.1])
                if standard.veto:
                    row["basis"] = "census"
                if random.random() < 0.7:
                    span = ends[1] - ends[0]
                    row["lower"] = max(row["value"] - random.uniform(0, 0.3) * span, 0.0)
                    row["upper"] = row["value"] + random.uniform(0, 0.3) * span
                if random.random() < 0.08 and not standard.veto:
                    row |= {"n": 0, "value": np.nan, "lower": np.nan, "upper": np.nan}
                found[month].append(row)
    return found


def targets(identifier):
    """Targets that a slider can reach."""
    standard = DEFAULTS[identifier]
    return st.floats(0.02, 1.0).map(lambda part: round(standard.worst + part * (standard.best - standard.worst), 6))


def changes_of(identifier):
    fields = {"weight": st.integers(0, 100).map(float), "veto": st.booleans(), "value": targets(identifier)}
    return st.fixed_dictionaries({}, optional=fields)


CHANGES = st.builds(
    lambda measures, dimensions: {key: change for key, change in (measures | dimensions).items() if change},
    st.fixed_dictionaries({}, optional={identifier: changes_of(identifier) for identifier in DEFAULTS.measures}),
    st.fixed_dictionaries({}, optional={f"dimension.{name}": st.fixed_dictionaries({"value": st.integers(1, 60).map(float)}) for name in DIMENSIONS}),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 50), moves=st.lists(CHANGES, min_size=1, max_size=3))
def test_a_move_gives_what_the_batch_gives_for_the_same_standards(seen, seed, moves):
    observed = some_months(seed)
    base = moved(DEFAULTS, FEW_DRAWS)
    model = WhatIf(seen(observed, base))
    for changes in moves:
        try:
            standards = moved(base, changes)
        except UsageError:
            continue  # nothing would weigh anything
        batch = seen(observed, standards)
        pd.testing.assert_frame_equal(model.grades(standards), grades(batch))
        pd.testing.assert_frame_equal(model.scorecard(standards), scorecard(batch))


def test_the_seeds_are_those_of_the_batch_at_its_own_number_of_draws(seen):
    observed = some_months(7, suppliers=30)
    told = WhatIf(seen(observed)).grades(DEFAULTS)
    assert ((told["probability"] > 0) & (told["probability"] < 1)).any()
    pd.testing.assert_frame_equal(told, grades(seen(observed)))


def test_a_move_and_back_gives_the_same_again(seen):
    model = WhatIf(seen(some_months(3)))
    before = model.grades(DEFAULTS)
    model.grades(moved(DEFAULTS, {"stability.delivery_time": {"value": 0.8, "weight": 90.0}, "price.band_share": {"veto": True}}))
    pd.testing.assert_frame_equal(model.grades(moved(DEFAULTS, {})), before)


@pytest.mark.parametrize("changes", [{"stability.delivery_time": {"limit": 60}}, {"counting.hot_skus": {"value": 10}}])
def test_what_changes_the_observation_is_refused(seen, changes):
    model = WhatIf(seen(some_months(1)))
    with pytest.raises(UsageError, match="changes what is observed"):
        model.grades(moved(DEFAULTS, changes))


def test_ranks_are_those_of_the_grade_table(seen):
    told = ranked(WhatIf(seen(some_months(2, suppliers=12))).grades(DEFAULTS))
    assert told["rank"].tolist() == list(range(1, 13))
    place = told["grade"].map({"S": 0, "A": 1, "B": 2, "": 3})
    assert place.is_monotonic_increasing
    assert all(group["score"].is_monotonic_decreasing for _, group in told.groupby(place))
