"""Making a report: open the folder, count what was not counted before, make the pages that are not up to date."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from kmanalysis.decisions.bundle import each_finished_frame, frame_names
from kmanalysis.loaders.checking.receipts import rejected_rows
from kmanalysis.opening import open_workbook
from kmanalysis.report.batch import Source, begun
from kmanalysis.report.cache.fingerprints import Fingerprints, read_fingerprints
from kmanalysis.report.cache.months import MonthStore, remember_last_month
from kmanalysis.report.choice import chosen_pages
from kmanalysis.report.files import KEPT
from kmanalysis.report.making.pool import Preloader, preloader
from kmanalysis.report.notebooks import Notebook, report_notebooks
from kmanalysis.report.progress import Progress
from kmanalysis.report.request import Options, Request, Result
from kmanalysis.report.site.pages import all_pages
from kmanalysis.report.slices import Slices


def write(request: Request, before: Fingerprints, made_from: str, options: Options, progress: Progress) -> Result:
    """Writes the report, or the pages asked for. ``before`` are the folder's fingerprints, ``made_from`` is what `manifest.made_from` gave with them.

    Raises what `open_workbook`, `report_notebooks`, `all_pages`, `chosen_pages` and `begun` raise.
    """
    found = report_notebooks(request.notebooks)
    # What pages import is imported while their frames are counted.
    with preloader() as ready:
        return _write(request, found, before, made_from, options, progress, ready)


def _write(
    request: Request,
    found: Mapping[str, Notebook],
    before: Fingerprints,
    made_from: str,
    options: Options,
    progress: Progress,
    ready: Preloader | None,
) -> Result:
    words, kept = request.words, request.out / KEPT
    store = MonthStore(kept, before, request.standards, force=options.force)
    with progress.step(words.text("Reading {folder}", folder=request.data.name)):
        workbook = open_workbook(
            request.data, request.month, request.standards, words.lang,
            memory=request.memory, engine=request.engine, master=request.master, frames=store.frames, shelf=store,
        )  # fmt: skip
        workbook.check_month()
        pages = all_pages(found, workbook)
        chosen = chosen_pages(pages, request.only_notebooks, request.only_suppliers)
    source = Source(workbook, Slices(workbook, {}, frame_names(workbook)), workbook.attached.receipts if workbook.attached else [], before)
    with progress.making(len(chosen)) as (hears, tell), begun(source, pages, chosen, request.out, options, tell, ready) as batch:
        workbook.listen(hears)
        for name, finished in each_finished_frame(workbook):
            source.slices.add(name, finished)
            batch.check()
        now = read_fingerprints(request.source(), kept)
        # Files that changed while they were read: what was counted is of neither state, and is not kept.
        is_steady = now == before
        source = replace(source, fingerprints=now, made_from=made_from if is_steady else "")
        with ThreadPoolExecutor(1) as beside:
            saved = beside.submit(store.save, workbook.reusable_tables()) if is_steady else None
            outcomes = batch.write(source)
            if saved:
                saved.result()
    if is_steady and request.month is None:
        remember_last_month(kept, now, str(workbook.month))
    has_failed = any(outcome.state == "failed" for outcome in outcomes)
    return Result(str(workbook.month), [page.path for page in chosen], rejected_rows(source.receipts), has_failed)
