"""Steps 1 to 3: the needs profile, outreach and qualification."""
