"""Suppliers' price lists: sheets laid out for people, whose goods are matched to the catalogue, into the table of quotes."""
