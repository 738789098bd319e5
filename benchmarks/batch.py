"""The batch against the plain loop over the same notebooks, and against the loop of command lines.

The slices are finished before anything is timed, and lie on disk: measures cost nobody anything. Each way runs in a process of its own,
in turns. The plain loop is `papermill.execute_notebook` and a new `HTMLExporter` for each page, in one process; the other loop calls
`papermill` and `jupyter nbconvert` for each page, and is measured on the first pages alone, for it takes long.

- cold: the time of the whole process, its start and imports included.
- warm: from the second page on; the process that the batch's pages are forked from starts within the time.

What the plain loop's notebooks show, put through our template, must be the batch's pages to the byte.

    python benchmarks/batch.py FOLDER [--pages 12] [--repeat 3] [--warm] [--command-pages 12]
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import pickle
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MONTH = "2026-10"
WAYS = ("batch", "plain", "commands")
_SUBREAPER = 36


@dataclass(frozen=True)
class Run:
    """What one way took: seconds of the clock, processor seconds of its own, and cores that others used meanwhile."""

    wall_seconds: float
    cpu_seconds: float
    foreign_cores: float


def prepared(folder: Path, pages: int) -> dict:
    """Tasks by page, their slices on disk; made once for each number of pages and state of the program."""
    from kmanalysis.decisions.bundle import finished_frames
    from kmanalysis.opening import open_workbook
    from kmanalysis.report.cache.program import program_digest
    from kmanalysis.report.making.task import Task
    from kmanalysis.report.notebooks import report_notebooks
    from kmanalysis.report.site.html import month_name
    from kmanalysis.report.site.pages import all_pages
    from kmanalysis.report.slices import Slices
    from kmanalysis.samples import make_samples

    kept = folder / f"tasks-{pages}-{program_digest()}.pickle"
    if kept.is_file():
        return pickle.loads(kept.read_bytes())
    notebooks = report_notebooks(ROOT / "notebooks")
    of_suppliers = max(1, pages - len(notebooks) + 1)
    samples = folder / f"samples-{of_suppliers}"
    # As few suppliers as there are pages for, but as many as make a market.
    suppliers = max(of_suppliers, 20)
    shutil.rmtree(samples, ignore_errors=True)
    make_samples(samples, suppliers=suppliers, orders=2000 * suppliers, format="parquet", last_month=MONTH)
    workbook = open_workbook(samples, MONTH)
    slices = Slices(workbook, finished_frames(workbook))
    tasks = {}
    home = folder / f"pages-{pages}"
    shutil.rmtree(home, ignore_errors=True)
    for number, page in enumerate(all_pages(notebooks, workbook)[:pages]):
        tasks[page.path] = Task(
            notebook=page.notebook.path,
            parameters=page.parameters(MONTH, "zh"),
            slice_folder=home / "slices" / (page.supplier or "all"),
            folder=home / "run" / str(number),
            timeout=600.0,
            lang="zh",
            title=page.title,
            crumb=page.supplier,
            month=month_name(workbook.month, workbook.words),
            home=f"{page.root}index.html",
            links=(),
            provenance=(),
        )
        slices.save(page, tasks[page.path].slice_folder)
    kept.write_bytes(pickle.dumps(tasks))
    return tasks


def in_batch(tasks: dict, out: Path) -> None:
    """Ours: a process for each page, forked from one that has imported everything."""
    from kmanalysis.report.making.pool import made_pages

    for path, made in made_pages(tasks.items(), 0):
        if made.failure:
            raise SystemExit(f"{path}: {made.failure}")
        write(out / path, made.content)


def in_plain_loop(tasks: dict, out: Path) -> None:
    """papermill and nbconvert as their documentation shows them."""
    import papermill
    from nbconvert.exporters import HTMLExporter

    for path, task in tasks.items():
        os.environ.update(variables(task))
        done = out / f"{path}.ipynb"
        done.parent.mkdir(parents=True, exist_ok=True)
        notebook = papermill.execute_notebook(task.notebook, done, task.parameters, progress_bar=False, cwd=task.folder)
        body, _ = HTMLExporter().from_notebook_node(notebook)
        write(out / path, body.encode())


def in_commands(tasks: dict, out: Path) -> None:
    """Two commands a page."""
    beside = Path(sys.executable).parent
    for path, task in tasks.items():
        done = out / f"{path}.ipynb"
        done.parent.mkdir(parents=True, exist_ok=True)
        parameters = [part for name, value in task.parameters.items() for part in ("-r", name, value)]
        papermill = [beside / "papermill", task.notebook, done, *parameters, "--no-progress-bar", "--cwd", task.folder]
        nbconvert = [beside / "jupyter", "nbconvert", "--to", "html", "--log-level", "ERROR", done]
        for command in (papermill, nbconvert):
            subprocess.run(command, env=os.environ | variables(task), check=True, stderr=subprocess.DEVNULL)


def variables(task) -> dict[str, str]:
    """The environment of a page's notebook, its folder prepared: the same for all ways, or the pages could not be the same."""
    from kmanalysis.report.making.environment import environment, prepare_folder

    prepare_folder(task.folder)
    return environment(task.slice_folder, task.folder)


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def work(way: str, kept: Path, out: Path, is_warm: bool, most: int) -> None:
    """One way from beginning to end, in this process; when warm, prints the seconds that count."""
    for name in ("papermill", "traitlets", "nbclient"):
        __import__("logging").getLogger(name).setLevel("CRITICAL")
    tasks = dict(list(pickle.loads(kept.read_bytes()).items())[: most or None])
    run = {"batch": in_batch, "plain": in_plain_loop, "commands": in_commands}[way]
    for task in tasks.values():
        shutil.rmtree(task.folder, ignore_errors=True)
    if is_warm:
        path, task = next(iter(tasks.items()))
        run({path: replace(task, folder=task.folder.with_name("warm"))}, out / "warm")
        shutil.rmtree(task.folder.with_name("warm"), ignore_errors=True)
        began = time.perf_counter()
        run(tasks, out)
        print(time.perf_counter() - began)
    else:
        run(tasks, out)


