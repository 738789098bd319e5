"""Charts and tables: a finished frame in, an Axes or a styled table out; one module a dimension."""
