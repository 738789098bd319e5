"""The command line in a fork of this process, which has imported everything: faults that are had for real there end with it."""

import ctypes
import gc
import os
import resource
import signal
import sys
import tempfile
from dataclasses import dataclass
from itertools import count, cycle

import typer

from kmanalysis.cli.app import main

_CAPABILITIES = 0x20080522
_OVERRIDES = (1, 2)
"""What lets root read and write whatever it likes: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""

LONGEST = 120
"""Seconds after which a child that stands still is ended."""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def room_for(files):
    """The limit under which so many files can be opened beside those that the tests have open."""
    taken, limit = set(map(int, os.listdir("/dev/fd"))), 0
    while files:
        files -= limit not in taken
        limit += 1
    return limit


def run(tmp_path, *arguments, limits=(), as_user=False, before=lambda: None, work=main):
    """Runs a command in a child: with limits (pairs of RLIMIT_… and its value), and as somebody whom permissions hold. ``before`` is called in it first,
    ``work`` in the place of the command line.
    """
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    # Pipes: a limit on files is none on what is printed.
    (out, its_out), (err, its_err) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        # What other tests left to be collected belongs to threads and libraries that a fork has not: freeing it here may end the child.
        gc.freeze()
        try:
            os.dup2(its_out, 1)
            os.dup2(its_err, 2)
            for unused in (out, its_out, err, its_err):
                os.close(unused)
            sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.alarm(LONGEST)
            tempfile.tempdir = str(scratch)
            for limit, value in limits:
                most = room_for(value) if limit == resource.RLIMIT_NOFILE else value
                resource.setrlimit(limit, (most, most))
            if as_user:
                give_up_rights()
            sys.argv = ["kmanalysis", *map(str, arguments), "--lang", "en"]
            before()
            work()
        except (SystemExit, typer.Exit) as ended:
            told = ended.exit_code if isinstance(ended, typer.Exit) else ended.code
            code = told if isinstance(told, int) else 1 if told else 0
            if isinstance(told, str):
                print(told, file=sys.stderr)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            # Whatever a limit makes of what is still to be printed, the child ends here: else it would go on with the tests of its parent.
            try:
                for stream in (sys.stdout, sys.stderr):
                    stream.flush()
            finally:
                os._exit(code)
    os.close(its_out)
    os.close(its_err)
    # Neither prints more than a pipe holds.
    with os.fdopen(out, encoding="utf-8") as printed, os.fdopen(err, encoding="utf-8") as complained:
        told = printed.read(), complained.read()
    _, status = os.waitpid(child, 0)
    return Ended(os.waitstatus_to_exitcode(status), *told)


def give_up_rights():
    """From now on permissions hold for this process, be it root's."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets):
        raise OSError(ctypes.get_errno(), "capget")
    for bit in _OVERRIDES:
        for number in range(3):
            sets[number] &= ~(1 << bit)
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


def steps(tmp_path, folder, faults, run_with, every=1):
    """Runs a command again and again, with one of the faults (by name), in turns, at each step of `at_step`, or at every so many'th, until it ends before
    there is such a step.

    ``run_with(before)`` runs it once. Gives each step, its fault's name and what `run` gave.
    """
    met = tmp_path / "scratch" / "met"

    def meet(name):
        met.touch()
        faults[name]()

    for step, name in zip(count(1, every), cycle(faults)):
        met.unlink(missing_ok=True)
        done = run_with(lambda step=step, name=name: at_step(folder, step, lambda: meet(name)))
        if not met.exists():
            return
        yield step, name, done


def at_step(folder, step, fault):
    """Calls ``fault`` at the step-th time that a file of the folder is opened for writing, renamed or removed, or a folder made there."""
    seen = 0

    def hear(event, details):
        nonlocal seen
        if event == "open":
            path, _, flags = details
            is_ours = isinstance(path, str) and path.startswith(str(folder)) and isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
        else:
            is_ours = event in ("os.rename", "os.remove", "os.mkdir", "os.link") and str(details[0]).startswith(str(folder))
        if is_ours:
            seen += 1
            if seen == step:
                fault()

    sys.addaudithook(hear)
