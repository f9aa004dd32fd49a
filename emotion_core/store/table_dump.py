"""Every table of a database as lines of JSON, the same from SQLite and PostgreSQL."""

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, MetaData, Table, select

from emotion_core.errors import StoreError
from emotion_core.files.atomic_files import AtomicFile
from emotion_core.store.upgrading import VERSION_TABLE

#: Version of the archive itself, apart from the form of the database in it.
ARCHIVE_FORMAT = 1
MANIFEST = "manifest.json"
_ROWS_AT_ONCE = 1_000


def reflected(connection: Connection) -> MetaData:
    """The tables of a database, of whichever form it is."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name != VERSION_TABLE)
    return found


def table_rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """The rows of a table as JSON holds them, in the order of their keys."""
    wanted = select(table).order_by(*table.primary_key.columns)
    # Of this statement alone: the connection's own options would stay with it.
    options = {"yield_per": _ROWS_AT_ONCE}
    for row in connection.execute(wanted, execution_options=options).mappings():
        yield {name: _to_json(value) for name, value in row.items()}


def load_rows(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes rows into a table.

    Raises:
        StoreError: a row does not fit.
        SQLAlchemyError: the database refuses one.
    """
    known = {column.name: column for column in table.columns}
    waiting: list[dict[str, Any]] = []
    for number, row in enumerate(rows, start=1):
        if set(row) != set(known):
            raise StoreError(
                f"{table.name}, row {number}: wanted {', '.join(known)}. Received: "
                f"{', '.join(map(str, row)) or 'nothing'}."
            )
        waiting.append({name: _from_json(known[name], value) for name, value in row.items()})
        if len(waiting) == _ROWS_AT_ONCE:
            connection.execute(table.insert(), waiting)
            waiting = []
    if waiting:
        connection.execute(table.insert(), waiting)


def dump_tables(connection: Connection, archive: zipfile.ZipFile) -> dict[str, int]:
    """Writes every table into an archive; {table: how many rows}."""
    counts = {}
    for table in reflected(connection).sorted_tables:
        n = 0
        with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as file:
            for row in table_rows(connection, table):
                file.write(json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n")
                n += 1
        counts[table.name] = n
    return counts


def write_dump(connection: Connection, revision: str, path: Path) -> None:
    """Writes the tables alone, without rows of sessions.

    Raises:
        OutputError: it cannot be written.
        DiskFullError: there is no room for it.
    """
    with AtomicFile(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        counts = dump_tables(connection, archive)
        archive.writestr(MANIFEST, manifest(revision, counts, {}, ()))


def manifest(
    revision: str,
    tables: Mapping[str, int],
    files: Mapping[str, str],
    sessions: Iterable[str],
) -> str:
    """What stands in an archive, as JSON.

    Args:
        revision: form of the database.
        tables: {table: how many rows}.
        files: {name in the archive: SHA-256}.
        sessions: ids of those whose rows are in it.
    """
    value = {
        "emotion_lens_store": ARCHIVE_FORMAT,
        "form": revision,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "tables": dict(tables),
        "sessions": list(sessions),
        "files": dict(files),
    }
    return json.dumps(value, indent=2)


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat()
    return value


def _from_json(column: Any, value: Any) -> Any:
    kind = column.type
    if isinstance(getattr(kind, "impl", kind), DateTime) and value is not None:
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (TypeError, ValueError) as error:
            raise StoreError(
                f"{column.table.name}.{column.name}: wanted a time. Received: {value!r}"
            ) from error
    return value
