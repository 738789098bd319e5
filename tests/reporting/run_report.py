"""Writes a report from a saved slice: ``python -m tests.reporting.run_report SLICE NOTEBOOKS OUT [--force]``; prints each page as it is done."""

import sys
from pathlib import Path

from kmanalysis.reporting.batch import Options, Source, write_report
from kmanalysis.reporting.notebooks import report_notebooks
from kmanalysis.reporting.pages import all_pages
from kmanalysis.reporting.slices import Slices
from kmanalysis.words import Words
from kmanalysis.workbook import open_slice
from tests.reporting.small import finished


def main(slice_folder, notebooks, out, *options):
    workbook = open_slice(Path(slice_folder), Words("zh"))
    pages = all_pages(report_notebooks(Path(notebooks)), workbook)
    source = Source(workbook, Slices(workbook, finished(workbook)), [], {"orders.csv": "0" * 32})
    write_report(
        source, pages, pages, Path(out), Options(jobs=1, force="--force" in options), lambda outcome: print(outcome.page.path, outcome.state, flush=True)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
