"""Stores on SQLite and on PostgreSQL, and frames to put into them."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emotion_core.store.store import Store
from tests.store.postgres import REQUIRED_ENV, PostgresServer, server_programs

OpenStore = Callable[..., Store]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for all tests of this process."""
    yield from _server()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop; the other tests keep theirs."""
    yield from _server()


def _server() -> Iterator[PostgresServer]:
    programs = server_programs()
    if programs is None:
        reason = "needs PostgreSQL (apt-get install postgresql)"
        if os.environ.get(REQUIRED_ENV):
            pytest.fail(reason)
        pytest.skip(reason)
    # Not in pytest's folder, which only this user may enter.
    folder = Path(tempfile.mkdtemp(prefix="emotion-lens-postgres-"))
    server = PostgresServer(folder, programs)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres: PostgresServer, request: pytest.FixtureRequest) -> str:
    """An empty database."""
    number = getattr(postgres, "databases", 0)
    postgres.databases = number + 1  # type: ignore[attr-defined]
    return postgres.new_database(f"test{number}")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'store.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def open_store(url: str, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens the same store each time, as another process would."""
    opened: list[Store] = []

    def make() -> Store:
        opened.append(Store(url, home=tmp_path / "home"))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store()
