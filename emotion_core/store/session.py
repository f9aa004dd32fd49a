"""One stored session: its rows, who is in it, and what its user says of it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlalchemy import select

from emotion_core.errors import StoreError
from emotion_core.store.database import Database, session_row, subject_names
from emotion_core.store.models import (
    GroupRow,
    MembershipRow,
    SessionKind,
    SessionRow,
    TagRow,
    new_id,
)
from emotion_core.store.places import SessionPlace, person_picture, source_picture
from emotion_core.store.row_parts import joined, rows_schema
from emotion_core.store.session_info import SessionInfo, info_of, who_of
from emotion_core.store.session_markers import SessionMarkers
from emotion_core.store.session_people import SessionPeople
from emotion_core.store.shares import ExpressionShares, Interval
from emotion_core.store.stored_frames import build_frames
from emotion_core.store.texts import checked_name, checked_text
from emotion_core.store.who import Who
from emotion_core.video.summary import UNCERTAIN

if TYPE_CHECKING:
    import pandas as pd


class StoredSession:
    """A session of a store; `Store.session` gives it. Every call is a transaction of its own.

    Args:
        database: of the store.
        place: its files.
    """

    def __init__(self, database: Database, place: SessionPlace) -> None:
        self._database = database
        self.id = place.session
        self.place = place
        #: Who is in it.
        self.people = SessionPeople(database, self.id)
        #: Moments, intervals and exclusions.
        self.markers = SessionMarkers(database, self.id)

    def info(self) -> SessionInfo:
        """What is known of it now.

        Raises:
            StoreError: it is gone, or the database cannot be read.
        """
        with self._database.reading() as db:
            return info_of(session_row(db, self.id, deleted=True), subject_names(db))

    def who(self) -> Who:
        """Who is who.

        Raises:
            StoreError: it is gone, or the database cannot be read.
        """
        with self._database.reading() as db:
            return who_of(session_row(db, self.id, deleted=True))

    def rows(self) -> pa.Table:
        """The rows as they were read, see ``row_parts.rows_schema``, in the order of time.

        Raises:
            StoreError: rows cannot be read.
        """
        tables = list(self.place.parts.tables())
        return joined(tables) if tables else rows_schema(self.info().label_set).empty_table()

    def frames(self, *, hidden: bool = False) -> "pd.DataFrame":
        """The rows with people by name, as a frame for pandas.

        Beside the columns of a frame table stand ``source`` (position of what a row comes from),
        ``until_s`` (until when it stands for what is seen) and ``person_id`` (0 without a face, or
        where nobody said who it is).

        Args:
            hidden: whether people who are hidden are in it.

        Raises:
            StoreError: rows cannot be read.
        """
        return build_frames(self.rows(), self.who(), hidden=hidden)

    def shares(
        self, intervals: Mapping[str, Interval] | None = None, *, hidden: bool = False
    ) -> "pd.DataFrame":
        """How long each person showed each expression, see `ExpressionShares.compute`.

        What is excluded by a marker does not count.

        Args:
            intervals: {name: (start, end) in seconds}; None: the whole session as ``"all"``.
            hidden: whether people who are hidden are in it.

        Raises:
            StoreError: rows cannot be read, or an interval is none.
        """
        excluded = self.markers.excluded()
        parts = ExpressionShares(self.place.parts, self.who(), excluded)
        return parts.compute(intervals, hidden=hidden)

    def overall(self) -> dict[str, float]:
        """Which share of all time with a face each expression was shown; of photos, of all faces.

        Hidden people and excluded times do not count.

        Returns:
            {expression, or ``"uncertain"``: share}, adding up to 1; empty where there is no face.

        Raises:
            StoreError: rows cannot be read.
        """
        info = self.info()
        if info.kind == SessionKind.PHOTOS:
            faces = self.frames().dropna(subset=["track"])
            doubt = faces["uncertain"].astype(bool)
            found = faces["expression"].astype(object).where(~doubt, UNCERTAIN).value_counts()
        else:
            found = self.shares().groupby("expression")["seconds"].sum()
        total = float(found.sum())
        order = [name for name in (*info.label_set.names, UNCERTAIN) if name in found.index]
        return {name: float(found[name]) / total for name in order} if total else {}

    def rename(self, name: str) -> None:
        """Gives it a name.

        Raises:
            StoreError: it is too long, or the session is gone.
        """
        self._set(name=checked_name(name, "Name of a session", empty=True))

    def set_notes(self, notes: str) -> None:
        """Replaces its notes.

        Raises:
            StoreError: they are too long, or the session is gone.
        """
        self._set(notes=checked_text(notes, "Notes"))

    def add_tag(self, tag: str) -> None:
        """Adds a tag; one that it has stays.

        Raises:
            StoreError: it is no name, or the session is gone.
        """
        name = checked_name(tag, "Tag")
        with self._database.writing() as db:
            row = session_row(db, self.id)
            if name not in {known.name for known in row.tags}:
                row.tags.append(TagRow(name=name))

    def remove_tag(self, tag: str) -> None:
        """Removes a tag, if it has it.

        Raises:
            StoreError: the session is gone.
        """
        with self._database.writing() as db:
            row = session_row(db, self.id)
            row.tags = [known for known in row.tags if known.name != tag.strip()]

    def join_group(self, group: str, condition: str = "") -> None:
        """Puts it into a group, which is made if it is new; a second time changes the condition.

        Raises:
            StoreError: a name is none, or the session is gone.
        """
        name = checked_name(group, "Group")
        condition = checked_name(condition, "Condition", empty=True)
        with self._database.writing() as db:
            row = session_row(db, self.id)
            known = db.scalar(select(GroupRow).where(GroupRow.name == name))
            if known is None:
                known = GroupRow(id=new_id(), name=name, notes="")
                db.add(known)
                db.flush()
            db.merge(MembershipRow(session_id=row.id, group_id=known.id, condition=condition))

    def leave_group(self, group: str) -> None:
        """Takes it out of a group; a group without sessions is forgotten.

        Raises:
            StoreError: the session is gone.
        """
        with self._database.writing() as db:
            row = session_row(db, self.id)
            for member in list(row.memberships):
                if member.group.name == group.strip():
                    left = member.group
                    row.memberships.remove(member)
                    db.flush()
                    others = select(MembershipRow).where(MembershipRow.group_id == left.id)
                    if db.scalar(others.limit(1)) is None:
                        db.delete(left)

    def pictures(self) -> Sequence[str]:
        """File names of the pictures that are kept; none unless the user wanted some."""
        with suppress(FileNotFoundError):
            return sorted(path.name for path in self.place.pictures.iterdir())
        return []

    def picture(self, *, source: int | None = None, person: int | None = None) -> bytes | None:
        """A picture of a source or a person as JPEG; None where none is kept."""
        if source is None and person is None:
            raise StoreError("Wanted a source or a person. Received neither.")
        name = source_picture(source) if source is not None else person_picture(person or 0)
        with suppress(FileNotFoundError):
            return (self.place.pictures / name).read_bytes()
        return None

    def _set(self, **values: str) -> None:
        with self._database.writing() as db:
            row: SessionRow = session_row(db, self.id)
            for name, value in values.items():
                setattr(row, name, value)
