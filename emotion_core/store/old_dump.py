"""Tables of an older form, brought to this one by the same steps that bring a database there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from emotion_core.errors import StoreError
from emotion_core.files.publishing import scratch_folder
from emotion_core.store.database_url import database_url
from emotion_core.store.engine import build_engine
from emotion_core.store.table_dump import load_rows, reflected, table_rows
from emotion_core.store.upgrading import MIGRATIONS, upgrade


def upgraded_tables(
    tables: Mapping[str, Sequence[Mapping[str, Any]]], form: str, *, folder: Path = MIGRATIONS
) -> dict[str, list[dict[str, Any]]]:
    """The rows in this version's form.

    Args:
        tables: {table: rows} as they were exported.
        form: that they have.
        folder: of the steps.

    Raises:
        StoreError: the form is not known, or rows do not fit it.
    """
    with scratch_folder() as scratch:
        engine = build_engine(database_url(scratch / "old.sqlite"))
        try:
            upgrade(engine, _no_backup, folder=folder, to=form)
            with engine.begin() as connection:
                for table in reflected(connection).sorted_tables:
                    load_rows(connection, table, tables.get(table.name, ()))
            upgrade(engine, _no_backup, folder=folder)
            with engine.connect() as connection:
                return {
                    table.name: list(table_rows(connection, table))
                    for table in reflected(connection).sorted_tables
                }
        except SQLAlchemyError as error:
            raise StoreError(
                f"What was exported in form {form} does not fit that form: {error}"
            ) from error
        finally:
            engine.dispose()


def _no_backup(_: Connection, __: str) -> None:
    """The file that is read is the copy."""
