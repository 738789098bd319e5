"""The operator's list: what it may hold, and where its secrets are."""
