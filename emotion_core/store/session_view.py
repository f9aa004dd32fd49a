"""A session's rows as its user sees them: what ``video.view`` is for a video's table."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np

from emotion_core.errors import StoreError
from emotion_core.store.models import SessionKind
from emotion_core.store.session import StoredSession
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.stored_frames import person_ids
from emotion_core.store.who import Who
from emotion_core.types import BoolArray, Float64Array, Int64Array
from emotion_core.video.frame_table import FrameTable, to_pandas
from emotion_core.video.markers import Marker, excluded_intervals
from emotion_core.video.people_list import ListedPerson, people_of_rows
from emotion_core.video.redecide import redecided_table
from emotion_core.video.view import VideoView, view_of_people
from emotion_core.video.view_settings import OWN, ViewSettings

#: Rows that are shown on a page; more of them take gigabytes of memory.
MAX_ROWS = 3_000_000
_MAX_KEPT = 4


@dataclass(frozen=True, slots=True, eq=False)
class SessionRows:
    """The rows of a session with who each is.

    Attributes:
        table: the rows, N of them.
        ids: (N,) int64, the person of each; 0 without a face, or where nobody said who it is.
        ends_s: (N,) until when each stands for what is seen.
        who: who is who.
        info: what is known of the session.
        markers: moments and intervals.
    """

    table: FrameTable
    ids: Int64Array
    ends_s: Float64Array
    who: Who
    info: SessionInfo
    markers: tuple[Marker, ...]

    @property
    def hidden(self) -> BoolArray:
        """(N,) bool, rows of people who are not to be seen."""
        hidden: BoolArray = np.isin(self.ids, sorted(self.who.hidden)) & (self.ids > 0)
        return hidden

    @property
    def spans(self) -> tuple[Float64Array, Float64Array]:
        """From when until when each row stands for what is seen, both (N,) seconds."""
        times = self.table.frames["time_s"].to_numpy(np.float64)
        return times, np.maximum(self.ends_s, times)

    def people(self) -> tuple[ListedPerson, ...]:
        """Everybody of whom there are rows, hidden or not, by number."""
        frames = self.table.frames
        return people_of_rows(frames, self.ids, self.hidden, self.who.name, self.spans)

    def view(self, settings: ViewSettings = OWN) -> VideoView:
        """The rows after everything that their user changed.

        Args:
            settings: another threshold or smoothing than the reading took.

        Raises:
            VideoError: an option is out of range.
        """
        table = redecided_table(
            self.table, threshold=settings.threshold, half_life_s=settings.half_life_s
        )
        return view_of_people(
            table.frames,
            table.label_set,
            ids=self.ids,
            hidden=self.hidden,
            name=self.who.name,
            spans=self.spans,
            begin_s=float(self.info.options.get("from_s") or 0.0),
            excluded=excluded_intervals(self.markers),
        )


def read_session_rows(session: StoredSession) -> SessionRows:
    """Reads the rows of a session of a video or of live video.

    Raises:
        StoreError: they cannot be read, or are more than can be shown.
    """
    info = session.info()
    if info.kind == SessionKind.PHOTOS:
        raise StoreError("Wanted a session with times. Received photos.")
    if info.rows > MAX_ROWS:
        raise StoreError(
            f"This session has {info.rows:,} rows, more than can be shown at once "
            f"({MAX_ROWS:,}). Its figures and its rows can be had by `sessions export`."
        )
    rows, who = session.rows(), session.who()
    ids = person_ids(rows, who)
    frames = to_pandas(rows)
    ends = frames["until_s"].to_numpy(np.float64)
    frames = frames.drop(columns=["source", "until_s"])
    metadata = {"options": dict(info.options), "source": {"duration_s": info.duration_s}}
    if len(info.sources) == 1:
        metadata["source"] = {**info.sources[0].details, "name": info.sources[0].name}
    # Rows of a running recording are there before the database has heard of their people.
    tracks = frames["track"].to_numpy(np.int64, na_value=0)
    known = {track for _, track in who.first_person()}
    ids = np.where((ids == 0) & ~np.isin(tracks, sorted(known)), tracks, ids)
    return SessionRows(FrameTable(frames, metadata), ids, ends, who, info, session.markers.list())


class SessionRowsCache:
    """Rows and views of sessions, kept while they stay the same. Callable from any thread.

    Args:
        max_kept: sessions of which something is kept.
    """

    def __init__(self, max_kept: int = _MAX_KEPT) -> None:
        self._max_kept = max_kept
        self._lock = threading.Lock()
        self._rows: OrderedDict[str, tuple[Hashable, SessionRows]] = OrderedDict()
        self._views: OrderedDict[Hashable, VideoView] = OrderedDict()

    def rows(self, session: StoredSession) -> SessionRows:
        """The rows as the session is now.

        Raises:
            StoreError: see ``read_session_rows``.
        """
        with self._lock:
            return self._read(session)

    def view(self, session: StoredSession, settings: ViewSettings = OWN) -> VideoView:
        """The view of the session as it is now.

        Raises:
            StoreError: see ``read_session_rows``.
            VideoError: a setting is out of range.
        """
        with self._lock:
            key = (version_of(session), settings)
            found = self._views.get(key)
            if found is None:
                found = self._read(session).view(settings)
                self._views[key] = found
            self._views.move_to_end(key)
            while len(self._views) > self._max_kept:
                self._views.popitem(last=False)
            return found

    def _read(self, session: StoredSession) -> SessionRows:
        version = _rows_version(session)
        known = self._rows.get(session.id)
        if known is None or known[0] != version:
            known = version, read_session_rows(session)
        else:
            known = version, _as_it_is_now(known[1], session)
        self._rows[session.id] = known
        self._rows.move_to_end(session.id)
        while len(self._rows) > self._max_kept:
            self._rows.popitem(last=False)
        return known[1]


def version_of(session: StoredSession) -> Hashable:
    """What changes with the rows of a session, with who is who and with the markers.

    Raises:
        StoreError: the session is gone.
    """
    return _rows_version(session), session.people.said(), session.markers.list()


def _rows_version(session: StoredSession) -> Hashable:
    stamps = []
    for part in session.place.parts.parts():
        try:
            found = part.path.stat()
        except FileNotFoundError:  # joined to a larger one meanwhile
            continue
        stamps.append((part.path.name, found.st_mtime_ns, found.st_size))
    return session.id, str(session.place.folder), tuple(stamps)


def _as_it_is_now(known: SessionRows, session: StoredSession) -> SessionRows:
    """The same rows with who is who by now: no file is read again for a name."""
    info, who, markers = session.info(), session.who(), session.markers.list()
    ids = known.ids
    if who.pieces != known.who.pieces:
        return read_session_rows(session)
    return replace(known, ids=ids, who=who, info=info, markers=markers)
