"""Steps 1 to 3: the needs profile, outreach and qualification."""

from kmanalysis.steps.needs import matching, outreach, qualification

FRAMES = (
    matching.profile,
    matching.match,
    matching.fits,
    outreach.funnel,
    outreach.entry_conditions,
    outreach.marketplace,
    qualification.qualification,
    qualification.margins,
)
"""What the charts of this step show."""
