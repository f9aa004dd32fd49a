"""What a database says when it will not, in one sentence that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError

from emotion_core.errors import DiskFullError, StoreError, StoreUnavailableError
from emotion_core.files.atomic_files import disk_full_text, readable
from emotion_core.store.database_url import shown_url, sqlite_path

# Words of SQLite's own messages, and what they come to.
_SQLITE = (
    (
        ("database is locked", "database table is locked"),
        "another program holds it. Close that program, or try again in a moment",
    ),
    (
        ("readonly database", "read-only"),
        "it, or its folder, may only be read. Make both writable, or name another folder with "
        "EMOTION_LENS_HOME",
    ),
    (
        ("file is not a database", "malformed", "unsupported file format", "disk image"),
        "the file is damaged. Put it aside; the newest copy in the folder backups beside it can "
        "take its place, or `store import` reads what `store export` wrote",
    ),
    (
        ("unable to open database",),
        "it cannot be opened. Look whether its folder is there and may be written to",
    ),
    (("disk i/o error",), "the disk could not be read or written"),
)


@contextmanager
def database_errors(url: URL) -> Iterator[None]:
    """Turns what goes wrong with the database in the block into one sentence.

    Raises:
        StoreUnavailableError: a server does not answer (any more).
        DiskFullError: there is no room.
        StoreError: everything else that a database refuses.
    """
    try:
        yield
    except DBAPIError as error:
        path = sqlite_path(url)
        raise (_of_server(url, error) if path is None else _of_file(path, error)) from error
    except TimeoutError as error:
        raise StoreUnavailableError(
            f"The store {shown_url(url)}: all connections are in use. Try again in a moment."
        ) from error


def _of_file(path: Path, error: DBAPIError) -> Exception:
    said = str(error.orig)
    if "disk is full" in said:
        return DiskFullError(disk_full_text(path, kept="What was stored before is kept."))
    for words, meaning in _SQLITE:
        if any(word in said.lower() for word in words):
            return StoreError(f"The store {readable(path)} cannot be used: {meaning}. ({said})")
    return StoreError(f"The store {readable(path)}: {said}")


def _of_server(url: URL, error: DBAPIError) -> Exception:
    said, state = _first_line(error.orig or error), getattr(error.orig, "sqlstate", None)
    name = shown_url(url)
    if state == "53100":  # disk_full
        return DiskFullError(f"The disk of the server {name} is full: {said}. Free some there.")
    # Class 08 is lost connections, 57P01 to 57P03 a server that shuts down or starts up.
    # Source: PostgreSQL documentation, appendix A.
    lost = error.connection_invalidated or str(state or "")[:2] == "08" or state in _STOPPING
    unreachable = isinstance(error, OperationalError | InterfaceError) and state is None
    if "authentication failed" in said or 'database "' in said or 'role "' in said:
        return StoreError(f"The store {name} does not let us in: {said}")
    if lost or unreachable:
        return StoreUnavailableError(
            f"The store {name} does not answer: {said}. What is recorded meanwhile waits on this "
            "machine's disk and is written when it answers again."
        )
    return StoreError(f"The store {name}: {said}")


_STOPPING = frozenset({"57P01", "57P02", "57P03"})


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no answer")
