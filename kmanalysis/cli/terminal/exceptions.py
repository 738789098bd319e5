"""A month's exceptions as CSV for a spreadsheet, or as JSON for a program."""

from __future__ import annotations

import json

import pandas as pd

from kmanalysis.charts.exceptions import unsure_told
from kmanalysis.cli.terminal.allocation import records
from kmanalysis.report.sheets.data_files import csv_text
from kmanalysis.words import Words


def exceptions_csv(found: pd.DataFrame) -> str:
    """The exceptions, a row each; times are naive UTC."""
    return csv_text(found)


def exceptions_json(found: pd.DataFrame, checks: pd.DataFrame) -> str:
    """The exceptions, and what was looked at; amounts and times are texts, unknown values null."""
    facts = {"looked_at": records(checks), "exceptions": records(found)}
    return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"


def checks_told(checks: pd.DataFrame, words: Words) -> list[str]:
    """What was not looked for and why, what of the repeats was left out, and what could not be told; ``checks`` as `exception_checks` gives them."""
    told = []
    for check in checks.to_dict("records"):
        kind = words.name(f"exception.{check['kind']}")
        lacks, unsure = (words.join(check[name].split(";")) for name in ("lacks", "unsure"))
        if lacks:
            told.append(words.text("{kind}: not checked, {lacks} missing.", kind=kind, lacks=lacks))
            continue
        if check["allowed"]:
            told.append(words.entry(kind, words.text("{count} repeats on purpose left out", count=words.number(check["allowed"]))))
        if unsure:
            told.append(words.entry(kind, unsure_told(str(check["kind"]), unsure, words)))
    return told
