"""Brings in what was exported from a store, whichever database that one used."""

import contextlib
import hashlib
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection

from emotion_core.errors import StoreError
from emotion_core.files.atomic_files import check_room, readable
from emotion_core.files.outside_files import parse_json
from emotion_core.files.publishing import published_folder
from emotion_core.store.database import Database
from emotion_core.store.exporting import Transfer
from emotion_core.store.models import Base
from emotion_core.store.old_dump import upgraded_tables
from emotion_core.store.table_dump import ARCHIVE_FORMAT, MANIFEST, load_rows
from emotion_core.store.upgrading import newest_revision

# Names in an archive; anything else is never written to a disk.
_FILE = re.compile(
    r"sessions/([0-9a-f]{1,32})/(rows/part-\d{8}-\d{8}\.parquet|pictures/[a-z]+-\d{1,9}\.jpg)"
)
_MAX_MANIFEST_BYTES = 256_000_000
_MAX_LINE_BYTES = 64_000_000
# Facts about the store itself stay each store's own.
_OWN_TABLES = frozenset({"store_info"})
# Tables that sessions share, with the column that tells their rows apart.
_SHARED = {"subjects": "name", "groups": "name"}


def import_store(database: Database, root: Path, path: Path) -> Transfer:
    """Brings in what `export_store` wrote, from whichever database, of this or an older form.

    Sessions that are there already stay as they are. Each session is brought in whole or not at
    all; a second import goes on where one was interrupted.

    Args:
        database: of the store.
        root: folder of the sessions' folders.
        path: of the file.

    Raises:
        StoreError: it is no such file, newer, or damaged; what was brought in before stays.
        OutputError: something cannot be written.
        DiskFullError: there is no room for it.
    """
    with _opened(path) as archive:
        head = _manifest(archive, path)
        tables = _tables(archive, head, path)
        known = _known_sessions(database)
        files = _by_session(head["files"], path)
        check_room(root, sum(archive.getinfo(name).file_size for name in head["files"]))
        mapped = _bring_shared(database, tables)
        added: list[str] = []
        skipped: list[str] = []
        rows = 0
        for row in sorted(tables.get("sessions", ()), key=lambda row: str(row["id"])):
            session = row["id"]
            if session in known:
                skipped.append(session)
                continue
            if not re.fullmatch(r"[0-9a-f]{1,32}", str(session)):
                raise StoreError(f"{readable(path)}: wanted a session's id. Received: {session!r}.")
            _bring_files(archive, root, session, files.get(session, {}), path)
            try:
                with database.writing_raw() as connection:
                    _load_session(connection, tables, session, mapped)
            except StoreError:
                shutil.rmtree(root / session, ignore_errors=True)
                raise
            added.append(session)
            rows += int(row["rows"])
    return Transfer(path, tuple(added), tuple(skipped), rows, path.stat().st_size)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError, NotImplementedError, KeyError) as error:
        raise StoreError(
            f"{readable(path)}: wanted a file of `store export`. It is damaged or another kind "
            f"of file ({error})."
        ) from error
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise StoreError(f"{readable(path)}: cannot be read: {error.strerror}.") from error


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    if MANIFEST not in archive.namelist():
        raise StoreError(f"{readable(path)}: wanted a file of `store export`. It is another one.")
    if archive.getinfo(MANIFEST).file_size > _MAX_MANIFEST_BYTES:
        raise StoreError(f"{readable(path)}: its list of contents is too large to be ours.")
    head = parse_json(archive.read(MANIFEST), f"{readable(path)}, {MANIFEST}", StoreError)
    if not isinstance(head, dict) or not isinstance(head.get("emotion_lens_store"), int):
        raise StoreError(f"{readable(path)}: wanted a file of `store export`. It is another one.")
    form, newest = head.get("form"), newest_revision()
    if (
        head["emotion_lens_store"] > ARCHIVE_FORMAT
        or not str(form).isdecimal()
        or (str(form) > newest)
    ):
        raise StoreError(
            f"{readable(path)} was written by a newer Emotion Lens (form {form}; this one knows "
            f"{newest}). Update Emotion Lens; nothing was brought in."
        )
    for name, kind in (("tables", dict), ("files", dict), ("sessions", list)):
        if not isinstance(head.get(name), kind):
            raise StoreError(f"{readable(path)}: {name} is missing in its list of contents.")
    return head


