"""Processes in which inputs are read one after the other: each is bounded in memory and time, and replaced when it dies."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random

import duckdb

from benchmarks.fuzz.orders import Different
from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import KmError
from kmanalysis.files.faults import said
from kmanalysis.words import Words

Read = Callable[[Random, Path, duckdb.DuckDBPyConnection, bool], None]
"""Draws an input into a folder and reads it, the whole way into a workbook folder where asked."""

FAULTS = ("traceback", "died", "slow", "large", "different")
LARGEST = 1 << 30
SECONDS = 10
_PATIENCE = 6
"""How many times longer than it may count an input may take by the clock: other processes have the processor too."""
_ROOM = 3 << 30
"""Address space beyond what a worker begins with: libraries reserve more than they use, so what is used is looked at besides."""
_INPUTS_A_WORKER = 1000


@dataclass(frozen=True)
class Outcome:
    """What became of an input: read, refused, or one of `FAULTS`; what was said of it; and the seconds of processor time it took."""

    number: int
    kind: str
    detail: str
    seconds: float


@dataclass
class _Worker:
    process: object
    line: Connection
    folder: Path
    number: int = -1
    begun: float = 0.0
    done: int = 0


def outcomes(
    name: str, read: Read, numbers: Iterable[int], *, seed: int, whole_every: int, workers: int, folder: Path, faults: Path | None
) -> Iterator[Outcome]:
    """Reads the inputs of these numbers; those at fault are kept in the folder of faults."""
    waiting, running, free = iter(numbers), dict[Connection, _Worker](), list(range(workers))
    left = True
    while left or running:
        while left and free:
            place = free.pop()
            worker = _started(name, read, seed, whole_every, folder / str(place))
            left = _give(worker, waiting)
            if left:
                running[worker.line] = worker
            else:
                _stop(worker)
        ready = wait(list(running), timeout=1)
        for worker in list(running.values()):
            outcome = None
            if worker.line in ready:
                with suppress(EOFError, ConnectionResetError):
                    outcome = worker.line.recv()
                outcome = outcome or Outcome(worker.number, "died", _end(worker), 0.0)
            elif time.monotonic() - worker.begun > SECONDS * _PATIENCE:
                outcome = Outcome(worker.number, "slow", f"no end after {SECONDS * _PATIENCE} s", float(SECONDS * _PATIENCE))
            if outcome is None:
                continue
            if outcome.kind in FAULTS and faults:
                _keep(
                    worker,
                    outcome,
                    faults / name,
                    f"python -m benchmarks.fuzz --reader {name} --seed {seed} --whole-every {whole_every} --only {outcome.number}",
                )
            yield outcome
            shutil.rmtree(worker.folder / str(worker.number), ignore_errors=True)
            worker.done += 1
            is_worn = outcome.kind in ("died", "slow", "large") or worker.done >= _INPUTS_A_WORKER
            if is_worn or not _give(worker, waiting):
                del running[worker.line]
                free.append(int(worker.folder.name))
                _stop(worker)
                left = left and is_worn


def _started(name: str, read: Read, seed: int, whole_every: int, folder: Path) -> _Worker:
    folder.mkdir(parents=True, exist_ok=True)
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, ours, name, read, seed, whole_every, folder), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, folder)


def _give(worker: _Worker, waiting: Iterator[int]) -> bool:
    number = next(waiting, None)
    if number is None:
        return False
    worker.number, worker.begun = number, time.monotonic()
    with suppress(BrokenPipeError):
        worker.line.send(number)
    return True


def _end(worker: _Worker) -> str:
    worker.process.join(5)  # type: ignore[attr-defined]
    return f"the process ended with {worker.process.exitcode}"  # type: ignore[attr-defined]


def _stop(worker: _Worker) -> None:
    worker.line.close()
    # Its own group: a process that it started to read a file goes with it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.process.pid, signal.SIGKILL)  # type: ignore[attr-defined]
    worker.process.join()  # type: ignore[attr-defined]


def _keep(worker: _Worker, outcome: Outcome, faults: Path, again: str) -> None:
    target = faults / f"{outcome.kind}-{outcome.number}"
    shutil.rmtree(target, ignore_errors=True)
    source = worker.folder / str(worker.number)
    shutil.copytree(source, target) if source.is_dir() else target.mkdir(parents=True)
    (target / "what.txt").write_text(f"{again}\n\n{outcome.detail}\n", encoding="utf-8", errors="backslashreplace")


def _work(line: Connection, other: Connection, name: str, read: Read, seed: int, whole_every: int, folder: Path) -> None:
    # Garbage of the parent may belong to threads that a fork has not: freeing it here may end the process.
    gc.freeze()
    os.setsid()
    other.close()
    _bound()
    words = [Words(lang) for lang in ("zh", "en")]
    connection = None
    while True:
        try:
            number = line.recv()
        except EOFError:
            os._exit(0)
        connection = connection or connect(threads=1, reads=[folder])
        own = folder / str(number)
        own.mkdir()
        before, began = _peak(), _processor()
        resting = _resident()
        kind, detail = _kind(name, read, seed, whole_every, number, own, connection, words)
        seconds, peak = _processor() - began, _peak()
        if peak > before and peak - resting > LARGEST:
            kind, detail = "large", f"{(peak - resting) >> 20} MB: {detail}"
        if kind != "large" and seconds > SECONDS:
            kind, detail = "slow", f"{seconds:.1f} s: {detail}"
        if kind in FAULTS:
            connection = None
        line.send(Outcome(number, kind, detail, seconds))


def _kind(
    name: str, read: Read, seed: int, whole_every: int, number: int, own: Path, connection: duckdb.DuckDBPyConnection, words: list[Words]
) -> tuple[str, str]:
    try:
        # As the commands do around their work: what the system or the engine has no room for is a sentence as well.
        with said(own):
            read(Random(f"{seed} {name} {number}"), own, connection, number % whole_every == 0)
    except KmError as problem:
        if any(isinstance(cause, MemoryError) for cause in _causes(problem)):
            return "large", traceback.format_exc()
        try:
            sentences = [one.error(problem) for one in words]
        except Exception:  # noqa: BLE001 - a fault, whatever it is
            return "traceback", traceback.format_exc()
        return ("refused", problem.message) if all(sentences) else ("traceback", "an error without a sentence")
    except Different as problem:
        return "different", str(problem)
    except MemoryError:
        return "large", traceback.format_exc()
    except BaseException:  # noqa: BLE001 - a fault, whatever it is: panics of other languages are no Exception
        return "traceback", traceback.format_exc()
    return "read", ""


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem:
        yield problem
        problem = problem.__cause__ or problem.__context__


def _bound() -> None:
    # Each thread would reserve an arena of 64 MB of its own.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(-8, 2)
    # What libraries of other languages say when they panic.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_status("VmSize") + _ROOM, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak() -> int:
    """The most memory that this process has had so far, or one that it started."""
    return max(_status("VmHWM"), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10)


def _resident() -> int:
    return _status("VmRSS")


def _status(name: str) -> int:
    for entry in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if entry.startswith(f"{name}:"):
            return int(entry.split()[1]) << 10
    return 0
