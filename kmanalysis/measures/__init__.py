"""What was observed: a package a dimension, each measure a pure function of the workbook."""
