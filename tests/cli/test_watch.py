"""`kmanalysis watch` as it is called: once, for long, stopped, twice at a time, and with a list that is of no use."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.folder import attach
from kmanalysis.sources.watch.clock import MachineClock
from kmanalysis.sources.watch.store import held
from tests.sources.watch.conftest import ENVIRONMENT, upstream_text, write_list
from tests.sources.watch.shop import APP_KEY, Shop

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shop():
    from threading import Event

    made = Shop(MachineClock(Event()))
    made.goods = {("11", "1"): (5, "10.00")}
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path, shop, monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    made = tmp_path / "data"
    made.mkdir()
    (made / "suppliers.csv").write_text("supplier_id,name\nS1,Shop\n", encoding="utf-8")
    (made / "products.csv").write_text("sku,name\nk1,Card\n", encoding="utf-8")
    write_list(made, upstream_text("S1", "acg", shop.url, "11/1=k1"), alerts="stdout = true\nstock = 20")
    return made


def run(*arguments):
    return CliRunner().invoke(app.app, ["watch", *map(str, arguments), "--lang", "en"])


def readings(folder):
    engine = connect()
    attach(engine, folder)
    return engine.execute("SELECT quantity, scan_ok FROM stock_snapshots ORDER BY observed_at").fetchall()


def test_once(folder, shop):
    done = run("--into", folder, "--once")
    assert done.exit_code == 0, done.stderr
    assert readings(folder) == [(5, True)]
    assert json.loads(done.stdout)["kind"] == "stock"
    assert shop.wrong == []


def test_once_with_a_failure_ends_with_1_and_says_why(folder, shop):
    shop.fault = lambda: "500"
    done = run("--into", folder, "--once")
    assert done.exit_code == 1
    assert "server error (500)" in done.stderr
    assert readings(folder) == [(None, False)]
    assert APP_KEY not in done.output


def test_a_list_elsewhere(folder, tmp_path):
    (folder / "watch.toml").rename(tmp_path / "mine.toml")
    done = run("--into", folder, "--once")
    assert (done.exit_code, "watch.toml" in done.stderr) == (2, True)
    assert run("--into", folder, "--list", tmp_path / "mine.toml", "--once").exit_code == 0


def test_two_at_once(folder):
    with held(folder, datetime(2026, 11, 5)):
        done = run("--into", folder, "--once")
    assert done.exit_code == 2
    assert f"process {os.getpid()}" in done.stderr


def test_no_such_folder(tmp_path, folder):
    done = run("--into", tmp_path / "none", "--list", folder / "watch.toml", "--once")
    assert done.exit_code == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_everything_kept(folder, shop, number):
    command = [sys.executable, "-m", "kmanalysis", "watch", "--into", str(folder), "--lang", "en"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    ends = time.monotonic() + 60
    while len(shop.asked) < 3 and time.monotonic() < ends:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(number)
    told, problems = process.communicate(timeout=30)
    assert process.returncode == 0, problems
    assert readings(folder) == [(5, True)]
    assert [json.loads(line)["kind"] for line in told.splitlines()] == ["stock"]
    assert "Traceback" not in problems
