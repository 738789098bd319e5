"""Writes docs/*.md from the tables, standards and measure guides."""
