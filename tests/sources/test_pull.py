"""What holds for every pull: nothing written to the source, no secret anywhere, whole or not at all, one at a time."""

import csv
import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from kmanalysis.errors import DataError, LockHeld, UsageError
from kmanalysis.loaders.store import TEMPORARY, locked
from kmanalysis.sources.address import VARIABLE, parse_address
from kmanalysis.sources.databases.opening import opened
from kmanalysis.sources.databases.reading import Denied
from kmanalysis.sources.pull import pull
from tests.sources import servers
from tests.sources.shops import MARKER, Dujiaoka
from tests.sources.test_dujiaoka import filled

pytestmark = pytest.mark.skipif(not servers.HAS_MARIADB, reason="mariadbd or PyMySQL is not installed")
ROOT = Path(__file__).parents[2]
TABLES = ("goods_group", "goods", "carmis", "orders")

KILLED = """
import os, sys
from kmanalysis.files import durable
from kmanalysis.cli.app import main
left, move = int(sys.argv.pop()), durable.os.replace
def moved(*places):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
    move(*places)
durable.os.replace = moved
main()
"""


@pytest.fixture
def shop(mariadb, tmp_path):
    return Dujiaoka(mariadb, tmp_path)


@pytest.fixture
def command(shop, monkeypatch):
    """Runs `kmanalysis pull` on the shop, its address in the environment: ``command("--plan")``."""
    monkeypatch.setenv(VARIABLE, shop.address)

    def command(*options, name="dujiaoka"):
        return CliRunner().invoke(app.app, ["pull", name, "--into", str(shop.into), "--lang", "en", *options])

    return command


def texts_of(folder):
    """All that a folder's files say, Parquet unpacked."""
    said = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            said.append(str(duckdb.sql(f"FROM '{path}'").fetchall()))
        if path.is_file() and path.name != ".kmanalysis-key":
            said.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(said)


def test_the_source_is_only_read(shop):
    filled(shop, orders=30)
    before = shop.ask(f"CHECKSUM TABLE {', '.join(TABLES)}")
    privileges = [grant for (grant,) in shop.ask("SHOW GRANTS FOR 'reader'@'localhost'") if shop.database in grant]
    assert len(privileges) == 4
    assert all(grant.startswith("GRANT SELECT ON") for grant in privileges)
    shop.pull()
    shop.pull()
    assert shop.ask(f"CHECKSUM TABLE {', '.join(TABLES)}") == before


def test_nothing_can_be_written_even_by_an_account_that_might(shop):
    address = parse_address(f"mysql://root@localhost/{shop.database}?unix_socket={shop.server.socket}")
    with opened(address) as database, pytest.raises(DataError, match="1792"):
        next(database.rows("DELETE FROM orders"))


def test_secrets_are_found_nowhere(shop, command):
    codes = [f"{MARKER}-CODE-{number}" for number in range(4)]
    for code in codes[:3]:
        shop.card(code, sold="2026-10-10 12:00:01")
    shop.card(codes[3])
    shop.order(info="\n".join(codes[:2]), buy_amount=2, changed="2026-10-10 12:00:01")
    shop.order(type=2)
    shop.order(6)
    shop.order(status=4, buy_amount=0, info=codes[2], order_sn="SN-rejected")
    for options in ((), ("--plan",)):
        done = command(*options)
        assert MARKER not in done.stdout + done.stderr
        assert servers.PASSWORD not in done.stdout + done.stderr
    assert (shop.into / "rejected" / "orders-dujiaoka.csv").is_file()
    found = texts_of(shop.into)
    assert "SN0001" in found
    assert "Goods 1" in found
    for secret in (MARKER, servers.PASSWORD, "reader", "@mail.example"):
        assert secret not in found


def test_errors_tell_nothing_of_the_address(shop, command, monkeypatch, tmp_path):
    for wrong in (shop.address.replace(servers.PASSWORD, "wrong-secret"), shop.address.replace(str(shop.server.socket), f"{tmp_path}/none"),
                  shop.address.replace(shop.database, "other-base"), f"{shop.address}&ssl_ca={tmp_path}/none.pem"):  # fmt: skip
        monkeypatch.setenv(VARIABLE, wrong)
        done = command()
        assert done.exit_code == 1
        said = done.stdout + done.stderr
        for part in ("wrong-secret", "reader", "localhost", servers.PASSWORD, str(tmp_path), "other-base"):
            assert part not in said
    monkeypatch.setenv(VARIABLE, "mysql:/reader:secret-word@host")
    done = command()
    assert (done.exit_code, "secret-word" in done.stderr) == (2, False)


def test_an_account_that_may_not_read_is_told_what_it_needs(mariadb, shop, command, monkeypatch):
    with mariadb.admin() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE USER 'bare'@'localhost' IDENTIFIED BY 'x'")
    monkeypatch.setenv(VARIABLE, shop.address.replace(f"reader:{servers.PASSWORD}", "bare:x"))
    done = command()
    assert done.exit_code == 1
    assert "GRANT SELECT ON `DATABASE`.`carmis` TO 'READER'@'HOST';" in done.stderr
    with mariadb.admin() as connection, connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT ON {shop.database}.orders TO 'bare'@'localhost'")
    done = command()
    assert done.exit_code == 1
    assert "carmis" in done.stderr
    assert "GRANT SELECT ON `DATABASE`.`goods`" in done.stderr
    with pytest.raises(Denied):
        pull("dujiaoka", parse_address(shop.address.replace(servers.PASSWORD, "x")), shop.into)


