"""The monthly report: notebooks run in a batch, rendered as offline pages, with an index and data files beside them."""
