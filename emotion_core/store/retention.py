"""What is thrown away: by hand with undo, and after as many days as the user chose."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select

from emotion_core.errors import EmotionLensError, StoreError
from emotion_core.files.publishing import remove_folder
from emotion_core.store.database import (
    Database,
    get_fact,
    session_row,
    set_fact,
    subject_names,
)
from emotion_core.store.models import PersonRow, SessionRow, now
from emotion_core.store.places import SessionPlace
from emotion_core.store.session_info import SessionInfo, info_of
from emotion_core.store.session_people import forget_unused_subject

#: How long a deletion can be taken back.
UNDO_DAYS = 7
MAX_DAYS = 36_500
_DAYS, _SEEN = "retention_days", "last_seen"
# The clock of a computer is set by minutes now and then.
_CLOCK = timedelta(hours=1)


class Retention:
    """Throws sessions away.

    Args:
        database: of the store.
        root: folder of the sessions' folders.
    """

    def __init__(self, database: Database, root: Path) -> None:
        self._database = database
        self._root = root

    def days(self) -> int | None:
        """After how many days sessions are deleted; None: never.

        Raises:
            StoreError: the database cannot be read.
        """
        with self._database.reading() as db:
            text = get_fact(db, _DAYS)
        return int(text) if text.isdecimal() else None

    def set_days(self, days: int | None) -> None:
        """Chooses after how many days sessions are deleted; None: never.

        Raises:
            StoreError: no number of days, or the database cannot be written.
        """
        if days is not None and not (isinstance(days, int) and 1 <= days <= MAX_DAYS):
            raise StoreError(f"Wanted a number of days from 1 to {MAX_DAYS:,}. Received: {days!r}.")
        if self._database.owner is not None:
            raise StoreError("How long sessions are kept is chosen for everybody's at once.")
        with self._database.writing() as db:
            set_fact(db, _DAYS, "" if days is None else str(days))

    def keep_until(self, session: str, moment: datetime | None) -> None:
        """Chooses when one session is deleted; None: as the store's own rule says.

        Raises:
            StoreError: there is no such session.
        """
        with self._database.writing() as db:
            session_row(db, session).keep_until = moment

    def delete(self, session: str) -> SessionInfo:
        """See ``Store.delete``."""
        with self._database.writing() as db:
            row = session_row(db, session)
            if SessionPlace(self._root, row.id).is_being_written:
                raise StoreError(
                    f"The session {row.name or row.id} is being recorded or changed. Stop that "
                    "first."
                )
            row.deleted = now()
            return info_of(row, subject_names(db))

    def restore(self, session: str) -> SessionInfo:
        """See ``Store.restore``."""
        with self._database.writing() as db:
            row = session_row(db, session, deleted=True)
            row.deleted = None
            return info_of(row, subject_names(db))

    def purge(self, session: str) -> None:
        """Removes a deleted session for good.

        Raises:
            StoreError: there is none, it is not deleted, or its files are in use.
            OSError: a file cannot be deleted.
        """
        with self._database.reading() as db:
            row = session_row(db, session, deleted=True)
            found, is_deleted = row.id, row.deleted is not None
        if not is_deleted:
            raise StoreError(f"The session {found} is not deleted. Delete it first.")
        place = SessionPlace(self._root, found)
        # The rows first: if this is interrupted, the database still says that they should go.
        if place.folder.is_dir():
            if place.is_being_written:
                raise StoreError(f"The files of the session {found} are in use. Try again later.")
            remove_folder(place.folder)
        with self._database.writing() as db:
            wanted = select(PersonRow.subject_id).where(PersonRow.session_id == found)
            subjects = {subject for subject in db.scalars(wanted) if subject}
            db.execute(delete(SessionRow).where(SessionRow.id == found))
            for subject in subjects:
                forget_unused_subject(db, subject)

    def sweep(self) -> list[str]:
        """Deletes what was kept long enough, and removes what was deleted long ago.

        When the computer's clock has gone back since the last time, nothing is done.

        Returns:
            What went wrong, one sentence each; the store works all the same.
        """
        try:
            return self._sweep(now())
        except EmotionLensError as error:  # a store that may only be read, for example
            return [f"Nothing was thrown away: {error}"]

    def _sweep(self, moment: datetime) -> list[str]:
        days = self.days()
        with self._database.reading() as db:
            seen = get_fact(db, _SEEN)
            known = db.execute(
                select(SessionRow.id, SessionRow.created, SessionRow.keep_until, SessionRow.deleted)
            ).all()
        last = datetime.fromisoformat(seen) if seen else moment
        if not seen or abs(moment - last) > _CLOCK:
            with self._database.writing() as db:
                set_fact(db, _SEEN, moment.isoformat())
        if last - moment > _CLOCK:
            return ["The computer's clock has gone back; nothing was thrown away this time."]
        problems = []
        for session, created, keep_until, deleted in known:
            ends = keep_until
            if ends is None and days is not None:
                ends = created + timedelta(days=days)
            try:
                if deleted is not None and deleted < moment - timedelta(days=UNDO_DAYS):
                    self.purge(session)
                elif deleted is None and ends is not None and ends < moment:
                    self.delete(session)
            except (EmotionLensError, OSError) as error:
                problems.append(str(error))
        return problems