def test_the_plan_says_what_will_be_filled_and_reads_no_row(shop, command):
    shop.order()
    done = command("--plan")
    assert done.exit_code == 0
    assert not shop.into.exists()
    filled_part, empty_part = done.stdout.split("Measures without data")
    assert "orders: " in filled_part
    assert "Delivered in time" in filled_part
    assert "Sold-after-stock-out rate" in filled_part
    assert "tickets" in empty_part
    assert done.stdout.count("GRANT SELECT") == 4
    assert "purchases" in done.stdout.split("Tables that cannot be filled")[1].splitlines()[0]


def scored(shop, month):
    """The verdicts of a month by supplier and measure, as the command prints them."""
    done = CliRunner().invoke(app.app, ["score", "--data", str(shop.into), "--month", month, "--format", "csv", "--lang", "en"])
    assert done.exit_code == 0, done.stderr
    return {(row["supplier_id"], row["measure"]): row["verdict"] for row in csv.DictReader(io.StringIO(done.stdout))}


def test_what_was_pulled_alone_can_be_scored(shop, command):
    filled(shop, orders=80)
    shop.card("STOCK")
    shop.order(at="2026-11-05 12:00:00", changed="2026-11-05 12:00:02")
    assert command().exit_code == 0
    october = scored(shop, "2026-10")
    assert october["group-1", "stability.delivery_time"] != "no_data"
    assert october["group-1", "stability.oversold_rate"] != "no_data"
    for measure in ("service.first_response", "service.dispute_rate", "price.hidden_fee_rate", "price.tier_discount", "compliance.licences"):
        assert october["group-1", measure] == "no_data"
    # What was sold in October is hot in November.
    assert scored(shop, "2026-11")["group-1", "stability.hot_availability"] == "met"


def test_a_file_with_the_address_is_its_owners_alone(shop, command, monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE)
    done = command()
    assert (done.exit_code, VARIABLE in done.stderr) == (2, True)
    file = tmp_path / "address"
    file.write_text(shop.address + "\n", encoding="utf-8")
    file.chmod(0o640)
    done = command("--url-file", str(file))
    assert (done.exit_code, "chmod 600" in done.stderr) == (2, True)
    file.chmod(0o600)
    assert command("--url-file", str(file)).exit_code == 0


def test_two_at_once_do_not_wait_for_each_other(shop, command):
    shop.into.mkdir()
    with locked(shop.into, holder="kmanalysis pull dujiaoka"):
        with pytest.raises(LockHeld, match=f"kmanalysis pull dujiaoka .process {os.getpid()}."):
            shop.pull()
        done = command()
        assert (done.exit_code, f"process {os.getpid()}" in done.stderr) == (2, True)
    shop.pull()


def test_a_folder_is_of_one_platform(shop):
    shop.pull()
    with pytest.raises(DataError, match=r"cannot see acg_category"):
        pull("acg-faka", parse_address(shop.address), shop.into)
    state_file = shop.into / ".kmanalysis-pull" / "state.json"
    state_file.write_text(state_file.read_text(encoding="utf-8").replace("dujiaoka", "acg-faka"), encoding="utf-8")
    with pytest.raises(UsageError, match="pulled from acg-faka"):
        shop.pull()
    with pytest.raises(UsageError, match="not from sqlite"):
        pull("dujiaoka", parse_address("sqlite:////shop.db"), shop.into)


def state(folder):
    """What the folder holds once whoever opens it next has cleared up; stock, which grows by the hour, apart."""
    with locked(folder):
        pass
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in (".parquet", ".toml") and path.parent.name != "stock_snapshots"]
    assert not list(folder.rglob(f"*{TEMPORARY}"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_killed_anywhere_the_folder_is_the_one_before_or_the_one_after(shop, tmp_path):
    filled(shop, orders=40)
    shop.pull()
    before = state(shop.into)
    kept = tmp_path / "kept"
    shutil.copytree(shop.into, kept)
    shop.run("UPDATE orders SET status = 5, updated_at = '2026-11-20 12:00:00' WHERE status = 2")
    shop.order(at="2026-11-20 13:00:00", info="NEW")
    shop.card("NEW", sold="2026-11-20 13:00:00")
    started = time.monotonic()
    shop.pull()
    taken = time.monotonic() - started + 1
    after = state(shop.into)
    assert after != before
    outcomes = []
    environment = os.environ | {VARIABLE: shop.address, "PYTHONPATH": str(ROOT)}
    for point in [*range(0, 13, 2), *(f"after {share}" for share in (0.3, 0.6, 0.8, 0.95))]:
        shutil.rmtree(shop.into)
        shutil.copytree(kept, shop.into)
        moves = str(point) if isinstance(point, int) else "1000"
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, "pull", "dujiaoka", "--into", str(shop.into), moves],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if isinstance(point, str):
            time.sleep(float(point.split()[1]) * taken)
            process.kill()
        process.wait(120)
        found = state(shop.into)
        assert found in (before, after), point
        outcomes.append(found == after)
        # Nobody is locked out, and the next pull makes good.
        shop.pull()
        assert state(shop.into) == after
    assert set(outcomes) == {True, False}


def test_a_pull_that_fails_leaves_the_folder_as_it_was(shop):
    filled(shop, orders=10)
    shop.pull()
    before = state(shop.into)
    shop.rules("currency = 5")
    with pytest.raises(DataError, match="currency"):
        shop.pull()
    shop.rules(before["suppliers.toml"].decode())
    assert state(shop.into) == before
