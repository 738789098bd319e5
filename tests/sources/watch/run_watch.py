"""A watch in a process of its own that may be killed: a thousand times as fast as the clock, and it says which readings are safe."""

import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from kmanalysis.sources.watch import run
from kmanalysis.sources.watch.listed.watchlist import load_watchlist
from kmanalysis.sources.watch.store import Store, held
from kmanalysis.words import Words


class QuickClock:
    def __init__(self, begin):
        self.begin, self.started = begin, time.monotonic()

    def now(self):
        return self.begin + timedelta(seconds=self.elapsed() * 1000)

    def elapsed(self):
        return time.monotonic() - self.started

    def sleep(self, seconds):
        time.sleep(seconds / 1000)


class TellingStore(Store):
    def append(self, rows, at):
        super().append(rows, at)
        for row in rows["stock_snapshots"]:
            if row["scan_ok"]:
                print(row["quantity"], flush=True)


def tell(sentence):
    print(sentence, file=sys.stderr)


def main():
    folder, start = Path(sys.argv[1]), int(sys.argv[2])
    run.Store = TellingStore
    clock = QuickClock(datetime(2026, 11, 10) + timedelta(days=start))
    with held(folder, clock.now()):
        watch = run.Watch(folder, load_watchlist(folder / "watch.toml", os.environ), Words("en"), clock, Event(), tell=tell, write_line=tell, at_once=1)
        print("ready", flush=True)
        watch.run()


if __name__ == "__main__":
    main()
