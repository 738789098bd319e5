"""The batch: which pages have to be made anew, making them, and everything that stands beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import kmanalysis
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.measures.observation import observed
from kmanalysis.report.cache.provenance import digest_of, program_digest, versions
from kmanalysis.report.cache.unchanged import MANIFEST, seal_manifest, told_pages, written_digest
from kmanalysis.report.files import PARTIAL, output_folder, write_whole
from kmanalysis.report.runner.kernels import KERNEL_MEMORY, way_of_starting
from kmanalysis.report.runner.page import Made, Task, failure_sentence
from kmanalysis.report.runner.workers import made_pages
from kmanalysis.report.sheets.data_files import Written, manifest, measures_parquet, scorecard_csv
from kmanalysis.report.sheets.excel import scorecard_workbook
from kmanalysis.report.site.html import Link, month_name
from kmanalysis.report.site.index import State, href, index_page
from kmanalysis.report.site.pages import Page
from kmanalysis.report.slices import Slices
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.workbook import Workbook

FAILED = "failed"
"""Folder inside a month's report that keeps the executed notebooks of failed pages."""

_STATE = re.compile(r'<meta name="kmanalysis-page" content="([0-9a-f]{32}) (\w+)">')
_STATE_WITHIN = 4000


@dataclass(frozen=True)
class Options:
    """How a batch runs: worker processes (0: one a core), whether up-to-date pages are made anew, the seconds a page may take, and bytes its kernel may."""

    jobs: int = 0
    force: bool = False
    timeout: float = 600.0
    kernel_memory: int = KERNEL_MEMORY


@dataclass(frozen=True)
class Outcome:
    """What became of one page: ``state`` is made, kept or failed; ``reason`` says why it failed."""

    page: Page
    state: str
    reason: str = ""

    @property
    def path(self) -> str:
        """The page's file in the report."""
        return self.page.path


@dataclass(frozen=True)
class Source:
    """What a report is made from: the workbook, its pages' slices, the receipts, the digests of the files that were read, and `unchanged.made_from`."""

    workbook: Workbook
    slices: Slices
    receipts: Sequence[Receipt]
    inputs: Mapping[str, str]
    made_from: str = ""


def write_report(source: Source, pages: Sequence[Page], chosen: Sequence[Page], out: Path, options: Options, tell: Callable[[Outcome], None]) -> list[Outcome]:
    """Writes the chosen ones of all ``pages``, the first page and the data files into ``out/<month>``; ``tell`` hears of each page as it is done.

    Pages that are up to date are kept; a page that fails is kept with its error and does not stop the others. Raises UsageError while another
    run writes into the same folder.
    """
    # Absolute: papermill changes the working folder while a notebook runs.
    out = out.resolve()
    month = str(source.workbook.month)
    with output_folder(out / month) as folder:
        shown = [page for page in pages if page in chosen or _written_state(folder, page.path)]
        digests = {page: _page_digest(source, page, shown) for page in shown}
        outcomes: dict[Page, Outcome] = {}
        forked: set[bool | None] = set()
        for page, made in _done(source, folder, shown, chosen, digests, options):
            if made is not None:
                _write_page(folder, page, made)
                forked.add(made.is_forked)
            outcomes[page] = _outcome(source, page, made)
            tell(outcomes[page])
        states = {page: _state_now(folder, page, digests[page]) for page in shown}
        _remove_stale(folder, states)
        _write_beside(source, folder, states, [page for page in pages if page not in states], way_of_starting(forked))
        seal_manifest(out, month)
    return [outcomes[page] for page in chosen]


def _done(
    source: Source, folder: Path, shown: Sequence[Page], chosen: Sequence[Page], digests: Mapping[Page, str], options: Options
) -> Iterator[tuple[Page, Made | None]]:
    """The chosen pages as they are done; with None for one that is up to date."""
    tasks = {}
    told = told_pages(folder)
    for number, page in enumerate(chosen):
        if not options.force and _is_up_to_date(folder, page, digests[page], told.get(page.path)):
            yield page, None
        else:
            task = _task(source, page, shown, digests[page], folder / PARTIAL, str(number), options.timeout)
            tasks[page] = replace(task, memory=options.kernel_memory)
    for page, task in tasks.items():
        source.slices.save(page, task.slice_folder)
    yield from made_pages(tasks, options.jobs)


def _is_up_to_date(folder: Path, page: Page, digest: str, told: tuple[str, str] | None) -> bool:
    """Whether the written page is the one to be made, and nobody altered it since the manifest told its content."""
    if _written_state(folder, page.path) != State(digest, "ok"):
        return False
    # A page that an interrupted run made is not in the manifest yet.
    return told is None or told[0] != digest or told[1] == written_digest(folder / page.path)


