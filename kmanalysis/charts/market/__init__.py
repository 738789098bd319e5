"""Charts of page 10."""
