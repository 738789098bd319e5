"""The batch: which pages have to be made anew, making them, and everything that stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

import kmanalysis
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.measures.observation import observed
from kmanalysis.report.cache.digests import content_digest, digest_of
from kmanalysis.report.cache.fingerprints import Fingerprints
from kmanalysis.report.cache.manifest import MANIFEST, OK, OUTDATED, Contents, PageRecord, forget_unfinished, manifest, note_unfinished, recorded_pages
from kmanalysis.report.cache.program import versions
from kmanalysis.report.files import PARTIAL, output_folder, write_whole
from kmanalysis.report.making.background import BackgroundPages
from kmanalysis.report.making.pool import Preloader, preloader
from kmanalysis.report.making.task import CAN_FORK, NOTEBOOK_ENGINE, Made, Task, failure_sentence
from kmanalysis.report.progress import Outcome
from kmanalysis.report.request import Options
from kmanalysis.report.sheets.data_files import measures_parquet, scorecard_csv
from kmanalysis.report.sheets.excel import scorecard_workbook
from kmanalysis.report.site.html import Link, month_name
from kmanalysis.report.site.index import State, href, index_page
from kmanalysis.report.site.pages import Page
from kmanalysis.report.slices import Slices
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.workbook import Workbook

FAILED = "failed"
"""Folder inside a month's report that keeps the executed notebooks of failed pages."""

_NOTES = 50
"""An interrupted run loses one page, or this part of many: noting each of thousands would take longer than making some anew."""


@dataclass(frozen=True)
class Source:
    """What a report is made from: the workbook, its pages' slices, the receipts, the fingerprints of what was read, and `manifest.made_from`."""

    workbook: Workbook
    slices: Slices
    receipts: Sequence[Receipt]
    fingerprints: Fingerprints
    made_from: str = ""


@contextmanager
def begun(
    source: Source,
    pages: Sequence[Page],
    chosen: Sequence[Page],
    out: Path,
    options: Options,
    tell: Callable[[Outcome], None],
    ready: Preloader | None = None,
) -> Iterator[Batch]:
    """A batch that writes the chosen ones of all ``pages``, the first page and the data files into ``out/<month>``, once `Batch.write` is called.

    ``tell`` hears of each page as it is done. Pages that are up to date are kept; a page that fails is kept with its error and does not stop the
    others. ``ready`` is a preloader that was started before.

    The source's slices may still await frames. Pages of all suppliers that are to be made in any case are begun at once, wait for what they show, and
    are written as they are done. Raises UsageError while another run writes into the same folder.
    """
    # Absolute: papermill changes the working folder while a notebook runs.
    out = out.resolve()
    # The folder is given up last: until then a page may still be at work.
    with (
        output_folder(out / str(source.workbook.month)) as folder,
        # Ended before the folder is given up, whoever started it.
        ready or preloader() as running,
    ):
        batch = Batch(source, pages, chosen, folder, options, tell)
        with BackgroundPages[Page](options.jobs, running, batch.hear) as making:
            batch.begin(making)
            yield batch


