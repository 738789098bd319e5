"""Reads the operator's files, maps and validates them, and keeps them as canonical tables in a folder."""
