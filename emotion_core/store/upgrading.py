"""Brings a database to the form that this version knows: by itself, whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from emotion_core.errors import StoreError
from emotion_core.store.database_url import shown_url
from emotion_core.store.engine import writer_of

#: Not Alembic's usual name: another program may use that one in the same database.
VERSION_TABLE = "emotion_lens_version"
#: The steps of this version.
MIGRATIONS = Path(__file__).with_name("migrations")
# Any number, the same in every process. Source: PostgreSQL's pg_advisory_xact_lock.
_LOCK = 0x456D6F4C


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What was done.

    Attributes:
        before: the form that was found; empty for a new database.
        after: the form that it has now.
    """

    before: str
    after: str


def newest_revision(folder: Path = MIGRATIONS) -> str:
    """The form that this version of Emotion Lens knows."""
    return str(_scripts(folder).get_current_head())


def revision_of(connection: Connection) -> str:
    """The form of a database; empty where nothing of ours stands in it."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision() or ""


def upgrade(
    engine: Engine,
    backup: Callable[[Connection, str], object],
    *,
    folder: Path = MIGRATIONS,
    to: str = "head",
) -> Upgrade:
    """Runs the steps that are missing, in one transaction.

    Args:
        engine: of the database.
        backup: called before the first step with a connection and the form that was found, unless
            the database is new; what it raises ends the upgrade.
        folder: of the steps.
        to: how far to go.

    Raises:
        StoreError: the database is newer than this version, or another program's.
        SQLAlchemyError: the database will not.
    """
    scripts = _scripts(folder)
    wanted = str(scripts.get_current_head()) if to == "head" else to
    with engine.connect() as connection:
        if _checked(connection, scripts) == wanted:
            return Upgrade(wanted, wanted)
    with writer_of(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        before = _checked(connection, scripts)  # another process may have been quicker
        if before == wanted:
            return Upgrade(wanted, wanted)
        if before:
            backup(connection, before)
        _run(connection, scripts, folder, wanted)
    return Upgrade(before, wanted)


def _run(connection: Connection, scripts: ScriptDirectory, folder: Path, to: str) -> None:
    def steps(revision: Any, _: Any) -> Any:
        return scripts._upgrade_revs(to, revision)

    with EnvironmentContext(_config(folder), scripts, fn=steps) as environment:
        environment.configure(
            connection=connection, version_table=VERSION_TABLE, transactional_ddl=True
        )
        environment.run_migrations()


def _checked(connection: Connection, scripts: ScriptDirectory) -> str:
    """The form of the database, if this version can use it."""
    found = revision_of(connection)
    name = shown_url(connection.engine.url)
    known = {script.revision for script in scripts.walk_revisions()}
    if found and found not in known:
        raise StoreError(
            f"The store {name} was written by a newer Emotion Lens (form {found}; this one knows "
            f"{scripts.get_current_head()}). Update Emotion Lens; nothing was changed."
        )
    if not found and (others := inspect(connection).get_table_names()):
        raise StoreError(
            f"The store {name} is a database of another program (it holds {others[0]}). It is left "
            "as it is; give Emotion Lens a database of its own."
        )
    return found


def _config(folder: Path) -> Config:
    config = Config()
    # A % in a path would be read as a place for a value.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _scripts(folder: Path) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(folder))
