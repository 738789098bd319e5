"""The monthly report: notebooks run in a batch, rendered as offline pages, with an index and data files beside them."""

import sys

# jsonschema, which nbformat imports, would load a parser generator and build a grammar for a check that no notebook's schema uses: over a
# second of each process's start. Without the module, jsonschema skips that check.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
