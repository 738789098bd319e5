"""Servers for the tests of pulls: each starts once a session, where it is installed."""

import pytest

from tests.sources import servers


@pytest.fixture(scope="session")
def mariadb():
    if not servers.HAS_MARIADB:
        pytest.skip("mariadbd or PyMySQL is not installed")
    with servers.mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql():
    if not servers.HAS_POSTGRES:
        pytest.skip("PostgreSQL's server or psycopg is not installed")
    with servers.postgresql() as server:
        yield server
