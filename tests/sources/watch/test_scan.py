"""What a scan takes of an answer and what it leaves: secrets in every string of an upstream shop are found in nothing that is written or printed."""

from __future__ import annotations

from itertools import cycle

import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from tests.sources.markers import PHONE, STEM, assert_nowhere, contents
from tests.sources.watch.conftest import ENVIRONMENT, upstream_text, write_list
from tests.sources.watch.shop import FAULTS
from tests.sources.watch.test_run import FAST, Run, rows

NOISE = f"{STEM}-7Q4T-ZX9K {STEM}@mail.example {PHONE}0007 https://user:{STEM}@shop.example/?key={STEM}"
KINDS = ("acg", "shared-stock", "acg-v4", "dujiao-next")


def beside(answer):
    """The answer with a note in each of its objects; what is asked for stays."""
    if isinstance(answer, dict):
        return {name: beside(cell) for name, cell in answer.items()} | {"note": NOISE, "secret": NOISE, NOISE: NOISE}
    return [beside(cell) for cell in answer] if isinstance(answer, list) else answer


def instead(answer):
    """The answer with a marker for every text of it."""
    if isinstance(answer, dict):
        return {name: instead(cell) for name, cell in answer.items()}
    return [instead(cell) for cell in answer] if isinstance(answer, list) else NOISE if isinstance(answer, str) else answer


def loud(shop, phase):
    """Makes a shop say more than it is asked: ``phase()`` is how."""
    plain, shop.noise = shop.answer, NOISE
    shop.answer = lambda *asked: {"": plain, "beside": lambda *a: beside(plain(*a)), "instead": lambda *a: instead(plain(*a))}[phase()](*asked)
    return shop


@pytest.fixture
def shops(clock, shop_of):
    """A loud shop a protocol: some minutes with notes beside its answers, some with markers in their place, then fault after fault."""
    found = {}
    # A slow answer is no other one.
    faults = cycle([fault for fault in FAULTS if fault != "slow"])
    for kind in KINDS:
        shop = loud(shop_of({("11", "1"): (5, "10.00")}), lambda: "beside" if clock.seconds < 600 else "instead" if clock.seconds < 1200 else "beside")
        shop.elsewhere = "http://localhost:9"
        shop.fault = lambda: next(faults) if clock.seconds > 1200 else ""
        found[kind] = shop
    return found


def sections(shops):
    return [upstream_text(f"S{number}", kind, shop.url, "11/1=k1", more="send_key = true") for number, (kind, shop) in enumerate(shops.items(), 1)]


ALERTS = 'stock = 20\nfile = "alerts.jsonl"\nstdout = true\nprice_band = 0.05\nbalance_days = 3'


def test_what_upstreams_say_beside_readings_is_found_nowhere(folder, clock, shops, caplog, capfd):
    caplog.set_level("DEBUG")
    write_list(folder, *sections(shops), top=FAST, alerts=ALERTS)
    run = Run(folder, clock)
    run.run_for(3600)
    # It was read what there was to read, and all faults were met.
    assert {row[0] for row in rows(folder, "stock_snapshots", "supplier_id")} == {"S1", "S2", "S3", "S4"}
    assert {row[0] for row in rows(folder, "stock_snapshots", "quantity")} == {5, None}
    assert all(len(shop.asked) > 20 for shop in shops.values())
    assert len(run.told) > 10
    printed = capfd.readouterr()
    told = [("told", line) for line in run.told] + [("alerts", line) for line in run.lines]
    assert_nowhere([*contents(folder), *told, ("log", caplog.text), ("stdout", printed.out), ("stderr", printed.err)])


def test_what_the_command_prints_tells_nothing_of_answers_or_lists(folder, clock, shop_of, caplog, capfd, monkeypatch, tmp_path):
    caplog.set_level("DEBUG")
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    phases = cycle(("beside", "instead"))
    shops = {kind: loud(shop_of({("11", "1"): (5, "10.00")}), lambda: next(phases)) for kind in KINDS}
    texts = []

    def watched(expected):
        done = CliRunner().invoke(app.app, ["watch", "--into", str(folder), "--once", "--lang", "en"])
        texts.append(("command", done.stdout + done.stderr))
        assert done.exit_code == expected, done.stderr

    write_list(folder, *sections(shops), top=FAST, alerts=ALERTS)
    watched(1)
    # Lists that hold what they should not: in an address, in a field, as the name of a variable, and one that is no TOML.
    key = folder / "key"
    key.write_text(f"{STEM}-key-of-the-shop\n", encoding="utf-8")
    key.chmod(0o644)
    url = shops["acg"].url
    for wrong in (
        upstream_text("S1", "acg", url.replace("//", f"//user:{STEM}@")), upstream_text("S1", "acg", f"{url}/?key={STEM}"),
        upstream_text("S1", "acg", url, more=f'app_key = "{STEM}"'), upstream_text("S1", "acg", url).replace("SHOP_APP_KEY", f"{STEM}-7Q4T"),
        upstream_text("S1", "acg", url).replace('app_key_env = "SHOP_APP_KEY"', 'app_key_file = "key"'), f'app_key = "{STEM}',
    ):  # fmt: skip
        write_list(folder, wrong, top=FAST)
        watched(2)
    (folder / "watch.toml").unlink()
    key.unlink()
    printed = capfd.readouterr()
    assert_nowhere([*contents(folder), *texts, ("log", caplog.text), ("stdout", printed.out), ("stderr", printed.err)])