def measured(way: str, kept: Path, out: Path, is_warm: bool, most: int) -> Run:
    """One way in a process of its own. Raises CalledProcessError where it fails."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, __file__, str(kept), "--work", way, "--out", str(out), "--command-pages", str(most), *(["--warm"] if is_warm else [])]
    busy, own, began = busy_seconds(), own_seconds(), time.perf_counter()
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}, stdout=subprocess.PIPE, text=True, check=True)
    passed = time.perf_counter() - began
    while _bury():
        time.sleep(0.01)
    used = own_seconds() - own
    # All of the process counts here, also where only a part of it is timed.
    foreign = max(0.0, busy_seconds() - busy - used) / (time.perf_counter() - began)
    return Run(round(float(done.stdout) if is_warm else passed, 2), round(used, 2), round(foreign, 2))


def _bury() -> bool:
    """Waits for what a run left to this process; whether there may be more."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def busy_seconds() -> float:
    """Processor seconds that all processes of the machine have used."""
    user, nice, system, _, _, irq, softirq, *_ = (int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    """Processor seconds of everything that this process started and that has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compared(tasks: dict, ours: Path, plain: Path) -> tuple[list[str], int, int]:
    """Pages that are not the same once ids and times are gone, and the pictures of both ways."""
    import nbformat

    from kmanalysis.report.runner.page import shown
    from kmanalysis.report.runner.scrub import reproducible_notebook
    from kmanalysis.words import Words

    different, pictures = [], [0, 0]
    for path, task in tasks.items():
        notebook = nbformat.read(plain / f"{path}.ipynb", as_version=4)
        pictures[1] += sum("image/svg+xml" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", []))
        page = (ours / path).read_bytes()
        pictures[0] += page.count(b"<img ")
        if shown(task, reproducible_notebook(notebook, task.folder, task.slice_folder), None, Words("zh")).content != page:
            different.append(path)
    return different, *pictures


def ratios(ours: list[Run], theirs: list[Run], scale: float) -> list[float]:
    """Their time over ours in each turn; ``scale`` is how many pages we make to one of theirs."""
    return [round(their.wall_seconds * scale / our.wall_seconds, 2) for our, their in zip(ours, theirs, strict=True)]


def main() -> int:
    """Runs the ways in turns, compares, prints the ratios, writes the results; 1 where the pages differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where samples, slices and pages go")
    parser.add_argument("--pages", type=int, default=12)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--warm", action="store_true", help="leave process starts and the first page out")
    parser.add_argument("--command-pages", type=int, default=12, help="pages of the loop of commands; 0 leaves it out")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "batch.json")
    parser.add_argument("--work", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    # This very source everywhere, whatever is installed.
    sys.path.insert(0, str(ROOT))
    if options.work:
        work(options.work, options.folder, options.out, options.warm, options.command_pages if options.work == "commands" else 0)
        return 0
    ctypes.CDLL(None).prctl(_SUBREAPER, 1)
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    tasks = prepared(folder, options.pages)
    kept = max(folder.glob(f"tasks-{options.pages}-*.pickle"), key=lambda path: path.stat().st_mtime)
    ways = WAYS if options.command_pages else WAYS[:2]
    runs: dict[str, list[Run]] = {way: [] for way in ways}
    for number in range(options.repeat):
        for way in ways if number % 2 == 0 else ways[::-1]:
            runs[way].append(measured(way, kept, folder / way, options.warm, options.command_pages))
            print(way, runs[way][-1], file=sys.stderr)
    different, ours, theirs = compared(tasks, folder / "batch", folder / "plain")
    counts = {"batch": len(tasks), "plain": len(tasks), "commands": min(options.command_pages, len(tasks))}
    each = {way: statistics.median(run.wall_seconds for run in found) / counts[way] for way, found in runs.items()}
    key = f"{len(tasks)} pages, {'warm' if options.warm else 'cold'}"
    found = {
        "pages": len(tasks),
        "pages_by_command": counts["commands"],
        "processors": os.cpu_count(),
        "pages_different": different,
        "pictures": {"batch": ours, "plain": theirs},
        "seconds_a_page": {way: round(seconds, 3) for way, seconds in each.items()},
        "over_batch": {way: round(seconds / each["batch"], 2) for way, seconds in each.items()},
        "over_batch_each_turn": {way: ratios(runs["batch"], found, len(tasks) / counts[way]) for way, found in runs.items()},
        "runs": {way: [asdict(run) for run in found] for way, found in runs.items()},
        "versions": {"python": platform.python_version()} | {name: version(name) for name in ("papermill", "nbclient", "nbconvert", "ipykernel", "matplotlib")},
    }
    results = json.loads(options.results.read_text(encoding="utf-8")) if options.results.is_file() else {}
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(json.dumps(results | {key: found}, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{key}; {ours} pictures here, {theirs} there; {len(different)} pages differ")
    for way in ways:
        foreign = statistics.median(run.foreign_cores for run in runs[way])
        print(f"{way:>9}  {each[way]:7.3f} s a page  {found['over_batch'][way]:6.2f} x the batch  others used {foreign:.2f} cores")
    return 1 if different or ours != theirs else 0


if __name__ == "__main__":
    sys.exit(main())
