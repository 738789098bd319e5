"""The report's data files: scorecard.csv, measures.parquet and manifest.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.report.cache.provenance import digest_of, versions
from kmanalysis.report.site.index import State
from kmanalysis.report.site.pages import Page
from kmanalysis.standards import Standards
from kmanalysis.tables import MEASURES, SCORECARD
from kmanalysis.times import Month

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(frame: pd.DataFrame) -> str:
    """The frame as CSV; a text that a spreadsheet would run as a formula starts with an apostrophe."""
    safe = frame.copy(deep=False)
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = [f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value for value in safe[name]]
    return safe.to_csv(index=False, lineterminator="\n")


def scorecard_csv(scorecard: pd.DataFrame) -> str:
    """The scorecard (``tables.SCORECARD``) as CSV."""
    return csv_text(scorecard[list(SCORECARD)])


def measures_parquet(observed: pd.DataFrame) -> bytes:
    """The measures frame (``tables.MEASURES``) as Parquet."""
    target = BytesIO()
    table = pa.Table.from_pandas(observed[list(MEASURES)], preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()


@dataclass(frozen=True)
class Written:
    """What a report holds: how each page stands, the pages that it does not have yet, the digest of each file's content by its path, and
    what runs the notebooks here (``fork`` or ``papermill``)."""

    states: Mapping[Page, State]
    missing: Sequence[Page]
    contents: Mapping[str, str]
    notebook_engine: str


def manifest(month: Month, lang: str, inputs: Mapping[str, str], made_from: str, standards: Standards, written: Written, receipts: Sequence[Receipt]) -> bytes:
    """What the report was made from and what it holds: digests and counts, no time and no path of the machine.

    ``made_from`` is the digest of all that decides it; a run that finds the same has nothing to do.
    """
    paths = {page.path for page in written.states}
    facts = {
        "made_from": made_from,
        "month": str(month),
        "language": lang,
        "input": {"digest": digest_of(*(part for entry in sorted(inputs.items()) for part in entry)), "files": dict(sorted(inputs.items()))},
        "standards": {"digest": standards.digest, "changed": list(standards.changed)},
        "versions": versions(),
        "notebook_engine": written.notebook_engine,
        "pages": [*(_page(page, state, written.contents[page.path]) for page, state in written.states.items()), *map(_missing, written.missing)],
        "failed": [page.path for page, state in written.states.items() if state.is_failed],
        "files": {path: digest for path, digest in sorted(written.contents.items()) if path not in paths},
        "rows": {receipt.file: _rows(receipt) for receipt in receipts},
    }
    return (json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _page(page: Page, state: State, content: str) -> dict:
    ended = state.ended if state.is_failed else "outdated" if state.is_outdated else "ok"
    return _named(page) | {"digest": state.digest, "state": ended, "content": content}


def _missing(page: Page) -> dict:
    return _named(page) | {"digest": "", "state": "missing", "content": ""}


def _named(page: Page) -> dict:
    return {"path": page.path, "notebook": page.notebook.name, "supplier": page.supplier}


def _rows(receipt: Receipt) -> dict:
    return {"read": receipt.read, "kept": receipt.kept, "rejected": dict(receipt.rejected), "doubts": dict(receipt.doubts)}
