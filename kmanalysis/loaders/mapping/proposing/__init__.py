"""What a mapping is proposed from: the words that head columns, the cells below them, and one assignment of the file's columns to a table's."""
