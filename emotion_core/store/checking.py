"""Looks through a store: whether the database is whole, and whether all rows are there."""

from pathlib import Path

from sqlalchemy import text

from emotion_core.errors import EmotionLensError, StoreError
from emotion_core.files.unfinished import clean_below
from emotion_core.store.database import Database, session_rows
from emotion_core.store.models import SessionState
from emotion_core.store.places import SessionPlace
from emotion_core.store.row_parts import read_part, rows_schema
from emotion_core.store.session_info import info_of
from emotion_core.store.waiting import read_waiting

# Damaged files have thousands of lines to say.
_MOST = 20


def check_store(database: Database, root: Path) -> list[str]:
    """What is wrong, one sentence each; empty for a whole store. Reads every row.

    Args:
        database: of the store.
        root: folder of the sessions' folders.

    Raises:
        StoreError: the database cannot be read at all.
    """
    problems = _check_database(database)
    with database.reading() as db:
        found = [info_of(row, {}) for row in session_rows(db)]
    for info in found:
        place = SessionPlace(root, info.id)
        name = f"Session {info.id}" + (f" ({info.name})" if info.name else "")
        if not place.folder.is_dir():
            problems.append(
                f"{name}: its rows are not on this machine; wanted them in {place.folder}."
            )
            continue
        wanted = set(rows_schema(info.label_set).names)
        rows = 0
        try:
            for part in place.parts.parts():
                table = read_part(part.path)
                rows += len(table)
                if missing := wanted - set(table.column_names):
                    problems.append(f"{name}: {part.path.name} lacks {', '.join(sorted(missing))}.")
        except StoreError as error:
            problems.append(f"{name}: {error}")
            continue
        if rows != info.rows and info.state == SessionState.DONE:
            problems.append(f"{name}: wanted {info.rows:,} rows. Found: {rows:,}.")
    problems += _check_folders(root, {info.id for info in found})
    return problems


def vacuum(database: Database, root: Path) -> None:
    """Gives back room: of the database, and of what killed processes left.

    Raises:
        StoreError: the database will not.
    """
    if root.is_dir():
        clean_below(root)
    with database.outside_transactions() as connection:
        connection.execute(text("VACUUM"))
        if connection.dialect.name == "postgresql":
            connection.execute(text("ANALYZE"))
        else:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _check_database(database: Database) -> list[str]:
    with database.reading() as db:
        if db.get_bind().dialect.name != "sqlite":
            return []  # a server looks after its own files
        said = [str(line) for line in db.scalars(text("PRAGMA integrity_check"))]
        broken = db.execute(text("PRAGMA foreign_key_check")).all()
    problems = [f"The database is damaged: {line}" for line in said if line != "ok"]
    problems += [f"A row of {row[0]} belongs to something that is not there." for row in broken]
    return problems[:_MOST]


def _check_folders(root: Path, known: set[str]) -> list[str]:
    problems = []
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        place = SessionPlace(root, folder.name)
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        if place.waiting.is_file():
            try:
                read_waiting(place.waiting)
            except EmotionLensError as error:
                problems.append(str(error))
        elif folder.name not in known:
            problems.append(
                f"{folder}: rows of a session that the database does not know. `store import` of "
                "a backup may know it; otherwise the folder can be deleted."
            )
    return problems
