"""The database of the store: opened, brought up to date, and used in short transactions."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, select
from sqlalchemy.orm import Session, selectinload

from emotion_core.errors import StoreError
from emotion_core.store.backups import back_up_database
from emotion_core.store.database_errors import database_errors
from emotion_core.store.database_url import database_url, shown_url
from emotion_core.store.engine import build_engine, without_transactions, writer_of
from emotion_core.store.models import (
    MembershipRow,
    PersonRow,
    SessionRow,
    StoreInfo,
    SubjectRow,
)
from emotion_core.store.upgrading import Upgrade, upgrade

# Whose sessions a transaction sees, among what SQLAlchemy carries with it.
_OWNER = "owner"


class Database:
    """Opens the database; what is missing in it is made, and older forms are brought up to date.

    Args:
        url: see ``database_url``.
        backups: folder for a copy of an older form.

    Raises:
        StoreError: it is newer, another program's, damaged, locked or cannot be opened.
        StoreUnavailableError: the server does not answer.
    """

    def __init__(self, url: str | Path | None, backups: Path) -> None:
        self.url = database_url(url)
        #: Whose sessions are seen; None: everybody's.
        self.owner: str | None = None
        self._engine = build_engine(self.url)
        self._writer = writer_of(self._engine)

        def backup(connection: Connection, revision: str) -> Path:
            return back_up_database(connection, self.url, revision, backups)

        try:
            with database_errors(self.url):
                self.upgraded: Upgrade = upgrade(self._engine, backup)
        except BaseException:
            self._engine.dispose()
            raise

    def limited_to(self, owner: str | None) -> "Database":
        """The same database, for one person's sessions alone; the engine is shared.

        Args:
            owner: whose; None: everybody's.
        """
        limited = copy.copy(self)
        limited.owner = owner
        return limited

    @property
    def name(self) -> str:
        """What the database is called: a path, or an address without its password."""
        return shown_url(self.url)

    def close(self) -> None:
        """Closes what connections there are; they open again when they are needed."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that changes nothing.

        Raises:
            StoreError: see ``database_errors``.
        """
        with database_errors(self.url), self._session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is kept whole, or not at all if the block raises.

        Raises:
            StoreError: see ``database_errors``.
        """
        with database_errors(self.url), self._session(self._writer) as session, session.begin():
            yield session

    def _session(self, engine: Engine) -> Session:
        return Session(engine, info={_OWNER: self.owner})

    @contextmanager
    def reading_raw(self) -> Iterator[Connection]:
        """As ``reading``, without objects; everything in it is of one moment.

        Raises:
            StoreError: see ``database_errors``.
        """
        engine = self._engine
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with database_errors(self.url), engine.begin() as connection:
            yield connection

    @contextmanager
    def writing_raw(self) -> Iterator[Connection]:
        """As ``writing``, without objects.

        Raises:
            StoreError: see ``database_errors``.
        """
        with database_errors(self.url), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def outside_transactions(self) -> Iterator[Connection]:
        """A connection for what cannot stand in a transaction.

        Raises:
            StoreError: see ``database_errors``.
        """
        engine = without_transactions(self._engine)
        with database_errors(self.url), engine.connect() as connection:
            yield connection


def session_row(db: Session, session: str, *, deleted: bool = False) -> SessionRow:
    """A session by its id; one of somebody else is as good as none.

    Args:
        db: a transaction.
        session: the id, or the beginning of it if no other session begins so.
        deleted: whether it may have been thrown away.

    Raises:
        StoreError: there is none, or there are several.
    """
    owner = db.info.get(_OWNER)
    row = db.get(SessionRow, session)
    if row is not None and owner is not None and row.owner != owner:
        row = None
    if row is None and len(session) >= 4:
        known = _own(select(SessionRow), db).where(
            SessionRow.id.startswith(session, autoescape=True)
        )
        found = db.scalars(known.limit(2)).all()
        if len(found) > 1:
            raise StoreError(f"Several sessions begin with {session}. Give more of the id.")
        row = found[0] if found else None
    if row is None:
        raise StoreError(f"There is no session {session}. `sessions list` shows all.")
    if row.deleted is not None and not deleted:
        raise StoreError(f"The session {row.name or row.id} was deleted. Restore it first.")
    return row


def session_rows(db: Session) -> list[SessionRow]:
    """All sessions, newest first, with what is told of them in a list."""
    wanted = (
        _own(select(SessionRow), db)
        .order_by(SessionRow.created.desc(), SessionRow.id)
        .options(
            selectinload(SessionRow.sources),
            selectinload(SessionRow.people),
            selectinload(SessionRow.tags),
            selectinload(SessionRow.baselines),
            selectinload(SessionRow.memberships).joinedload(MembershipRow.group),
        )
    )
    return list(db.scalars(wanted))


def subject_names(db: Session) -> Mapping[str, str]:
    """{id: name} of people across sessions."""
    wanted = select(SubjectRow)
    if db.info.get(_OWNER) is not None:
        theirs = _own(select(PersonRow.subject_id).join(SessionRow), db).distinct()
        wanted = wanted.where(SubjectRow.id.in_(theirs))
    return {row.id: row.name for row in db.scalars(wanted)}


def own_people(db: Session, subject: str) -> list[tuple[str, int]]:
    """(session, number) of somebody in all sessions that the transaction sees."""
    wanted = _own(select(PersonRow).join(SessionRow), db).where(PersonRow.subject_id == subject)
    return [(person.session_id, person.number) for person in db.scalars(wanted)]


def _own(wanted: Select[Any], db: Session) -> Select[Any]:
    """Only what belongs to whom the transaction is for."""
    owner = db.info.get(_OWNER)
    return wanted if owner is None else wanted.where(SessionRow.owner == owner)


def get_fact(db: Session, name: str) -> str:
    """A fact about the store; empty where it does not stand there."""
    row = db.get(StoreInfo, name)
    return "" if row is None else row.value


def set_fact(db: Session, name: str, value: str) -> None:
    """Writes a fact about the store."""
    db.merge(StoreInfo(name=name, value=value))


def utc(timestamp: float) -> datetime:
    """A Unix time as a moment."""
    return datetime.fromtimestamp(timestamp, UTC)
