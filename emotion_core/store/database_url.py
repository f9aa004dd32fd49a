"""Which database the store uses, and how it is spelled."""

import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from emotion_core.errors import StoreError
from emotion_core.extras import need
from emotion_core.paths import DATABASE_URL_ENV, store_file

_WANTED = (
    "Wanted an address like postgresql://user:password@host:5432/database, or sqlite:///file.sqlite"
)


def database_url(text: str | Path | None = None) -> URL:
    """The address of the database.

    Args:
        text: an address, or the path of an SQLite file. None: ``EMOTION_LENS_DATABASE_URL``, else
            the SQLite file of ``EMOTION_LENS_HOME``.

    Raises:
        StoreError: no address, or of a database that is not supported.
        MissingExtraError: PostgreSQL's driver is not installed.
    """
    named = os.environ.get(DATABASE_URL_ENV, "") if text is None else text
    if not str(named).strip():
        named = store_file()
    if isinstance(named, Path):
        return URL.create("sqlite", database=str(named.absolute()))
    try:
        url = make_url(named.strip())
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"{_WANTED}. Received something else.") from error
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError(f"{_WANTED}. Received an SQLite address without a file.")
        return url.set(drivername="sqlite", database=str(Path(url.database).absolute()))
    if kind not in ("postgresql", "postgres"):
        raise StoreError(f"{_WANTED}. Received: {kind}, which the store does not use.")
    if not url.database:
        raise StoreError(f"{_WANTED}. Received: {shown_url(url)}, which names no database.")
    need("psycopg", "PostgreSQL")
    return url.set(drivername="postgresql+psycopg")


def shown_url(url: URL) -> str:
    """The address without its password, as people write it."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite database; None for a server."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None
