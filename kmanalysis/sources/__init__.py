"""Platforms' own databases as workbook folders: read without writing, secrets digested while they are read."""
