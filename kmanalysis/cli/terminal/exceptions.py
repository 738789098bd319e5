"""A month's exceptions as CSV for a spreadsheet, or as JSON for a program."""

from __future__ import annotations

import json

import pandas as pd

from kmanalysis.cli.terminal.allocation import records
from kmanalysis.report.sheets.data_files import csv_text


def exceptions_csv(found: pd.DataFrame) -> str:
    """The exceptions, a row each; times are naive UTC."""
    return csv_text(found)


def exceptions_json(found: pd.DataFrame, checks: pd.DataFrame) -> str:
    """The exceptions, and what was looked at; amounts and times are texts, unknown values null."""
    facts = {"looked_at": records(checks), "exceptions": records(found)}
    return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"
