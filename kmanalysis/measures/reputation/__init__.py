"""Dimension 5, reputation: references and public findings."""

from __future__ import annotations

from importlib.resources import files

from kmanalysis.measures.common.measure import Measure
from kmanalysis.measures.reputation import references

_GUIDES = files(__name__) / "guide.toml"

MEASURES = (
    Measure("reputation.cooperation_years", "reputation", references.cooperation_years, references.reference_rows, _GUIDES),
    Measure("reputation.platforms_served", "reputation", references.platforms_served, references.reference_rows, _GUIDES),
    Measure("reputation.reference_confirmed", "reputation", references.reference_confirmed, references.reference_rows, _GUIDES),
    Measure("reputation.public_signal", "reputation", references.public_signal, references.public_signal_rows, _GUIDES),
)

FRAMES = (references.stated_references, references.public_findings)
"""What the charts draw beside the measures."""
