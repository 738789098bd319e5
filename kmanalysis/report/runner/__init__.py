"""How notebooks are run: one process a page."""
