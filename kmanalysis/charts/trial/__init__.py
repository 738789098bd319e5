"""Charts of page 07."""
