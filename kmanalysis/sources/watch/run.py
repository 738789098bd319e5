"""The watch itself: looks at each upstream when its turn comes, keeps what it read, tells of what happened, and stops when it is asked to."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event

import httpx

from kmanalysis.errors import DataError
from kmanalysis.sources.watch.alerts import judged
from kmanalysis.sources.watch.clock import Clock
from kmanalysis.sources.watch.facts import Facts, facts_of
from kmanalysis.sources.watch.listed.watchlist import Upstream, Watchlist
from kmanalysis.sources.watch.notices import Notices
from kmanalysis.sources.watch.scan import Scan, problems_by_reason, scan
from kmanalysis.sources.watch.schedule import is_due, next_turn
from kmanalysis.sources.watch.state import load_state, save_state
from kmanalysis.sources.watch.store import OWN_FOLDER, Store
from kmanalysis.words import Words

MOST_AT_ONCE = 8
FACTS_SECONDS = 86_400.0
SHORTEST_SLEEP, LONGEST_SLEEP = 0.05, 60.0
SHORTEST_PUBLISH = 1.0


class Watch:
    """The watch of one folder, which its caller holds (`store.held`).

    ``tell`` takes sentences for the operator, ``write_line`` alerts for stdout. Clock, chance, network and the number of threads are given so that an
    hour can be tested in a second. Raises DataError like `facts_of` and `load_state`.
    """

    def __init__(
        self,
        folder: Path,
        watchlist: Watchlist,
        words: Words,
        clock: Clock,
        stop: Event,
        *,
        tell: Callable[[str], None],
        write_line: Callable[[str], None],
        chance: Callable[[], float] = random.random,
        transport: httpx.BaseTransport | None = None,
        at_once: int = MOST_AT_ONCE,
    ) -> None:
        self._folder, self._list, self.words, self._clock, self._stop = folder, watchlist, words, clock, stop
        self._tell, self._chance, self._transport, self._at_once = tell, chance, transport, at_once
        self._facts: Facts = facts_of(folder, watchlist, clock.now())
        self._facts_at = self._published_at = clock.elapsed()
        self._own = folder / OWN_FOLDER
        self._state = load_state(self._own)
        self._store = Store(folder)
        self._has_more = True
        self._notices = Notices(watchlist.alerts, folder, write_line, transport)
        self._firsts: dict[str, int] = {}
        self._troubles: dict[str, str] = {}

    def once(self) -> bool:
        """Looks at every upstream whose turn it is and publishes; whether all went well."""
        try:
            self._publish()
            has_failed = [found.has_failed or bool(found.problems) for found in self._round(is_early_allowed=True)]
            return self._publish() and not any(has_failed)
        finally:
            self._close()

    def run(self) -> None:
        """Looks at upstreams in their turns until it is stopped; then publishes what it has."""
        try:
            self._publish()
            while not self._stop.is_set():
                self._learn()
                for _ in self._round():
                    pass
                if self._has_more and self._clock.elapsed() - self._published_at >= self._list.publish:
                    self._publish()
                self._deliver()
                if not self._stop.is_set():
                    self._clock.sleep(self._pause())
            self._publish()
        finally:
            self._close()

    def _close(self) -> None:
        self._store.close()
        self._notices.close()

    def _pause(self) -> float:
        """Seconds until there is something to do."""
        now = self._clock.now()
        waits = [(turn.due - now).total_seconds() if (turn := self._state.turns.get(one.key)) else 0.0 for one in self._list.upstreams]
        if self._has_more:
            waits.append(max(self._list.publish, SHORTEST_PUBLISH) - (self._clock.elapsed() - self._published_at))
        return min(max(min(waits), SHORTEST_SLEEP), LONGEST_SLEEP)

    def _round(self, *, is_early_allowed: bool = False) -> Iterator[Scan]:
        """Looks at all upstreams whose turn it is, several at a time, and takes in each as it comes."""
        now = self._clock.now()
        due = [one for one in self._list.upstreams if is_due(one.pace, self._state.turns.get(one.key), now, is_early_allowed=is_early_allowed)]
        for found in self._scanned(due):
            self._take_in(found)
            yield found

    def _scanned(self, due: Sequence[Upstream]) -> Iterator[Scan]:
        if self._at_once == 1 or len(due) <= 1:
            for upstream in due:
                if not self._stop.is_set():
                    yield self._scan(upstream)
            return
        with ThreadPoolExecutor(min(self._at_once, len(due)), thread_name_prefix="watch") as pool:
            for done in as_completed([pool.submit(self._scan, upstream) for upstream in due]):
                yield done.result()

    def _scan(self, upstream: Upstream) -> Scan:
        return scan(upstream, self._clock, first=self._firsts.get(upstream.key, 0), is_stopped=self._stop.is_set, transport=self._transport)

    def _take_in(self, found: Scan) -> None:
        """Keeps a scan: first its rows, then what follows from them, then the alerts' way out."""
        upstream = found.upstream
        if found.is_up is None:
            return
        self._store.append(found.rows, found.began)
        self._has_more = True
        missed = len(upstream.items) - len(found.stocks)
        if missed > 0:
            self._firsts[upstream.key] = self._firsts.get(upstream.key, 0) + len(found.stocks)
        turn = next_turn(
            upstream.pace,
            self._state.turns.get(upstream.key),
            found.began,
            has_failed=found.has_failed,
            retry_after=found.retry_after,
            chance=self._chance(),
        )
        self._state.turns[upstream.key] = turn
        dropped = self._notices.put(judged(found, self._state, self._list.alerts, self._facts, self.words), self._state)
        if dropped:
            self._tell(self.words.text("{count} alerts were dropped: no receiver accepted them.", count=dropped))
        save_state(self._state, self._own)
        self._tell_problems(found, missed)
        self._deliver()

    def _deliver(self) -> None:
        if self._state.outbox:
            refused = self._notices.deliver(self._state)
            save_state(self._state, self._own)
            self._tell_once(
                "alerts", self.words.text("Alerts not delivered yet: {receivers}. Trying again later.", receivers=", ".join(refused)) if refused else ""
            )

    def _publish(self) -> bool:
        """Merges what waits into the tables; what prevents it is told, and the readings wait."""
        self._published_at = self._clock.elapsed()
        try:
            is_done = self._store.publish(self._clock.now())
        except DataError as problem:
            self._tell_once("publish", self.words.error(problem))
            return False
        self._has_more = not is_done
        self._tell_once("publish", "" if is_done else self.words.text("A load is using the folder. Readings wait until it is done."))
        return is_done

    def _learn(self) -> None:
        """Looks again at what the folder knows, once a day."""
        if self._clock.elapsed() - self._facts_at < FACTS_SECONDS:
            return
        self._facts_at = self._clock.elapsed()
        try:
            self._facts = facts_of(self._folder, self._list, self._clock.now())
        except DataError as problem:
            self._tell_once("facts", self.words.error(problem))
        else:
            self._tell_once("facts", "")

    def _tell_problems(self, found: Scan, missed: int) -> None:
        parts = []
        for (reason, status), skus in problems_by_reason(found).items():
            about = self.words.join([sku for sku in skus if sku][:3])
            more = self.words.text("and {count} more items", count=len(skus) - 3) if len(skus) > 3 else ""
            told = self.words.name(f"watch.{reason}") + (f" ({status})" if status is not None else "")
            parts.append(self.words.entry(told, self.words.sentences(about, more)) if about else told)
        if missed > 0:
            parts.append(self.words.text("{count} items not checked in time", count=missed))
        self._tell_once(
            found.upstream.key, self.words.entry(f"{found.upstream.supplier_id} ({found.upstream.protocol})", self.words.join(parts, "; ")) if parts else ""
        )

    def _tell_once(self, about: str, sentence: str) -> None:
        """Tells of a trouble when it begins or changes, and not again while it stays the same."""
        if sentence and self._troubles.get(about) != sentence:
            self._tell(sentence)
        self._troubles[about] = sentence
