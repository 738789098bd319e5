"""From the columns of an export to canonical ones: mapping files, proposals, translation."""
