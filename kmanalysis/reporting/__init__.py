"""The monthly report: notebooks run in a batch, rendered as offline pages, with an index and data files beside them."""

import sys

# jsonschema, which nbformat brings, would import a parser generator and build a grammar with it, for a check that no notebook's schema asks
# for: over a second of each process's start. Where it is not there, jsonschema does without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
