"""Forms: one workbook for the tables that are kept by hand, filled in by a person and read back whole."""
