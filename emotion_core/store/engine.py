"""Connections: SQLite with one writer and short waits, PostgreSQL with a small pool."""

import contextlib
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from emotion_core.errors import StoreError
from emotion_core.files.atomic_files import make_folder, readable
from emotion_core.files.outside_files import kind_of
from emotion_core.store.database_url import sqlite_path

#: How long a writer waits for another one.
BUSY_MS = 5_000
#: Marks our files in their header ("EmoL"). Source: https://www.sqlite.org/pragma.html
APPLICATION_ID = 0x456D6F4C

_SQLITE_HEADER = b"SQLite format 3\0"
# File systems over a network share no memory between machines, which WAL needs.
# Source: https://www.sqlite.org/wal.html, "WAL does not work over a network filesystem".
_NETWORK = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "afs", "ceph", "gluster", "lustre", "davfs")
_BEGIN = "emotion_lens_begin"


def build_engine(url: URL) -> Engine:
    """An engine whose connections behave the same everywhere.

    Args:
        url: see ``database_url``.

    Raises:
        StoreError: the file is another program's, or no file.
        OutputError: its folder cannot be made.
    """
    path = sqlite_path(url)
    if path is None:
        return create_engine(
            url, pool_pre_ping=True, pool_size=4, max_overflow=4, pool_timeout=10,
            connect_args={"connect_timeout": 5, "application_name": "emotion-lens"},
        )  # fmt: skip
    _check_file(path)
    if not path.exists():
        make_folder(path.parent)
    # Opening costs a tenth of a millisecond, and no connection is ever seen by two threads.
    engine = create_engine(
        url, poolclass=NullPool, connect_args={"timeout": BUSY_MS / 1000, "isolation_level": None}
    )
    journal = "DELETE" if is_on_network(path) else "WAL"

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        cursor.execute("PRAGMA foreign_keys=ON")
        # A file that may only be read says so when something is written, not now.
        with contextlib.suppress(connection_error(connection)):
            if not path.stat().st_size:
                # Before anything else: with WAL the header would stand in another file at first.
                cursor.execute(f"PRAGMA application_id={APPLICATION_ID}")
            cursor.execute(f"PRAGMA journal_mode={journal}")
            cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that will write says so at once: taking the lock in its middle fails
        # without waiting when another one has written meanwhile.
        if command := connection.get_execution_options().get(_BEGIN, "BEGIN"):
            connection.exec_driver_sql(command)

    return engine


def connection_error(connection: DBAPIConnection) -> type[Exception]:
    """What SQLite's driver raises for a connection."""
    error: type[Exception] = getattr(connection, "OperationalError", Exception)
    return error


def writer_of(engine: Engine) -> Engine:
    """The same engine, for transactions that write."""
    return engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


def without_transactions(engine: Engine) -> Engine:
    """The same engine, for what cannot stand in a transaction."""
    return engine.execution_options(isolation_level="AUTOCOMMIT", **{_BEGIN: ""})


def is_on_network(path: Path) -> bool:
    """Whether a path stands on another machine's disk."""
    place = path.absolute()
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    holder = next((parent for parent in (place, *place.parents) if parent in mounts), None)
    return holder is not None and mounts[holder].lower().startswith(_NETWORK)


def _check_file(path: Path) -> None:
    """Refuses what is no SQLite file of ours, before SQLite writes anything into it."""
    if not path.exists():
        return
    try:
        if kind := kind_of(path):
            raise StoreError(f"The store {readable(path)}: wanted a file. This is {kind}.")
        with path.open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise StoreError(
            f"The store {readable(path)} cannot be read: {error.strerror}. Make it readable, or "
            "name another folder with EMOTION_LENS_HOME."
        ) from error
    if not header:
        return  # empty: a process was killed before it wrote anything
    # Source: https://www.sqlite.org/fileformat.html: the id stands at byte 68.
    ours = int.from_bytes(header[68:72], "big") == APPLICATION_ID
    if not header.startswith(_SQLITE_HEADER):
        raise StoreError(
            f"The store {readable(path)} is damaged or no database. Put it aside; the newest copy "
            "in the folder backups beside it can take its place."
        )
    if not ours and int.from_bytes(header[28:32], "big") > 0:
        raise StoreError(
            f"The store {readable(path)} is a database of another program. It is left as it is; "
            "name another file with EMOTION_LENS_DATABASE_URL, or move this one."
        )
