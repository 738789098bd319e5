"""A trial as it goes on: checked codes one by one, and what the sequential test says after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import pandas as pd

from kmanalysis.decisions.trials.plans import sequential, trial_request
from kmanalysis.loaders.checking.secrets import digest
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.standards import Standards
from kmanalysis.statistics.intervals import proportion_bounds
from kmanalysis.statistics.sprt import GO_ON, SequentialPlan, decisions

OUTCOMES = ("valid", "invalid", "unclear", "repeated")
"""What a check can show. An unclear code moves nothing; a repeated one is judged by its own standard and moves the test no further."""


@dataclass
class Desk:
    """The codes entered so far: their outcomes in order. Codes themselves are kept as digests in memory and nowhere else."""

    outcomes: list[str] = field(default_factory=list)
    _seen: list[str] = field(default_factory=list, repr=False)

    def enter(self, outcome: str, times: int = 1, code: str = "") -> str:
        """Enters so many codes of an outcome and gives the outcome that counts: a code that was entered before is a repeated one."""
        told = digest(code, _KEY) if code.strip() else ""
        if told and told in self._seen:
            outcome = "repeated"
        count = 1 if told else times
        self._seen += [told] * count
        self.outcomes += [outcome] * count
        return outcome

    def undo(self) -> None:
        """Takes back the last code."""
        self.outcomes, self._seen = self.outcomes[:-1], self._seen[:-1]

    def clear(self) -> None:
        """Begins anew."""
        self.outcomes, self._seen = [], []


# The digests live as long as the notebook: a key of the package alone keeps codes apart, and nothing is written.
_KEY = blake2b(b"kmanalysis trial desk", digest_size=32).digest()


@dataclass(frozen=True)
class Standing:
    """Where a trial stands: ``n`` decided codes, ``bad`` of them; ``decision`` as `sprt.decisions` gives it, ``decided_after`` so many codes (0: not yet).

    ``accept_number`` and ``reject_number`` are those of the next look; ``lower`` is the one-sided bound of the valid share; ``run`` has a row a code.
    """

    n: int
    bad: int
    unclear: int
    repeated: int
    decision: str
    decided_after: int
    clean_needed: int
    accept_number: int
    reject_number: int
    valid_share: float
    lower: float
    repeats_missed: bool
    run: pd.DataFrame


def standing(outcomes: Sequence[str], standards: Standards) -> Standing:
    """What the codes show by the standards of trials. Raises UsageError where these allow no plan."""
    asked = trial_request(standards)
    plan = sequential(asked)
    decided = [outcome == "invalid" for outcome in outcomes if outcome in ("valid", "invalid")]
    run = decisions(plan, decided)
    n, bad = len(decided), sum(decided)
    ended = run.index[run["decision"] != GO_ON]
    repeated = sum(outcome == "repeated" for outcome in outcomes)
    look = max(n, 1)
    return Standing(
        n=n,
        bad=bad,
        unclear=sum(outcome == "unclear" for outcome in outcomes),
        repeated=repeated,
        decision=str(run["decision"].iloc[-1]) if n else GO_ON,
        decided_after=int(ended[0]) + 1 if len(ended) else 0,
        clean_needed=_clean_needed(plan, n, bad),
        accept_number=int(plan.accept_number(look)),
        reject_number=int(plan.reject_number(look)),
        valid_share=(n - bad) / n if n else float("nan"),
        lower=round(float(proportion_bounds(n - bad, n, asked.confidence)[0]), DIGITS) if n else float("nan"),
        repeats_missed=repeated > standards.value("trial.repeated_codes"),
        run=run,
    )


def _clean_needed(plan: SequentialPlan, n: int, bad: int) -> int:
    """Good codes in a row from here on that accept."""
    last = plan.last or 0
    numbers = np.arange(n + 1, max(last, n + 1) + 1)
    accepting = np.flatnonzero(plan.accept_number(numbers) >= bad)
    return int(accepting[0]) + 1 if len(accepting) else 0
