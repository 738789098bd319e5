"""What every page is drawn with: style, forms, cells, tables."""
