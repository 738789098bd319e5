"""The report as data: scorecard.xlsx, CSV, Parquet, claim sheets."""