def _task(source: Source, page: Page, shown: Sequence[Page], digest: str, partial: Path, number: str, timeout: float) -> Task:
    workbook, words = source.workbook, source.workbook.words
    return Task(
        notebook=page.notebook.path,
        parameters=page.parameters(str(workbook.month), words.lang),
        slice_folder=partial / "slices" / (number if page.supplier else "all"),
        folder=partial / "pages" / number,
        timeout=timeout,
        lang=words.lang,
        title=page.title,
        crumb=page.supplier,
        month=month_name(workbook.month, words),
        home=f"{page.root}index.html",
        links=_links(page, shown),
        provenance=((words.text("Data shown"), source.slices.digest(page)), (words.text("Notebook"), page.notebook.digest), *_provenance(workbook)),
        state=digest,
    )


def _provenance(workbook: Workbook) -> tuple[tuple[str, str], ...]:
    words = workbook.words
    return (words.text("Standards"), workbook.standards.digest), (words.text("Program"), f"kmanalysis {kmanalysis.__version__} {program_digest()}")


def _page_digest(source: Source, page: Page, shown: Sequence[Page]) -> str:
    made_by = (page.notebook.digest, source.workbook.standards.digest, program_digest(), str(sorted(versions().items())))
    links = (f"{link.href} {link.text}" for link in _links(page, shown))
    return digest_of(source.slices.digest(page), *made_by, source.workbook.words.lang, page.path, page.title, *links)


def _links(page: Page, shown: Sequence[Page]) -> tuple[Link, ...]:
    return tuple(Link(page.root + href(other.path), other.title, other is page) for other in shown if not other.supplier)


def _outcome(source: Source, page: Page, made: Made | None) -> Outcome:
    if made is None:
        return Outcome(page, "kept")
    return Outcome(page, "failed", failure_sentence(made.failure, source.workbook.words)) if made.failure else Outcome(page, "made")


def _written_state(folder: Path, path: str) -> State | None:
    """What a written page says of itself; None where there is no page of ours."""
    if not (folder / path).is_file():
        return None
    with (folder / path).open(encoding="utf-8", errors="replace") as file:
        found = _STATE.search(file.read(_STATE_WITHIN))
    return State(found[1], found[2]) if found else None


def _state_now(folder: Path, page: Page, digest: str) -> State:
    written = _written_state(folder, page.path)
    if written is None:
        raise AssertionError(f"{page.path} was made, and is not there")
    return State(written.digest, written.ended, is_outdated=written.digest != digest)


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


def _remove_stale(folder: Path, states: Mapping[Page, State]) -> None:
    """Removes pages of ours whose notebook or supplier is gone, and notebooks of failures that are mended."""
    kept = {page.path for page in states} | {_failed_path(page) for page, state in states.items() if state.is_failed}
    ours = [path for path in (*folder.glob("*.html"), *folder.glob("suppliers/*.html")) if _written_state(folder, path.relative_to(folder).as_posix())]
    for path in (*ours, *folder.glob(f"{FAILED}/**/*.ipynb")):
        if path.relative_to(folder).as_posix() not in kept:
            path.unlink()
    for name in (f"{FAILED}/suppliers", FAILED, "suppliers"):
        if (folder / name).is_dir() and not any((folder / name).iterdir()):
            (folder / name).rmdir()


def _write_beside(source: Source, folder: Path, states: Mapping[Page, State], missing: Sequence[Page], kernels: str) -> None:
    workbook = source.workbook
    inputs = digest_of(*(part for entry in sorted(source.inputs.items()) for part in entry))
    provenance = ((workbook.words.text("Data"), inputs), *_provenance(workbook))
    beside = {
        "scorecard.csv": scorecard_csv(scorecard(workbook)).encode(),
        "measures.parquet": measures_parquet(observed(workbook)),
        "scorecard.xlsx": scorecard_workbook(workbook),
        "index.html": index_page(workbook, states, source.receipts, provenance),
    }
    _drop_pdf(folder, "index.html")
    for path, content in beside.items():
        write_whole(folder, path, content)
    # The manifest last: where it stands, all that it tells of stands.
    contents = {path: written_digest(folder / path) for path in (*(page.path for page in states), *beside)}
    written = Written(states, missing, contents, kernels)
    facts = manifest(workbook.month, workbook.words.lang, source.inputs, source.made_from, workbook.standards, written, source.receipts)
    write_whole(folder, MANIFEST, facts)
