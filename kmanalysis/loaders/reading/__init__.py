"""Files as text rows: encodings, CSV, sheets."""
