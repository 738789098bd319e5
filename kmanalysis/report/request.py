"""A report that is asked for: found as it stands, or made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kmanalysis.files.faults import check_writable
from kmanalysis.loaders.address import Place
from kmanalysis.loaders.hadoop import HadoopFolder
from kmanalysis.opening import source_of
from kmanalysis.report.cache.fingerprints import read_fingerprints
from kmanalysis.report.cache.manifest import made_from, standing_report
from kmanalysis.report.cache.months import last_month
from kmanalysis.report.files import KEPT
from kmanalysis.report.progress import Outcome, Progress
from kmanalysis.standards import Standards
from kmanalysis.words import Words


@dataclass(frozen=True)
class Request:
    """Which report is asked for: of which folder of canonical tables and month (None: the last one with an event), by which notebooks, into which folder.

    ``only_notebooks`` and ``only_suppliers`` name single pages (none: all). ``memory`` is what the engine may take, like ``4GB``. ``engine`` and
    ``master`` are as in `open_workbook`: they decide where the rows are worked, and nothing of what comes out.
    """

    data: Place
    month: str | None
    standards: Standards
    words: Words
    notebooks: Path
    out: Path
    only_notebooks: Sequence[str] = ()
    only_suppliers: Sequence[str] = ()
    memory: str | None = None
    engine: str = "duckdb"
    master: str | None = None

    def source(self) -> Path | HadoopFolder:
        """What can be asked which files lie in the folder now. Raises what `source_of` raises."""
        return source_of(self.data, self.memory, self.engine, self.master)


@dataclass(frozen=True)
class Options:
    """How a report is made: worker processes (0: one a core), whether all is made anew, the seconds that a page may take, and the bytes (None: as usual)."""

    jobs: int = 0
    force: bool = False
    timeout: float = 600.0
    kernel_memory: int | None = None


@dataclass(frozen=True)
class Result:
    """A report that is there: its month, the paths of the pages that were asked for, how many rows were rejected, whether a page failed, and whether
    anything was made.
    """

    month: str
    pages: Sequence[str]
    rejected: int
    has_failed: bool = False
    is_new: bool = True


def fulfil(request: Request, options: Options, progress: Progress) -> Result:
    """Sees to it that the report is there and up to date. Raises what `report.write` raises, and PathError where nothing can be written to ``out``."""
    kept = request.out / KEPT
    with progress.step(request.words.text("Reading {folder}", folder=request.data.name)):
        fingerprints = read_fingerprints(request.source(), kept if request.out.is_dir() else None, force=options.force)
        source = made_from(fingerprints, request.standards, request.notebooks, request.words.lang)
        month = None if options.force else request.month or last_month(kept, fingerprints)
        standing = standing_report(request.out, month, source, request.only_notebooks, request.only_suppliers) if month else None
    if standing is None:
        for folder in (request.out, kept, request.out / request.month if request.month else kept):
            check_writable(folder)
        # A report that is up to date needs neither the engine nor the notebooks' machinery.
        from kmanalysis.report.report import write

        return write(request, fingerprints, source, options, progress)
    with progress.pages(len(standing.pages)) as tell:
        for path in standing.pages:
            tell(Outcome(path, "kept"))
    return Result(standing.month, standing.pages, standing.rejected, is_new=False)
