"""Dimension 5, reputation: references and public findings."""

from __future__ import annotations

from kmanalysis.measures.reputation import references

MEASURES = {
    "reputation.cooperation_years": (references.cooperation_years, references.reference_rows),
    "reputation.platforms_served": (references.platforms_served, references.reference_rows),
    "reputation.reference_confirmed": (references.reference_confirmed, references.reference_rows),
    "reputation.public_signal": (references.public_signal, references.public_signal_rows),
}

FRAMES = (references.stated_references, references.public_findings)
"""What the charts draw beside the measures."""
