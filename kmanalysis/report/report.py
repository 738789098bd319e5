"""One run of `kmanalysis report`: open the folder, count what was not counted before, make the pages that are not up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.loaders.checking.receipts import rejected_rows
from kmanalysis.opening import open_workbook
from kmanalysis.report.batch import Options, Source, write_report
from kmanalysis.report.cache.inputs import KEPT, Inputs, read_inputs
from kmanalysis.report.cache.kept_archives import Archives
from kmanalysis.report.cache.kept_frames import KeptFrames
from kmanalysis.report.cache.kept_tables import KeptTables
from kmanalysis.report.cache.unchanged import remember_last_month
from kmanalysis.report.notebooks import report_notebooks
from kmanalysis.report.progress import Progress
from kmanalysis.report.site.pages import all_pages, chosen_pages
from kmanalysis.report.slices import Slices
from kmanalysis.standards import Standards
from kmanalysis.words import Words


@dataclass(frozen=True)
class Run:
    """What a run was given, and what was found of it: the folder's files as they were before, and `unchanged.made_from`."""

    data: Path
    month: str | None
    standards: Standards
    words: Words
    notebooks: Path
    out: Path
    inputs: Inputs
    made_from: str
    progress: Progress
    memory: str | None = None


def run_report(run: Run, notebooks: Sequence[str], suppliers: Sequence[str], options: Options) -> tuple[str, list[str], int, bool]:
    """Writes the report, or the pages of the named notebooks and suppliers; its month, those pages, how many rows were rejected, and whether a page failed.

    Raises what `open_workbook`, `report_notebooks`, `all_pages`, `chosen_pages` and `write_report` raise.
    """
    words, progress = run.words, run.progress
    found = report_notebooks(run.notebooks)
    archives = Archives(run.out / KEPT, run.inputs, run.standards, force=options.force)
    frames, tables = KeptFrames(archives), KeptTables(archives)
    with progress.step(words.text("Reading {folder}", folder=run.data.name)):
        workbook = open_workbook(run.data, run.month, run.standards, words.lang, memory=run.memory, frames=frames, shelf=tables)
        pages = all_pages(found, workbook)
        chosen = chosen_pages(pages, notebooks, suppliers)
    with progress.counting() as hears:
        workbook.listen(hears)
        slices = Slices(workbook, finished_frames(workbook))
        inputs = read_inputs(run.data, run.out / KEPT)
    receipts = workbook.attached.receipts if workbook.attached else []
    # Files that changed while they were read: what was counted is of neither state, and is not kept.
    is_steady = (inputs.digest, inputs.key) == (run.inputs.digest, run.inputs.key)
    if is_steady:
        frames.save()
        for kept in workbook.reusable_tables():
            tables.put(*kept)
        tables.save()
    source = Source(workbook, slices, receipts, inputs.files, run.made_from if is_steady else "")
    with progress.pages(len(chosen)) as tell:
        outcomes = write_report(source, pages, chosen, run.out, options, tell)
    if is_steady and run.month is None:
        remember_last_month(run.out, inputs, str(workbook.month))
    return str(workbook.month), [page.path for page in chosen], rejected_rows(receipts), any(outcome.state == "failed" for outcome in outcomes)
