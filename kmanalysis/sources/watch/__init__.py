"""Watching upstream shops and servers: what no database keeps, read at a pace and kept as readings."""
