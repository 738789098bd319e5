"""Writes a report from a saved slice: ``python -m tests.report.run_report SLICE NOTEBOOKS OUT [--jobs N] [--timeout S] [--force]``.

Prints each page as it is done.
"""

import argparse
from pathlib import Path

from kmanalysis.report.batch import Source
from kmanalysis.report.notebooks import report_notebooks
from kmanalysis.report.request import Options
from kmanalysis.report.site.pages import all_pages
from kmanalysis.report.slices import Slices
from kmanalysis.slices import open_slice
from kmanalysis.words import Words
from tests.report.small import FINGERPRINTS, finished, write_report


def main():
    parser = argparse.ArgumentParser()
    for name in ("slice", "notebooks", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=600.0)
    parser.add_argument("--force", action="store_true")
    asked = parser.parse_args()
    workbook = open_slice(asked.slice, Words("zh"))
    pages = all_pages(report_notebooks(asked.notebooks), workbook)
    source = Source(workbook, Slices(workbook, finished(workbook)), [], FINGERPRINTS)
    options = Options(jobs=asked.jobs, force=asked.force, timeout=asked.timeout)
    write_report(source, pages, pages, asked.out, options, lambda outcome: print(outcome.path, outcome.state, flush=True))


if __name__ == "__main__":
    main()
