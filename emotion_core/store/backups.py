"""Copies of the database before it is changed in form."""

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection

from emotion_core.files.atomic_files import atomic_path, make_folder
from emotion_core.store.database_url import sqlite_path
from emotion_core.store.table_dump import write_dump


def backup_name(what: str, suffix: str) -> str:
    """Name of a copy that says of what and when."""
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    return f"store-{what}-{moment}{suffix}"


def back_up_database(connection: Connection, url: URL, revision: str, folder: Path) -> Path:
    """Copies the database as it is.

    An SQLite file is copied as a file, which can take its place. Of a server's database every table
    is written out, as ``store import`` reads it. Rows of sessions stand outside and are not copied.

    Args:
        connection: in the transaction that is about to change it.
        url: of the database.
        revision: its form.
        folder: for the copy.

    Returns:
        The copy.

    Raises:
        OutputError: it cannot be written.
        DiskFullError: there is no room for it.
    """
    make_folder(folder)
    path = sqlite_path(url)
    if path is None:
        copy = folder / backup_name(f"form-{revision}", ".zip")
        write_dump(connection, revision, copy)
        return copy
    copy = folder / backup_name(f"form-{revision}", ".sqlite")
    with (
        atomic_path(copy) as place,
        # Closed by hand: sqlite3's own context manager only ends the transaction.
        contextlib.closing(sqlite3.connect(path)) as source,
        contextlib.closing(sqlite3.connect(place)) as target,
    ):
        source.backup(target)
    return copy