class Batch:
    """Making the pages of a report. Made by `begun`."""

    _making: BackgroundPages[Page]

    def __init__(self, source: Source, pages: Sequence[Page], chosen: Sequence[Page], folder: Path, options: Options, tell: Callable[[Outcome], None]) -> None:
        self._source = source
        self._pages, self._chosen = pages, chosen
        self._numbers = {page: str(number) for number, page in enumerate(chosen)}
        self._folder = folder
        self._options = options
        self._tell_of = tell
        self._month = str(source.workbook.month)
        self._records = recorded_pages(folder.parent, self._month)
        self._shown = [page for page in pages if page in chosen or (page.path in self._records and (folder / page.path).is_file())]
        self._begun: dict[Page, str] = {}
        self._outcomes: dict[Page, Outcome] = {}
        self._new: set[Page] = set()

    def begin(self, making: BackgroundPages[Page]) -> None:
        """Begins what is sure to be made."""
        self._making = making
        if not CAN_FORK:
            return  # a kernel's time cannot be held while it waits
        for page in self._chosen:
            if not page.supplier and self._standing(page) is None:
                self._make(page)

    def hear(self, page: Page, made: Made) -> None:
        """Writes a page that is made, in the thread where it was. By then the slices hold every frame that it asked for."""
        token, shown = self._begun[page], self._source.slices.digest(page, made.asked)
        made = replace(made, content=made.content.replace(token.encode(), shown.encode()))
        _write_page(self._folder, page, made)
        self._records[page.path] = _record(page, made, _page_digest(self._source, page, self._shown, shown))
        self._new.add(page)
        if len(self._new) % (len(self._chosen) // _NOTES + 1) == 0:
            note_unfinished(self._folder.parent, self._month, self._records.values())
        reason = failure_sentence(made.failure, self._source.workbook.words) if made.failure else ""
        self._tell(page, Outcome(page.path, "failed" if made.failure else "made", reason))

    def check(self) -> None:
        """Raises what kept a page from being written, such as a full disk: the run need not count on."""
        self._making.check()

    def write(self, source: Source) -> list[Outcome]:
        """Writes all that `begun` says, once the slices have all their frames; ``source`` may know more of the data than at the beginning."""
        folder, records = self._folder, self._records
        for page in self._chosen:
            if page not in self._begun:
                record = self._standing(page)
                if record and self._is_current(page, record):
                    self._tell(page, Outcome(page.path, "kept"))
                else:
                    self._make(page)
        self._making.finish()
        states = {page: self._state(page) for page in self._shown}
        missing = [page for page in self._pages if page not in states]
        _write_beside(source, folder, records, states, missing)
        _remove_stale(folder, states, records)
        forget_unfinished(folder.parent, self._month)
        return [self._outcomes[page] for page in self._chosen]

    def _tell(self, page: Page, outcome: Outcome) -> None:
        self._outcomes[page] = outcome
        self._tell_of(outcome)

    def _state(self, page: Page) -> State:
        """How a page stands that is there: one that somebody altered shows what it should no better than one made from earlier data."""
        record = self._records[page.path]
        is_current = page in self._new or (self._is_current(page, record) and record.is_unaltered(self._folder))
        return State(record.made_from, OK if record.is_complete else record.state, is_outdated=not is_current)

    def _is_current(self, page: Page, record: PageRecord) -> bool:
        return record.made_from == _page_digest(self._source, page, self._shown, self._source.slices.digest(page, record.asked))

    def _standing(self, page: Page) -> PageRecord | None:
        """What is known of a page that may be up to date."""
        record = self._records.get(page.path)
        return record if record and not self._options.force and record.is_complete and record.is_unaltered(self._folder) else None

    def _make(self, page: Page) -> None:
        # The token stands for the digest of what the page shows, which is not known before the page has asked for it.
        self._begun[page] = token_hex(16)
        task = self._task(page, self._begun[page])
        self._source.slices.save(page, task.slice_folder)
        self._making.add(page, task)

    def _task(self, page: Page, data_shown: str) -> Task:
        source = self._source
        workbook, words, partial = source.workbook, source.workbook.words, self._folder / PARTIAL
        task = Task(
            notebook=page.notebook.path,
            parameters=page.parameters(self._month, words.lang),
            slice_folder=partial / "slices" / (self._numbers[page] if page.supplier else "all"),
            folder=partial / "pages" / self._numbers[page],
            timeout=self._options.timeout,
            lang=words.lang,
            title=page.title,
            crumb=page.supplier,
            month=month_name(workbook.month, words),
            home=f"{page.root}index.html",
            links=_links(page, self._shown),
            provenance=((words.text("Data shown"), data_shown), (words.text("Notebook"), page.notebook.digest), *_provenance(source)),
        )
        return task if self._options.kernel_memory is None else replace(task, memory=self._options.kernel_memory)


def _provenance(source: Source) -> tuple[tuple[str, str], ...]:
    words, standards = source.workbook.words, source.workbook.standards
    return (words.text("Standards"), standards.digest), (words.text("Program"), f"kmanalysis {kmanalysis.__version__} {source.fingerprints.program}")


def _page_digest(source: Source, page: Page, shown: Sequence[Page], data_shown: str) -> str:
    made_by = (page.notebook.digest, source.workbook.standards.digest, source.fingerprints.program, str(sorted(versions().items())))
    links = (f"{link.href} {link.text}" for link in _links(page, shown))
    return digest_of(data_shown, *made_by, source.workbook.words.lang, page.path, page.title, *links)


def _links(page: Page, shown: Sequence[Page]) -> tuple[Link, ...]:
    return tuple(Link(page.root + href(other.path), other.title, other is page) for other in shown if not other.supplier)


def _record(page: Page, made: Made, digest: str) -> PageRecord:
    ended = made.failure.kind if made.failure else OK
    return PageRecord(page.path, page.notebook_name, page.supplier, page.title, ended, digest, content_digest(made.content), made.asked)


def _failed_path(page: Page) -> str:
    return f"{FAILED}/{page.path.removesuffix('.html')}.ipynb"


def _write_page(folder: Path, page: Page, made: Made) -> None:
    # The notebook first: a page that is there as failed has its notebook beside it.
    if made.notebook:
        write_whole(folder, _failed_path(page), made.notebook.encode())
    _drop_pdf(folder, page.path)
    write_whole(folder, page.path, made.content)


def _drop_pdf(folder: Path, path: str) -> None:
    """Removes the PDF of a page that is about to be another."""
    (folder / path).with_suffix(".pdf").unlink(missing_ok=True)


def _write_beside(source: Source, folder: Path, records: Mapping[str, PageRecord], states: Mapping[Page, State], missing: Sequence[Page]) -> None:
    workbook, fingerprints = source.workbook, source.fingerprints
    provenance = ((workbook.words.text("Data"), fingerprints.data), *_provenance(source))
    beside = {
        "scorecard.csv": scorecard_csv(scorecard(workbook)).encode(),
        "measures.parquet": measures_parquet(observed(workbook)),
        "scorecard.xlsx": scorecard_workbook(workbook),
        "index.html": index_page(workbook, states, source.receipts, provenance),
    }
    _drop_pdf(folder, "index.html")
    for path, content in beside.items():
        write_whole(folder, path, content)
    listed = [_shown_record(records[page.path], state) for page, state in states.items()]
    listed += [PageRecord(page.path, page.notebook_name, page.supplier, page.title) for page in missing]
    contents = Contents(
        pages=listed,
        failed=[page.path for page, state in states.items() if state.is_failed],
        files={path: content_digest(content) for path, content in beside.items()},
        engine=workbook.engine.name if workbook.engine else "",
        notebook_engine=NOTEBOOK_ENGINE,
    )
    # Write the manifest last: if it exists, every file it lists exists.
    facts = manifest(workbook.month, workbook.words.lang, fingerprints, source.made_from, workbook.standards, contents, source.receipts)
    write_whole(folder, MANIFEST, facts)


def _shown_record(record: PageRecord, state: State) -> PageRecord:
    return replace(record, state=state.ended if state.is_failed else OUTDATED if state.is_outdated else OK)


def _remove_stale(folder: Path, states: Mapping[Page, State], records: Collection[str]) -> None:
    """Removes pages whose notebook or supplier is gone, and notebooks of failures that are mended."""
    kept = {page.path for page in states} | {_failed_path(page) for page, state in states.items() if state.is_failed}
    failed = (path.relative_to(folder).as_posix() for path in folder.glob(f"{FAILED}/**/*.ipynb"))
    for path in sorted({*records, *failed} - kept):
        (folder / path).unlink(missing_ok=True)
        _drop_pdf(folder, path)
    for name in (f"{FAILED}/suppliers", FAILED, "suppliers"):
        if (folder / name).is_dir() and not any((folder / name).iterdir()):
            (folder / name).rmdir()
