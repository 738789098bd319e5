"""Charts of page 06."""