def _tables(
    archive: zipfile.ZipFile, head: Mapping[str, Any], path: Path
) -> dict[str, list[dict[str, Any]]]:
    """{table: rows} in this version's form."""
    found = {name: _lines(archive, name, path) for name in head["tables"]}
    for name, n in head["tables"].items():
        if len(found[name]) != n:
            raise StoreError(
                f"{readable(path)}: wanted {n} rows of {name}. Received: {len(found[name])}."
            )
    if head["form"] != newest_revision():
        found = upgraded_tables(found, head["form"])
    unknown = set(found) - set(Base.metadata.tables)
    if unknown:
        raise StoreError(f"{readable(path)}: holds tables that nobody knows: {sorted(unknown)}.")
    return found


def _lines(archive: zipfile.ZipFile, table: str, path: Path) -> list[dict[str, Any]]:
    rows = []
    name = f"tables/{table}.jsonl"
    if name not in archive.namelist():
        raise StoreError(f"{readable(path)}: the table {table} is missing in it.")
    with archive.open(name) as file:
        for number, line in enumerate(_limited(file), start=1):
            row = parse_json(line, f"{readable(path)}, {table}, row {number}", StoreError)
            if not isinstance(row, dict):
                raise StoreError(f"{readable(path)}, {table}, row {number}: wanted an object.")
            rows.append(row)
    return rows


def _limited(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(_MAX_LINE_BYTES):
        yield line


def _known_sessions(database: Database) -> set[str]:
    with database.reading() as db:
        table = Base.metadata.tables["sessions"]
        return set(db.scalars(table.select().with_only_columns(table.c.id)))


def _by_session(files: Mapping[str, Any], path: Path) -> dict[str, dict[str, str]]:
    """{session: {name in the archive: SHA-256}}."""
    found: dict[str, dict[str, str]] = {}
    for name, digest in files.items():
        match = _FILE.fullmatch(name)
        if match is None or not isinstance(digest, str):
            raise StoreError(f"{readable(path)}: holds a file that is none of ours: {name}.")
        found.setdefault(match[1], {})[name] = digest
    return found


def _bring_files(
    archive: zipfile.ZipFile, root: Path, session: str, files: Mapping[str, str], path: Path
) -> None:
    """Copies a session's files; its folder appears whole."""
    with published_folder(root / session, replace=True, kept="The store is as it was.") as folder:
        for name, wanted in files.items():
            place = folder / name.split("/", 2)[2]
            place.parent.mkdir(exist_ok=True)
            digest = hashlib.sha256()
            with archive.open(name) as source, place.open("wb") as target:
                while data := source.read(1 << 20):
                    digest.update(data)
                    target.write(data)
            if digest.hexdigest() != wanted:
                raise StoreError(f"{readable(path)}: {name} is not what was exported (its hash).")


def _bring_shared(
    database: Database, tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, str]:
    """Brings in groups and people across sessions; {their id there: their id here}."""
    mapped: dict[str, str] = {}
    with database.writing_raw() as connection:
        for name, column in _SHARED.items():
            table = Base.metadata.tables[name]
            here = connection.execute(table.select().with_only_columns(table.c[column], table.c.id))
            known = {str(text): str(key) for text, key in here}
            new = []
            for row in tables.get(name, ()):
                # The same name is the same one: that is how they are told apart.
                mapped[str(row["id"])] = known.get(str(row[column]), str(row["id"]))
                if row[column] not in known:
                    new.append(row)
            load_rows(connection, table, new)
    return mapped


def _load_session(
    connection: Connection,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    session: str,
    mapped: Mapping[str, str],
) -> None:
    for table in Base.metadata.sorted_tables:
        if table.name in _OWN_TABLES or table.name in _SHARED:
            continue
        key = "id" if table.name == "sessions" else "session_id"
        own = (row for row in tables.get(table.name, ()) if row.get(key) == session)
        load_rows(connection, table, _with_ids_of_here(own, mapped))


def _with_ids_of_here(
    rows: Iterable[Mapping[str, Any]], mapped: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for row in rows:
        found = dict(row)
        for column in ("subject_id", "group_id"):
            if found.get(column) is not None:
                found[column] = mapped.get(str(found[column]), found[column])
        yield found
