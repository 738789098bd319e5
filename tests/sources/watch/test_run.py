"""The watch over time: an hour with every fault, restarts, and what may be nowhere."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from threading import Event

import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.files import durable
from kmanalysis.loaders import store as loads
from kmanalysis.loaders.folder import attach, table_files, trusted_heads
from kmanalysis.loaders.load import check
from kmanalysis.sources.watch import notices, state
from kmanalysis.sources.watch.listed.watchlist import load_watchlist
from kmanalysis.sources.watch.run import Watch
from kmanalysis.sources.watch.store import held
from kmanalysis.tables import tables
from kmanalysis.words import Words
from tests.sources.watch.conftest import ENVIRONMENT, upstream_text, write_list
from tests.sources.watch.shop import APP_ID, APP_KEY, BEGIN, FAULTS, MovedClock, Shop

ROOT = Path(__file__).parents[3]
FAST = "pace = 60\ntimeout = 1\nmost_bytes = 100000\njitter = 0.2\nbackoff = 1.5\nbackoff_most = 90\npublish = 300\n"


class Run:
    """A watch on moved time, what it told, and the alerts on its stdout."""

    def __init__(self, folder: Path, clock: MovedClock) -> None:
        self.folder, self.clock, self.stop = folder, clock, Event()
        self.told: list[str] = []
        self.lines: list[str] = []

    def watch(self, seed: int = 1) -> Watch:
        self.stop.clear()
        return Watch(
            self.folder, load_watchlist(self.folder / "watch.toml", ENVIRONMENT), Words("en"), self.clock, self.stop,
            tell=self.told.append, write_line=self.lines.append, chance=random.Random(seed).random, at_once=1,
        )  # fmt: skip

    def run_for(self, seconds: float, seed: int = 1) -> None:
        ends = self.clock.seconds + seconds

        def stop_in_time() -> None:
            if self.clock.seconds >= ends:
                self.stop.set()

        self.clock.on_sleep = stop_in_time
        with held(self.folder, self.clock.now()):
            self.watch(seed).run()

    @property
    def events(self) -> list[tuple[str, str, str, str]]:
        return [(event["kind"], event["state"], event["supplier_id"], event["sku"]) for event in map(json.loads, self.lines)]


def rows(folder: Path, table: str, columns: str) -> list[tuple]:
    engine = connect()
    attach(engine, folder)
    return engine.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()


def minute(clock: MovedClock) -> int:
    return int(clock.seconds // 60)


def planted(clock: MovedClock, number: int) -> str:
    """What is wrong with the shop of that number at this moment: every fault for some minutes, and some minutes between them."""
    place, rest = divmod(minute(clock) - 3 - 2 * number, 5)
    fault = FAULTS[place] if 0 <= place < len(FAULTS) else ""
    return fault if rest < (2 if fault == "slow" else 3) else ""


def test_an_hour_with_every_fault_is_recorded_as_it_was_served(folder, clock, shop_of):
    """Five upstreams, each with every fault for three minutes, in an order of its own; stock and price move from minute to minute."""
    elsewhere = shop_of()
    kinds = {"S1": "acg", "S2": "shared-stock", "S3": "acg-v4", "S4": "dujiao-next", "S5": "probe"}
    shops: dict[str, Shop] = {}
    for number, supplier in enumerate(kinds):
        shop = shops[supplier] = shop_of()
        shop.elsewhere = elsewhere.url.replace("127.0.0.1", "localhost")

        shop.fault = lambda number=number: planted(clock, number)

    def stock_now(supplier: str, variant: str) -> int:
        return 1000 * int(supplier[1]) + 10 * minute(clock) + int(variant)

    def refresh() -> None:
        for supplier, shop in shops.items():
            shop.goods = {("11", one): (stock_now(supplier, one), f"{9 + minute(clock) / 100:.2f}") for one in ("1", "2")}

    refresh()
    write_list(
        folder,
        *(upstream_text(supplier, kind, shops[supplier].url, "11/1=k1 11/2=k2" if kind != "probe" else "") for supplier, kind in kinds.items()),
        top=FAST,
    )
    run = Run(folder, clock)
    ends = clock.seconds + 3600

    def on_sleep() -> None:
        refresh()
        if clock.seconds >= ends:
            run.stop.set()

    clock.on_sleep = on_sleep
    with held(folder, clock.now()):
        run.watch().run()

    assert [shop.wrong for shop in shops.values()] == [[]] * 5
    assert elsewhere.asked == []
    failed, answered = {"slow", "500", "moved"}, {"broken", "short", "long", "huge", "refused", "429", "list", "nan"}
    stocks, quotes, probes, seen = [], [], [], set()
    for supplier, shop in shops.items():
        clock_then = MovedClock()
        for at in shop.times:
            clock_then.seconds = (at - BEGIN).total_seconds()
            fault = planted(clock_then, int(supplier[1]) - 1)
            seen.add((supplier, fault))
            probes.append((supplier, at, fault not in failed))
            if supplier == "S5":
                continue
            for one in ("1", "2"):
                quantity = None if fault else 1000 * int(supplier[1]) + 10 * minute(clock_then) + int(one)
                stocks.append((supplier, f"k{one}", at, quantity, not fault))
                if not fault:
                    quotes.append((supplier, f"k{one}", at, Decimal(f"{9 + minute(clock_then) / 100:.4f}")))
    assert {fault for _, fault in seen} == {"", *FAULTS}
    assert {fault for supplier, fault in seen if supplier == "S1"} >= {*failed, *answered}
    assert rows(folder, "stock_snapshots", "supplier_id, sku, observed_at, quantity, scan_ok") == sorted(stocks, key=lambda row: row[:3])
    assert rows(folder, "quotes", "supplier_id, sku, quoted_at, unit_price") == sorted(quotes)
    assert rows(folder, "probes", "supplier_id, probed_at, is_up") == sorted(probes)
    assert {row[0] for row in rows(folder, "stock_snapshots", "source_synced_at") if row[0]} == {datetime(2026, 11, 5, 3, 30)}
    # No scan comes sooner than the pace, and none later than the longest back-off with all its jitter.
    for shop in shops.values():
        waits = [(after - before).total_seconds() for before, after in zip(shop.times, shop.times[1:], strict=False)]
        assert min(waits) >= 60
        assert max(waits) <= 240 + 1
        assert len(waits) > 25
    assert not len(check(folder).rejects)
    for name in ("quotes", "stock_snapshots", "probes"):
        assert trusted_heads(tables()[name], table_files(folder)[name]) is not None
    assert not any(APP_KEY in line for line in run.told)


def test_alerts_fire_once_and_clear_once_over_a_restart(folder, clock, shop_of):
    shop = shop_of({("11", "1"): (50, "10.00")})
    write_list(
        folder,
        upstream_text("S1", "acg-v4", shop.url, "11/1=k1", more='daily_spend = "100"\nbackoff = 1'),
        top=FAST,
        alerts="stock = 20\nstdout = true\nprice_band = 0.05\nbalance_days = 3\ndown_after = 2",
    )
    run = Run(folder, clock)
    run.run_for(180)
    assert run.events == []
    shop.goods = {("11", "1"): (5, "10.00")}
    run.run_for(180)
    assert run.events == [("stock", "fired", "S1", "k1")]
    run.run_for(180)  # a restart: it still stands and is not told again
    assert len(run.events) == 1
    shop.goods = {("11", "1"): (20, "10.00")}
    shop.balance = "250.00"
    run.run_for(180)
    assert run.events[1:] == [("stock", "cleared", "S1", "k1"), ("balance", "fired", "S1", "")]
    shop.fault = lambda: "500"
    run.run_for(300)
    assert run.events[3:] == [("down", "fired", "S1", "")]
    shop.fault = lambda: ""
    shop.balance = "1000.00"
    run.run_for(180)
    assert run.events[4:] == [("down", "cleared", "S1", ""), ("balance", "cleared", "S1", "")]
    shop.goods = {("11", "1"): (20, "21.00")}
    run.run_for(70)
    assert run.events[6:8] == [("price", "fired", "S1", "k1"), ("cost", "fired", "S1", "k1")]
    run.run_for(180)
    assert run.events[8:] == [("price", "cleared", "S1", "k1")]
    shop.goods = {("11", "1"): (20, "0")}
    run.run_for(180)
    assert len(run.events) == 9  # the cost stood already
    shop.goods = {("11", "1"): (20, "19.99")}
    run.run_for(180)
    assert sorted(run.events[9:]) == [("cost", "cleared", "S1", "k1")]
    assert all("k1" in json.loads(line)["text"] or "S1" in json.loads(line)["text"] for line in run.lines)


class Killed(BaseException):
    """Ends everything at once, as a kill does."""


def killed_at(last_step: int, monkeypatch: pytest.MonkeyPatch, run: Run) -> bool:
    """Looks once, and is killed before the given one of the steps that change the disk; whether it was, or there are not that many."""
    done = iter(range(1, last_step))

    def before(act):
        def step(*given, **named):
            if next(done, None) is None:
                raise Killed
            return act(*given, **named)

        return step

    with monkeypatch.context() as patched:
        for module in (durable, loads):
            patched.setattr(module, "move_into_place", before(durable.move_into_place))
        for module in (state, loads):
            patched.setattr(module, "write_atomically", before(durable.write_atomically))
        patched.setattr(loads, "write_table", before(loads.write_table))
        patched.setattr(notices, "sync", before(durable.sync))
        try:
            run.watch().once()
        except Killed:
            return True
    return False


def test_wherever_a_watch_is_killed_alerts_are_told_once(folder, clock, shop_of, monkeypatch):
    """Stock, price, cost and balance fire in one look and clear in another; killed at every fourth step, and started again."""
    shop = shop_of({("11", "1"): (50, "10.00")})
    write_list(
        folder,
        upstream_text("S1", "acg-v4", shop.url, "11/1=k1", more='daily_spend = "100"'),
        top="pace = 60\njitter = 0\n",
        alerts='stock = 20\nfile = "alerts.jsonl"\nprice_band = 0.05\nbalance_days = 3',
    )
    moments = {
        "fired": ({("11", "1"): (5, "21.00")}, "250.00", ["balance", "cost", "price", "stock"]),
        "cleared": ({("11", "1"): (50, "20.50")}, "1000.00", ["balance", "price", "stock"]),
    }
    for begins, (goods, balance, kinds) in moments.items():
        shop.goods, shop.balance = {("11", "1"): (50, "10.00")} if begins == "fired" else moments["fired"][0], "1000.00" if begins == "fired" else "250.00"
        clock.seconds += 600
        assert Run(folder, clock).watch().once()
        clock.seconds += 60
        shop.goods, shop.balance = goods, balance
        at, steps = clock.seconds, 0
        for last_step in range(1 if begins == "fired" else 3, 60, 4):
            copy, clock.seconds = folder.with_name(f"{begins}-{last_step}"), at
            shutil.copytree(folder, copy)
            was_killed = killed_at(last_step, monkeypatch, Run(copy, clock))
            clock.seconds += 60
            assert Run(copy, clock).watch().once()
            told = [json.loads(line) for line in (copy / "alerts.jsonl").read_text(encoding="utf-8").splitlines()]
            assert sorted(event["kind"] for event in told if event["state"] == begins) == kinds, last_step
            assert len({event["id"] for event in told}) == len(told)
            shutil.rmtree(copy)
            steps = last_step
            if not was_killed:
                break
        assert 8 < steps < 59
        Run(folder, clock).watch().once()


def test_failed_readings_neither_fire_nor_clear(folder, clock, shop_of):
    shop = shop_of({("11", "1"): (5, "10.00")})
    write_list(folder, upstream_text("S1", "acg-v4", shop.url, "11/1=k1", more="backoff = 1"), top=FAST, alerts="stock = 20\nstdout = true")
    run = Run(folder, clock)
    run.run_for(70)
    shop.fault = lambda: "broken"
    run.run_for(180)
    shop.fault = lambda: ""
    shop.goods = {("11", "1"): (999, "10.00")}  # a placeholder tells no stock
    run.run_for(180)
    assert run.events == [("stock", "fired", "S1", "k1")]
    assert (None, False, False) in rows(folder, "stock_snapshots", "quantity, scan_ok, is_placeholder")
    assert (999, True, True) in rows(folder, "stock_snapshots", "quantity, scan_ok, is_placeholder")


def test_once_keeps_the_pace(folder, clock, shop_of):
    shop = shop_of({("11", "1"): (5, "10.00")})
    write_list(folder, upstream_text("S1", "acg-v4", shop.url, "11/1=k1"), top=FAST.replace("publish = 300", "publish = 86400"))
    run = Run(folder, clock)
    assert run.watch().once()
    assert len(shop.times) == 1
    assert len(rows(folder, "stock_snapshots", "sku")) == 1
    clock.seconds += 20
    assert run.watch().once()
    assert len(shop.times) == 1
    clock.seconds += 40
    assert run.watch().once()
    assert len(shop.times) == 2
    shop.fault = lambda: "500"
    clock.seconds += 80
    assert not run.watch().once()


def test_what_was_not_looked_at_is_not_recorded(folder, clock, shop_of):
    """A scan that is stopped, or takes too long, records what it reached; the next begins with the rest."""
    shop = shop_of({(f"{number}", "1"): (number, "1.00") for number in range(1, 5)})
    write_list(folder, upstream_text("S1", "acg", shop.url, "1/1=k1 2/1=k2 3/1=k3 4/1=k4", more="balance = false\nprice_from = 'none'\ntimeout = 20"), top=FAST)
    run = Run(folder, clock)
    shop.fault = lambda: setattr(clock, "seconds", clock.seconds + 12) or ""  # each call takes twelve seconds: three fit into half of the pace
    run.watch().once()
    assert [row[0] for row in rows(folder, "stock_snapshots", "sku")] == ["k1", "k2", "k3"]
    assert any("not checked" in told for told in run.told)


def test_a_redirect_on_the_same_host_is_followed_for_what_is_only_read(folder, clock, shop_of):
    shop = shop_of({("11", "1"): (5, "10.00")})
    shop.elsewhere = shop.url
    answers = iter(["moved", "", "moved", "", ""])
    shop.fault = lambda: next(answers, "")
    write_list(folder, upstream_text("S1", "dujiao-next", shop.url, "11/1=k1"), top=FAST)
    assert Run(folder, clock).watch().once()
    assert rows(folder, "stock_snapshots", "quantity") == [(5,)]


@pytest.mark.parametrize("protocol", ["acg", "shared-stock", "acg-v4", "dujiao-next"])
def test_every_source_of_a_protocol_reads_the_same(folder, clock, shop_of, protocol):
    from kmanalysis.sources.watch.protocols.defaults import DEFAULTS

    for stock_from, price_from in zip(cycle(DEFAULTS[protocol].stock_sources), DEFAULTS[protocol].price_sources, strict=False):
        shop = shop_of({("11", "1"): (7, "10.50"), ("12", "2"): (8, "11.50")})
        more = f'stock_from = "{stock_from}"\nprice_from = "{price_from}"\nsend_key = {"true" if protocol == "acg" else "false"}'
        write_list(folder, upstream_text("S1", protocol, shop.url, "11/1=k1 12/2=k2", more=more), top=FAST)
        clock.seconds += 600
        assert Run(folder, clock).watch().once(), (stock_from, price_from)
        assert shop.wrong == []
        at = clock.now()
        assert rows(folder, f"(FROM stock_snapshots WHERE observed_at = '{at}')", "sku, quantity") == [("k1", 7), ("k2", 8)]
        wanted = [] if price_from == "none" else [("k1", Decimal("10.5")), ("k2", Decimal("11.5"))]
        assert rows(folder, f"(FROM quotes WHERE quoted_at = '{at}')", "sku, unit_price") == wanted
        assert not any(word in path for _, _, path, _ in shop.asked for word in ("trade", "order"))


def test_a_killed_watch_loses_nothing_that_it_kept_and_repeats_nothing(folder, shop_of, tmp_path):
    """Each reading has a number of its own; the process says which numbers are safe, is killed at some moment, and is started again."""
    shop = shop_of()
    numbers = iter(range(10**6))
    shop.fault = lambda: setattr(shop, "goods", {("11", "1"): (next(numbers), "10.00")}) or ""
    write_list(folder, upstream_text("S1", "acg-v4", shop.url, "11/1=k1", more="balance = false"), top="pace = 10\njitter = 0\npublish = 0\n")
    kept = []
    chance = random.Random(7)
    for start in range(5):
        command = [sys.executable, "-m", "tests.sources.watch.run_watch", str(folder), str(start)]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        kept += [int(process.stdout.readline()) for _ in range(chance.randint(1, 5))]
        time.sleep(chance.uniform(0, 0.4))
        process.kill()
        kept += [int(line) for line in process.stdout.read().split("\n")[:-1]]
        problems = process.stderr.read() if process.stderr else ""
        assert process.wait() == -signal.SIGKILL, problems
    clock = MovedClock(datetime(2026, 11, 20))
    Run(folder, clock).watch().once()
    found = [row[0] for row in rows(folder, "stock_snapshots", "quantity")]
    assert len(found) == len(set(found))
    assert set(kept) <= set(found)
    assert list((folder / ".kmanalysis-watch" / "parts").iterdir()) == []
    assert len(table_files(folder)["stock_snapshots"]) == 1


def test_secrets_are_nowhere(folder, clock, shop_of, caplog, capfd):
    caplog.set_level("DEBUG")
    hook = shop_of()
    hook.answer = lambda *_: {"errcode": 0}
    shop = shop_of({("11", "1"): (5, "10.00")})
    faults = cycle(FAULTS)
    shop.fault = lambda: next(faults) if clock.seconds > 300 else ""
    shop.elsewhere = "http://localhost:9"
    address = f"{hook.url}/hook/T0pS3cretT0ken"
    (folder / "hook.txt").write_text(address, encoding="utf-8")
    (folder / "hook.txt").chmod(0o600)
    write_list(
        folder,
        *(upstream_text(f"S{number}", kind, shop.url, "11/1=k1", more="send_key = true") for number, kind in enumerate(("acg", "acg-v4", "dujiao-next"), 1)),
        top=FAST,
        alerts='stock = 20\nfile = "alerts.jsonl"\nstdout = true\n[[alerts.webhook]]\nform = "json"\nurl_file = "hook.txt"',
    )
    run = Run(folder, clock)
    run.run_for(3600)
    (folder / "hook.txt").unlink()
    assert hook.asked
    places = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    printed = capfd.readouterr()
    places |= {"log": caplog.text.encode(), "told": "\n".join(run.told).encode(), "stdout": "\n".join(run.lines).encode()}
    places |= {"out": printed.out.encode(), "err": printed.err.encode()}
    for secret in (APP_KEY, APP_ID, "T0pS3cretT0ken"):
        assert [place for place, content in places.items() if secret.encode() in content] == []


def test_several_at_once_do_not_wait_for_a_slow_one(folder, shop_of):
    """On the machine's own clock: four shops that take a second each are done in less than the sum."""
    from kmanalysis.sources.watch.clock import MachineClock

    stop = Event()
    clock = MachineClock(stop)
    sections = []
    for number in range(1, 5):
        shop = shop_of({("11", "1"): (number, "10.00")})
        shop.fault = lambda: time.sleep(1.0) or ""
        shop.clock = clock
        sections.append(upstream_text(f"S{number}", "acg-v4", shop.url, "11/1=k1", more="balance = false"))
    write_list(folder, *sections)
    told: list[str] = []
    watch = Watch(folder, load_watchlist(folder / "watch.toml", ENVIRONMENT), Words("en"), clock, stop, tell=told.append, write_line=told.append)
    began = time.monotonic()
    assert watch.once(), told
    assert time.monotonic() - began < 3.5
    assert [row[0] for row in rows(folder, "stock_snapshots", "quantity")] == [1, 2, 3, 4]


def test_a_stop_in_a_scan_keeps_what_was_read(folder, clock, shop_of):
    shop = shop_of({("1", "1"): (1, "1.00"), ("2", "1"): (2, "1.00")})
    run = Run(folder, clock)
    write_list(folder, upstream_text("S1", "acg", shop.url, "1/1=k1 2/1=k2", more="balance = false\nprice_from = 'none'"), top=FAST)
    shop.fault = lambda: run.stop.set() or ""
    with held(folder, clock.now()):
        run.watch().run()
    assert rows(folder, "stock_snapshots", "sku, quantity") == [("k1", 1)]
    assert clock.now() - BEGIN < timedelta(minutes=1)
