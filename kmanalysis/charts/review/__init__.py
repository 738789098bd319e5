"""Charts of page 09."""
