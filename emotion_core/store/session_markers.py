"""Moments, intervals and exclusions of a session."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from emotion_core.errors import StoreError
from emotion_core.store.database import Database, session_row
from emotion_core.store.models import MarkerRow, new_id
from emotion_core.store.texts import checked_interval, checked_text, checked_time
from emotion_core.video.markers import EXCLUDE, MARKER, MAX_TEXT, Marker, excluded_intervals

#: Kind of an interval in which no frame came; set by the recorder.
GAP = "gap"
KINDS = (MARKER, EXCLUDE, GAP)


class SessionMarkers:
    """The markers of one session.

    Args:
        database: of the store.
        session: id of the session.
    """

    def __init__(self, database: Database, session: str) -> None:
        self._database = database
        self._session = session

    def list(self) -> tuple[Marker, ...]:
        """The markers in the order of time.

        Raises:
            StoreError: the session is gone.
        """
        with self._database.reading() as db:
            rows = session_row(db, self._session, deleted=True).markers
            return tuple(Marker(m.id, m.start_s, m.end_s, m.text, m.kind) for m in rows)

    def excluded(self) -> tuple[tuple[float, float], ...]:
        """What counts in no statistics, as (start, end) in seconds; no two meet."""
        return excluded_intervals(self.list())

    def add(
        self, start_s: float, end_s: float | None = None, text: str = "", kind: str = MARKER
    ) -> Marker:
        """Sets a marker.

        Raises:
            StoreError: times, text or kind do not fit, or the session is gone.
        """
        marker = _checked(new_id(), start_s, end_s, text, kind)
        with self._database.writing() as db:
            row = session_row(db, self._session)
            row.markers.append(
                MarkerRow(
                    id=marker.id, start_s=marker.start_s, end_s=marker.end_s, text=marker.text,
                    kind=marker.kind,
                )
            )  # fmt: skip
        return marker

    def change(
        self,
        marker: str,
        start_s: float,
        end_s: float | None,
        text: str,
        kind: str | None = None,
    ) -> Marker:
        """Replaces times and text of a marker, and what kind it is of unless that is None.

        Raises:
            StoreError: there is no such marker, or times, text and kind do not fit.
        """
        with self._database.writing() as db:
            row = self._row(db, marker)
            changed = _checked(marker, start_s, end_s, text, row.kind if kind is None else kind)
            row.start_s, row.end_s, row.text = changed.start_s, changed.end_s, changed.text
            row.kind = changed.kind
        return changed

    def replace(self, markers: Sequence[Marker]) -> None:
        """Puts these in the place of all that there are.

        Raises:
            StoreError: the session is gone.
        """
        with self._database.writing() as db:
            row = session_row(db, self._session)
            row.markers = []
            db.flush()  # old keys go before the same ones come again
            row.markers = [
                MarkerRow(id=m.id, start_s=m.start_s, end_s=m.end_s, text=m.text, kind=m.kind)
                for m in markers
            ]

    def remove(self, marker: str) -> None:
        """Removes a marker.

        Raises:
            StoreError: there is no such marker.
        """
        with self._database.writing() as db:
            db.delete(self._row(db, marker))

    def _row(self, db: Session, marker: str) -> MarkerRow:
        session_row(db, self._session)
        wanted = select(MarkerRow).where(
            MarkerRow.id == marker, MarkerRow.session_id == self._session
        )
        row = db.scalar(wanted)
        if row is None:
            raise StoreError("There is no such marker any more.")
        return row


def _checked(key: str, start_s: float, end_s: float | None, text: str, kind: str) -> Marker:
    if kind not in KINDS:
        raise StoreError(f"kind: wanted one of {', '.join(KINDS)}. Received: {kind!r}.")
    if end_s is None and kind != MARKER:
        raise StoreError("Wanted an interval. Received a moment: it has no end.")
    if end_s is None:
        start_s = checked_time(start_s, "Marker")
    else:
        start_s, end_s = checked_interval(start_s, end_s, "Marker")
    return Marker(key, start_s, end_s, checked_text(text, "Marker", MAX_TEXT).strip(), kind)
