"""Real database servers on private sockets and folders of their own, run by a user that is not root."""

import getpass
import glob
import os
import pwd
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

PASSWORD = "pass-word-marker-7b1e"
"""Of the account that pulls: it must be found nowhere."""

MARIADB = shutil.which("mariadbd") or next(iter(glob.glob("/usr/sbin/mariadbd")), None)
POSTGRES = next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), reverse=True)), None)


def is_there(module):
    try:
        import_module(module)
    except ImportError:
        return False
    return True


HAS_MARIADB = bool(MARIADB) and is_there("pymysql")
HAS_POSTGRES = bool(POSTGRES) and is_there("psycopg")


@contextmanager
def folder_of(user):
    """A folder of this user's, with a name short enough for a socket; the user that servers run as, by its name, is given too."""
    runs_as = user if os.getuid() == 0 else getpass.getuser()
    place = Path(tempfile.mkdtemp(prefix="km"))
    place.chmod(0o755)
    if os.getuid() == 0:
        entry = pwd.getpwnam(user)
        os.chown(place, entry.pw_uid, entry.pw_gid)
    try:
        yield place, (runs_as if os.getuid() == 0 else None)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def run(command, user):
    return subprocess.run([str(part) for part in command], user=user, cwd="/", capture_output=True, text=True, check=True, timeout=120)


@contextmanager
def served(command, user, connect):
    """The server's process while the block runs; ``connect`` is tried until it answers."""
    process = subprocess.Popen([str(part) for part in command], user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                connect().close()
                break
            except Exception:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield process
    finally:
        # PostgreSQL would wait for whoever is still connected; MariaDB does not listen.
        process.send_signal(signal.SIGINT if "postgres" in str(command[0]) else signal.SIGTERM)
        process.wait(60)


class MariaDB:
    """A server whose own zone is UTC, and databases in it; the account ``reader`` may read what it was granted."""

    def __init__(self, place):
        self.socket = place / "s"
        self.count = 0

    def admin(self, database=None):
        return import_module("pymysql").connect(unix_socket=str(self.socket), user="root", database=database, charset="utf8mb4", autocommit=True)

    def new_database(self):
        self.count += 1
        name = f"shop{self.count}"
        with self.admin() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
            cursor.execute("CREATE USER IF NOT EXISTS 'reader'@'localhost' IDENTIFIED BY %s", [PASSWORD])
        return name

    def address(self, database):
        return f"mysql://reader:{PASSWORD}@localhost/{database}?unix_socket={self.socket}"

    def granted(self, database, statements):
        """Runs statements as `grants` writes them, filled in."""
        with self.admin() as connection, connection.cursor() as cursor:
            for line in statements.splitlines():
                cursor.execute(line.replace("DATABASE", database).replace("READER", "reader").replace("HOST", "localhost"))


@contextmanager
def mariadb():
    with folder_of("mysql") as (place, user):
        data = place / "data"
        installer = shutil.which("mariadb-install-db") or "/usr/bin/mariadb-install-db"
        run([installer, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"], user)
        server = MariaDB(place)
        options = [
            "--skip-networking",
            "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            "--default-time-zone=+00:00",
            "--sql-mode=",
        ]
        command = [MARIADB, "--no-defaults", f"--datadir={data}", f"--socket={server.socket}", f"--pid-file={place / 'pid'}", *options]
        with served(command, user, server.admin):
            yield server


class PostgreSQL:
    """A server and databases in it; the account ``reader`` may read what it was granted."""

    def __init__(self, place, password):
        self.place, self.password, self.count = place, password, 0

    def admin(self, database="postgres"):
        return import_module("psycopg").connect(host=str(self.place), user="admin", password=self.password, dbname=database, autocommit=True)

    def new_database(self):
        self.count += 1
        name = f"shop{self.count}"
        with self.admin() as connection:
            connection.execute(f"CREATE DATABASE {name}")
            if self.count == 1:
                connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
        return name

    def address(self, database):
        return f"postgresql://reader:{PASSWORD}@/{database}?host={self.place}"

    def granted(self, database, statements):
        with self.admin(database) as connection:
            for line in statements.splitlines():
                connection.execute(line.replace("READER", "reader"))


@contextmanager
def postgresql():
    with folder_of("postgres") as (place, user):
        data, secret = place / "data", place / "secret"
        secret.write_text("admin-word")
        secret.chmod(0o644)
        run([Path(POSTGRES).with_name("initdb"), "-D", data, "-U", "admin", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync"], user)
        server = PostgreSQL(place, "admin-word")
        command = [POSTGRES, "-D", data, "-k", place, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "timezone=America/New_York"]
        with served(command, user, server.admin):
            yield server


def statements(text):
    """The statements of a script, one after the other."""
    return [statement for part in re.split(r";\s*\n", text) if (statement := part.strip().rstrip(";"))]


class SQLite:
    """Database files; whoever may read the file may read all of it."""

    def __init__(self, place):
        self.place = place

    @contextmanager
    def admin(self, database):
        connection = sqlite3.connect(self.place / database)
        try:
            yield _Lines(connection)
            connection.commit()
        finally:
            connection.close()

    def new_database(self):
        return "shop.db"

    def address(self, database):
        return f"sqlite:///{self.place / database}"

    def granted(self, database, statements):
        pass


class _Lines:
    """A connection to SQLite that is spoken to like those of the servers."""

    def __init__(self, connection):
        self.connection = connection

    @contextmanager
    def cursor(self):
        yield self

    def execute(self, statement, values=()):
        self.found = self.connection.execute(statement.replace("%s", "?"), values)

    def fetchall(self):
        return self.found.fetchall()
