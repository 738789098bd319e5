"""`kmanalysis watch`: reads upstream shops and servers at a pace, into a folder of canonical tables."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated, Any

import typer

from kmanalysis.cli.options import Lang, cli_errors

HELP = "Read stock, prices, balances and uptime of upstream shops at regular intervals, and send alerts."


def watch(
    into: Annotated[str, typer.Option("--into", metavar="DIR", help="Folder of canonical tables to write readings to.")],
    list_file: Annotated[Path | None, typer.Option("--list", metavar="FILE", help="List of upstreams; default: watch.toml in the folder.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Check every upstream that is due, once, and exit: for cron.")] = False,
    lang: Lang = "zh",
) -> None:
    """Until it is stopped by SIGTERM or Ctrl-C; with ``--once`` exit code 1 where something could not be read."""
    with cli_errors(lang, into) as words:
        from kmanalysis.loaders.address import local_folder
        from kmanalysis.sources.watch.clock import MachineClock
        from kmanalysis.sources.watch.listed.watchlist import LIST_NAME, load_watchlist
        from kmanalysis.sources.watch.run import Watch
        from kmanalysis.sources.watch.store import held

        folder = local_folder(into)
        stop = Event()
        clock = MachineClock(stop)
        watchlist = load_watchlist(list_file or folder / LIST_NAME, os.environ)
        with held(folder, clock.now()), stopped_by_signals(stop):
            running = Watch(folder, watchlist, words, clock, stop, tell=_tell, write_line=_write_line)
            if once:
                if not running.once():
                    raise typer.Exit(1)
                return
            _tell(words.text("Watching {count} upstreams. Press Ctrl-C to stop.", count=len(watchlist.upstreams)))
            running.run()


@contextmanager
def stopped_by_signals(stop: Event) -> Iterator[None]:
    """Lets SIGTERM and SIGINT set ``stop``: the call under way is finished and kept. A second one ends the process as it always does."""
    before: dict[int, Any] = {}

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[number])

    for asked in (signal.SIGTERM, signal.SIGINT):
        before[asked] = signal.signal(asked, ask_to_stop)
    try:
        yield
    finally:
        for caught, handler in before.items():
            signal.signal(caught, handler)


def _tell(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
