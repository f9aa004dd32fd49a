"""What the database knows of sessions. Rows of frame tables are not in it: they are Parquet files.

Every key is a text made where the row is made, so that rows of two databases can be put together.
"""

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class SessionKind(StrEnum):
    """What a session was read from."""

    PHOTOS = "photos"
    LIVE = "live"
    VIDEO = "video"


class SessionState(StrEnum):
    """A session is in one of these."""

    RECORDING = "recording"
    INTERRUPTED = "interrupted"  # its recorder ended without a word; it can be resumed
    DONE = "done"


def new_id() -> str:
    """A key that no other row has."""
    return secrets.token_hex(8)


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


class UtcTime(TypeDecorator[datetime]):
    """A moment, always in UTC; SQLite itself knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To the database.

        Raises:
            ValueError: a time without a time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"Wanted a time with a time zone. Received: {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_KEY = String(32)
#: Longest name of an owner: an address of a provider, and 255 letters of its own.
MAX_OWNER = 1000


class Base(DeclarativeBase):
    """Base of the tables."""

    # Names of constraints are the same in every database, so that migrations find them.
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, Any]: JSON,
        list[str]: JSON,
        datetime: UtcTime,
        float: Float(53),
        str: Text,
    }


def _owner() -> Mapped[str]:
    key = ForeignKey("sessions.id", ondelete="CASCADE")
    return mapped_column(_KEY, key, index=True)


def _key() -> Mapped[str]:
    return mapped_column(_KEY, primary_key=True, default=new_id)


class StoreInfo(Base):
    """Facts about the store itself, by name."""

    __tablename__ = "store_info"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]


class SessionRow(Base):
    """A stored recording or analysis."""

    __tablename__ = "sessions"

    id: Mapped[str] = _key()
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(Text, default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[datetime] = mapped_column(UtcTime, default=now, index=True)
    duration_s: Mapped[float] = mapped_column(Float(53), default=0.0)
    frames: Mapped[int] = mapped_column(BigInteger, default=0)
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    #: When it was thrown away; it can be taken back until it is purged.
    deleted: Mapped[datetime | None] = mapped_column(UtcTime, default=None)
    #: When retention throws it away; None: as the store's own rule says.
    keep_until: Mapped[datetime | None] = mapped_column(UtcTime, default=None)
    model: Mapped[str] = mapped_column(Text, default="")
    model_sha256: Mapped[str] = mapped_column(String(64), default="")
    detector: Mapped[str] = mapped_column(Text, default="")
    emotions: Mapped[list[str]] = mapped_column(JSON, default=list)
    versions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: Who logged in when it was made; empty where nobody had to.
    owner: Mapped[str] = mapped_column(Text, default="", server_default="", index=True)
    #: Everything else that stood in the frame table's metadata.
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    sources: Mapped[list["SourceRow"]] = relationship(
        order_by="SourceRow.position", cascade="all, delete-orphan", passive_deletes=True
    )
    people: Mapped[list["PersonRow"]] = relationship(
        order_by="PersonRow.number", cascade="all, delete-orphan", passive_deletes=True
    )
    tracks: Mapped[list["TrackRow"]] = relationship(
        order_by="TrackRow.source, TrackRow.track, TrackRow.from_s",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )
    markers: Mapped[list["MarkerRow"]] = relationship(
        order_by="MarkerRow.start_s, MarkerRow.kind.desc(), MarkerRow.id",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )
    baselines: Mapped[list["BaselineRow"]] = relationship(
        order_by="BaselineRow.person", cascade="all, delete-orphan", passive_deletes=True
    )
    tags: Mapped[list["TagRow"]] = relationship(
        order_by="TagRow.name", cascade="all, delete-orphan", passive_deletes=True
    )
    memberships: Mapped[list["MembershipRow"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )


class SourceRow(Base):
    """What rows come from: a photo, a video, a camera. ``position`` is ``source`` of the rows."""

    __tablename__ = "sources"

    session_id: Mapped[str] = mapped_column(
        _KEY, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, default="")
    #: Where it stands, if it is kept by reference only.
    path: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class SubjectRow(Base):
    """One human being across sessions, as a user said; nothing is recognised."""

    __tablename__ = "subjects"

    id: Mapped[str] = _key()
    name: Mapped[str] = mapped_column(Text, unique=True)
    notes: Mapped[str] = mapped_column(Text, default="")


class PersonRow(Base):
    """Somebody in one session: the tracks that point to ``number``."""

    __tablename__ = "people"

    session_id: Mapped[str] = mapped_column(
        _KEY, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, default="")
    hidden: Mapped[bool] = mapped_column(default=False)
    subject_id: Mapped[str | None] = mapped_column(
        _KEY, ForeignKey("subjects.id", ondelete="SET NULL"), index=True, default=None
    )


class TrackRow(Base):
    """From ``from_s`` on, until the track's next entry, a track is this person's."""

    __tablename__ = "tracks"

    session_id: Mapped[str] = mapped_column(
        _KEY, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True
    )
    source: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    track: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    from_s: Mapped[float] = mapped_column(Float(53), primary_key=True, autoincrement=False)
    person: Mapped[int] = mapped_column(Integer)


class MarkerRow(Base):
    """A moment, an interval, or an interval that counts in no statistics."""

    __tablename__ = "markers"

    id: Mapped[str] = _key()
    session_id: Mapped[str] = _owner()
    start_s: Mapped[float]
    end_s: Mapped[float | None] = mapped_column(Float(53), default=None)
    text: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str] = mapped_column(String(16), default="marker")


class BaselineRow(Base):
    """An interval in which a person's face is at rest."""

    __tablename__ = "baselines"

    session_id: Mapped[str] = mapped_column(
        _KEY, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True
    )
    person: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    start_s: Mapped[float]
    end_s: Mapped[float]


class TagRow(Base):
    """A word by which sessions are found."""

    __tablename__ = "tags"
    __table_args__ = (Index("ix_tags_name", "name"),)

    session_id: Mapped[str] = mapped_column(
        _KEY, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(100), primary_key=True)


class GroupRow(Base):
    """Sessions that belong together: a study, a class."""

    __tablename__ = "groups"

    id: Mapped[str] = _key()
    name: Mapped[str] = mapped_column(Text, unique=True)
    notes: Mapped[str] = mapped_column(Text, default="")


class MembershipRow(Base):
    """A session in a group, under one of its conditions."""

    __tablename__ = "memberships"

    session_id: Mapped[str] = mapped_column(
        _KEY, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True
    )
    group_id: Mapped[str] = mapped_column(
        _KEY, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    condition: Mapped[str] = mapped_column(Text, default="")

    group: Mapped[GroupRow] = relationship()
