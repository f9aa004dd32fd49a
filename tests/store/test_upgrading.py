"""The database is brought up to date by itself: with a copy, in one transaction."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from emotion_core.errors import StoreError
from emotion_core.store import old_dump, upgrading
from emotion_core.store.backups import back_up_database
from emotion_core.store.database_url import database_url
from emotion_core.store.engine import build_engine
from emotion_core.store.models import Base
from emotion_core.store.store import Store
from tests.store.filled import fill, tables_of

_STEP = """
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.add_column("sessions", sa.Column("place", sa.Text(), nullable=False, server_default="?"))
    {more}
"""


@pytest.fixture
def newer(tmp_path: Path) -> Callable[..., Path]:
    """The steps of a version that has one more."""

    def make(more: str = "") -> Path:
        folder = tmp_path / "migrations"
        shutil.copytree(upgrading.MIGRATIONS, folder)
        (folder / "versions" / "m0003.py").write_text(_STEP.format(more=more))
        return folder

    return make


def test_the_steps_lead_to_what_the_models_say(store: Store) -> None:
    assert store.database.upgraded == upgrading.Upgrade("", "0002")
    with store.database.reading_raw() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": upgrading.VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_an_older_database_is_copied_and_brought_up_to_date(
    store: Store, newer: Callable[..., Path], tmp_path: Path, open_store: Callable[[], Store]
) -> None:
    fill(store, tmp_path / "video")
    before = tables_of(store.database)
    engine = build_engine(store.database.url)
    copies: list[Path] = []

    def backup(connection: object, revision: str) -> None:
        copies.append(
            back_up_database(connection, store.database.url, revision, store.backups)  # type: ignore[arg-type]
        )

    done = upgrading.upgrade(engine, backup, folder=newer())
    assert done == upgrading.Upgrade("0002", "0003")
    after = tables_of(store.database)
    assert {row.pop("place") for row in after["sessions"]} == {"?"}
    assert after == before
    (copy,) = copies
    assert copy.name.startswith("store-form-0002-")
    if engine.dialect.name == "sqlite":
        with Store(copy, home=tmp_path / "other") as other:
            assert tables_of(other.database) == before
    # This version does not know the new form.
    with pytest.raises(StoreError, match=r"newer Emotion Lens \(form 0003; this one knows 0002"):
        open_store()
    engine.dispose()


def test_sessions_of_the_first_form_are_nobodys_in_particular(
    url: str, open_store: Callable[[], Store]
) -> None:
    engine = build_engine(database_url(url))
    upgrading.upgrade(engine, lambda *_: None, to="0001")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO sessions (id, kind, state, name, notes, created, duration_s, frames,"
                " rows, model, model_sha256, detector, emotions, versions, options, details)"
                " VALUES ('3f9a', 'live', 'done', 'old', '', '2026-01-02 03:04:05+00:00', 1.5, 2,"
                " 3, 'm', '', 'd', '[]', '{}', '{}', '{}')"
            )
        )
    engine.dispose()
    store = open_store()
    assert store.database.upgraded == upgrading.Upgrade("0001", "0002")
    (info,) = store.sessions()
    assert (info.name, info.owner) == ("old", "")


def test_an_upgrade_that_fails_changes_nothing(
    store: Store, newer: Callable[..., Path], tmp_path: Path, open_store: Callable[[], Store]
) -> None:
    fill(store, tmp_path / "video")
    before = tables_of(store.database)
    engine = build_engine(store.database.url)
    folder = newer('op.drop_table("tracks"); raise RuntimeError("in the middle")')
    with pytest.raises(RuntimeError, match="in the middle"):
        upgrading.upgrade(engine, lambda *_: None, folder=folder)
    engine.dispose()
    assert tables_of(open_store().database) == before


def test_no_upgrade_without_a_copy(store: Store, newer: Callable[..., Path]) -> None:
    engine = build_engine(store.database.url)

    def full(*_: object) -> None:
        raise OSError("no room for a copy")

    with pytest.raises(OSError, match="no room"):
        upgrading.upgrade(engine, full, folder=newer())
    with engine.connect() as connection:
        assert upgrading.revision_of(connection) == "0002"
    engine.dispose()


def test_an_older_export_is_brought_up_to_date(
    store: Store, newer: Callable[..., Path], tmp_path: Path
) -> None:
    fill(store, tmp_path / "video")
    before = tables_of(store.database)
    after = old_dump.upgraded_tables(before, "0002", folder=newer())
    assert after.pop("store_info") == []
    assert {row.pop("place") for row in after["sessions"]} == {"?"}
    assert after == before
    before["tracks"][0]["nosuch"] = 1
    with pytest.raises(StoreError, match="tracks, row 1: wanted session_id"):
        old_dump.upgraded_tables(before, "0002")


def test_a_database_of_another_program_is_left_alone(
    url: str, tmp_path: Path, open_store: Callable[[], Store]
) -> None:
    address = database_url(url)
    if address.get_backend_name() == "sqlite":
        (tmp_path / "home").mkdir()
        other = sqlite3.connect(str(address.database))
        other.execute("CREATE TABLE books (title TEXT)")
        other.commit()
        other.close()
        before = Path(str(address.database)).read_bytes()
    else:
        engine = build_engine(address)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE books (title TEXT)"))
        engine.dispose()
    with pytest.raises(StoreError, match="another program"):
        open_store()
    if address.get_backend_name() == "sqlite":
        assert Path(str(address.database)).read_bytes() == before
