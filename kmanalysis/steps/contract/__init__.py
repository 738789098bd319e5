"""Step 5: the terms in force, restocking and runs of failures."""

from kmanalysis.steps.contract import restock, runs, terms

FRAMES = (
    terms.terms,
    restock.restock_counts,
    restock.restock_cases,
    runs.failure_runs,
)
"""What the charts of this step show."""
