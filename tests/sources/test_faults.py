"""A pull that is killed at any moment, or whose disk is full: the folder is the one before or the one after, and the next pull makes good."""

import gc
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import contextmanager

import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.store import TEMPORARY, locked
from tests.sources import servers
from tests.sources.shops import Dujiaoka
from tests.sources.test_dujiao_next import PAID, DujiaoNext
from tests.sources.test_dujiaoka import filled
from tests.sources.test_pull import state

KILLS = 30
SERVER_KILLS = 4


def put_back(kept, into):
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(kept, into)


def killed_after(seconds, pull):
    """Runs a pull in a fork of this process, which has imported everything, and kills it; whether it was killed in the middle."""
    child = os.fork()
    if child == 0:
        # As in tests/faults: garbage of the parent's threads is not the fork's to free.
        gc.freeze()
        try:
            pull()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def check_kills(shop, change, kills, tmp_path, seed):
    """Kills pulls at random points; after each the folder is as before or as after, and the next pull ends where one in one go does."""
    shop.pull()
    before, kept = state(shop.into), tmp_path / "kept"
    shutil.copytree(shop.into, kept)
    change()
    began = time.monotonic()
    shop.pull()
    taken, after = time.monotonic() - began, state(shop.into)
    assert after != before
    points, killed = random.Random(seed), 0
    for _ in range(kills):
        put_back(kept, shop.into)
        killed += killed_after(points.uniform(0, taken), shop.pull)
        assert state(shop.into) in (before, after)
        shop.pull()
        assert state(shop.into) == after
    assert killed > kills // 3


def shop_of_sqlite(tmp_path):
    """Orders enough that reading them takes a while."""
    shop = DujiaoNext(servers.SQLite(tmp_path), tmp_path)
    with sqlite3.connect(tmp_path / shop.database) as connection:
        connection.executescript(f"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
            INSERT INTO orders (id, order_no, status, currency, total_amount, guest_email, paid_at, created_at, updated_at)
                SELECT i, 'DJ' || i, 'delivered', 'CNY', 10, 'a' || i || '@mail.example', '{PAID}', '{PAID}', '{PAID}' FROM n;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
            INSERT INTO order_items (id, order_id, product_id, sku_id, title_json, quantity, total_price, fulfillment_type, created_at, updated_at)
                SELECT i, i, 1, 1, '{{}}', 1, 10, 'auto', '{PAID}', '{PAID}' FROM n;
        """)
    return shop


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_killed_at_thirty_random_points_the_folder_is_that_of_one_go(tmp_path):
    shop = shop_of_sqlite(tmp_path)

    def change():
        shop.run("UPDATE orders SET status = 'refunded', updated_at = '2026-10-11 12:00:00+08:00' WHERE id % 100 = 0")
        shop.numbers["orders"] = shop.numbers["order_items"] = 2000
        shop.order()

    check_kills(shop, change, KILLS, tmp_path, seed=12)


@pytest.mark.skipif(not servers.HAS_MARIADB, reason="mariadbd or PyMySQL is not installed")
def test_killed_while_a_server_answers(mariadb, tmp_path):
    shop = Dujiaoka(mariadb, tmp_path)
    filled(shop, orders=40)

    def change():
        shop.run("UPDATE orders SET status = 5, updated_at = '2026-11-20 12:00:00' WHERE status = 2")
        shop.order(at="2026-11-20 13:00:00", info="NEW")
        shop.card("NEW", sold="2026-11-20 13:00:00")

    check_kills(shop, change, SERVER_KILLS, tmp_path, seed=13)


@contextmanager
def small_disk(place, kilobytes):
    """A file system in memory of that size. Skips where nothing can be mounted."""
    place.mkdir()
    if os.getuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_leaves_the_folder_as_it_was(tmp_path):
    shop = shop_of_sqlite(tmp_path)
    shop.into = tmp_path / "disk" / "folder"
    with small_disk(tmp_path / "disk", kilobytes=2000):
        shop.pull()
        before = state(shop.into)
        shop.run("UPDATE orders SET status = 'refunded', updated_at = '2026-10-11 12:00:00+08:00' WHERE id % 100 = 0")
        filling, size = tmp_path / "disk" / "filling", shutil.disk_usage(tmp_path / "disk").free
        for left in (0, 20_000, 60_000):
            filling.write_bytes(b"-" * (size - left))
            with pytest.raises(DataError, match=r"is full.*half written.*Free some space") as told:
                shop.pull()
            assert str(shop.into) in str(told.value)
            assert not list(shop.into.rglob(f"*{TEMPORARY}"))
            filling.unlink()
            assert state(shop.into) == before
        shop.pull()
        assert state(shop.into) != before
        # One that was killed left what fills the disk: it is cleared away before anything is written.
        (shop.into / f"orders.parquet{TEMPORARY}").write_bytes(b"-" * (shutil.disk_usage(tmp_path / "disk").free // 4096 * 4096))
        with locked(shop.into):
            pass
        assert not list(shop.into.rglob(f"*{TEMPORARY}"))
