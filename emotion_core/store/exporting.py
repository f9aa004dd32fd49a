"""Everything of a store in one file, the same from SQLite and PostgreSQL."""

import hashlib
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow.parquet as pq
from sqlalchemy import select

from emotion_core.errors import StoreError
from emotion_core.files.atomic_files import AtomicFile, readable
from emotion_core.store.database import Database
from emotion_core.store.models import SessionRow
from emotion_core.store.places import SessionPlace
from emotion_core.store.table_dump import MANIFEST, dump_tables, manifest
from emotion_core.store.upgrading import revision_of

# Files of a recording may be joined between looking and opening.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Transfer:
    """What was written or read.

    Attributes:
        path: of the file.
        sessions: ids of those that were.
        skipped: ids of those that were there already, and stay as they are.
        rows: of frame tables.
        size_bytes: of the file.
    """

    path: Path
    sessions: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    rows: int = 0
    size_bytes: int = 0


def export_store(database: Database, root: Path, path: Path) -> Transfer:
    """Writes everything into one file: the tables as lines of JSON, rows and pictures as they are.

    Of a recording that runs it has what is on the disk by then.

    Args:
        database: of the store.
        root: folder of the sessions' folders.
        path: of the file.

    Raises:
        StoreError: something cannot be read.
        OutputError: the file cannot be written.
        DiskFullError: there is no room for it.
    """
    files: dict[str, str] = {}
    rows = 0
    with (
        AtomicFile(path, kept="The store is as it was.") as file,
        # Parquet is compressed already.
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        with database.reading_raw() as connection:
            counts = dump_tables(connection, archive)
            sessions = sorted(connection.scalars(select(SessionRow.id)))
            form = revision_of(connection)
        for session in sessions:
            with ExitStack() as stack:
                for name, source in _opened_files(SessionPlace(root, session), stack).items():
                    if name.endswith(".parquet"):
                        rows += _n_rows(source, name)
                    stored = f"sessions/{session}/{name}"
                    files[stored] = _copy(source, archive, stored)
        archive.writestr(MANIFEST, manifest(form, counts, files, sessions))
    return Transfer(path, tuple(sessions), (), rows, path.stat().st_size)


def _opened_files(place: SessionPlace, stack: ExitStack) -> dict[str, IO[bytes]]:
    """{name: open file} of rows and pictures: what is open stays readable when it is deleted."""
    for attempt in range(_TRIES):
        paths = [part.path for part in place.parts.parts()]
        if place.pictures.is_dir():
            paths += sorted(place.pictures.glob("*.jpg"))
        try:
            with ExitStack() as opened:
                found: dict[str, IO[bytes]] = {
                    path.relative_to(place.folder).as_posix(): opened.enter_context(path.open("rb"))
                    for path in paths
                }
                stack.push(opened.pop_all())
                return found
        except FileNotFoundError:
            if attempt == _TRIES - 1:
                raise
        except OSError as error:
            raise StoreError(
                f"The session {place.session} cannot be read: {error.strerror}, "
                f"{readable(error.filename or '')}."
            ) from error
    raise AssertionError


def _n_rows(source: IO[bytes], name: str) -> int:
    try:
        n = int(pq.ParquetFile(source).metadata.num_rows)
    except (ValueError, OSError) as error:
        raise StoreError(
            f"{name}: is damaged. `store check` says what else is; delete that session, or restore "
            "it from a backup, then export again."
        ) from error
    source.seek(0)
    return n


def _copy(source: IO[bytes], archive: zipfile.ZipFile, name: str) -> str:
    """Copies a file into the archive; its SHA-256."""
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as target:
        while data := source.read(1 << 20):
            digest.update(data)
            target.write(data)
    return digest.hexdigest()
