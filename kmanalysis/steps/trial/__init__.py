"""Step 4: trial purchases, their codes and questions."""

from kmanalysis.steps.trial import codes, trials

FRAMES = (
    trials.trials,
    trials.deliveries,
    trials.questions,
    codes.checks,
    codes.repeats,
)
"""What the charts of this step show."""
