"""Records scores, never pixels, to the disk from the first second on.

The media thread only leaves rows in memory. One thread writes them every half second; another one
tells the database, which may take its time. A kill takes what is not written: less than a second.
"""

import contextlib
import copy
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from emotion_core.emotions import LabelSet
from emotion_core.errors import EmotionLensError, OutputError
from emotion_core.store.database import Database
from emotion_core.store.live_clock import SessionClock
from emotion_core.store.models import SessionState
from emotion_core.store.places import SessionPlace
from emotion_core.store.row_parts import joined, with_source
from emotion_core.store.row_times import live_ends
from emotion_core.store.waiting import (
    READ_BY,
    Waiting,
    add_marker,
    bring_in,
    note_reader,
    note_rows,
    write_waiting,
)
from emotion_core.types import FrameResult
from emotion_core.video.frame_table import FrameRows
from emotion_core.video.markers import MARKER

_logger = logging.getLogger(__name__)

#: How often rows are written.
FLUSH_S = 0.5
#: How often a database is asked again that did not answer.
RETRY_S = 5.0
#: After so many files they are joined into one: every half minute.
JOIN_FILES = 60
#: Frames in memory; a disk that takes nothing for so long ends the recording.
MAX_WAITING_FRAMES = 20_000
#: Most markers of a recording.
MAX_MARKERS = 1_000
_MARK_AGAIN_S = 1.0
# After so many files the database learns how long the recording is by now.
_TELL_FILES = 20


class Recorder:
    """A live recording. ``add`` is for the media thread and never raises.

    `Store.record` and `Store.resume` make it. What ended it early stands in ``problem``.

    Args:
        database: of the store.
        place: of the session.
        waiting: what is known of it.
        lock: holds the place; released at the end.
        clock: gives the session's time.
        first_track: what is added to track numbers, so that nobody of before gets a namesake.
        flush_s: how often rows are written.

    Raises:
        OutputError: nothing can be written.
        DiskFullError: there is no room.
    """

    def __init__(
        self,
        database: Database,
        place: SessionPlace,
        waiting: Waiting,
        lock: contextlib.ExitStack,
        clock: SessionClock,
        *,
        first_track: int = 0,
        flush_s: float = FLUSH_S,
    ) -> None:
        self.id = place.session
        self.label_set = LabelSet.from_names(waiting["emotions"])
        self.problem = ""
        self._disk_note = self._database_note = ""
        self._database = database
        self._place = place
        self._waiting = waiting
        self._held = lock
        self._clock = clock
        self._first_track = first_track
        self._number = self._join_first = place.parts.next_number()
        self._next_frame = waiting["frames"]
        self._last_s = self._written_s = waiting["duration_s"] if waiting["frames"] else None
        self._last_wall = time.time()
        self._rows = FrameRows(self.label_set)
        # Arrow imports pandas for its first rows: seconds, which a kill would take with it.
        self._rows.take()
        self._unwritten: list[pa.Table] = []  # what the disk did not take yet
        self._n_unwritten = 0
        self._lock = threading.Lock()  # for all of this; held for moments only
        self._known_lock = threading.Lock()
        self._stopping = threading.Event()
        self._changed = threading.Event()
        self._changed.set()
        self._write_known()
        self._threads = [
            threading.Thread(target=self._write_often, args=(flush_s,), name="store-rows"),
            threading.Thread(target=self._tell_often, name="store-database"),
        ]
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    @property
    def stopped(self) -> bool:
        """Whether it takes no more frames."""
        return self._stopping.is_set()

    @property
    def note(self) -> str:
        """What waits to be written, and why; empty while all is well."""
        return " ".join(filter(None, (self._disk_note, self._database_note)))

    @property
    def elapsed_s(self) -> float:
        """The session's time of its newest frame."""
        return self._last_s or 0.0

    @property
    def frames(self) -> int:
        """How many frames the session has by now."""
        return self._next_frame

    @property
    def labels(self) -> str:
        """Whose labels answer now; empty where nobody said."""
        readers = self._waiting["options"].get(READ_BY) or [{}]
        return str(readers[-1].get("labels", ""))

    @property
    def known(self) -> Waiting:
        """What is known of the session now: its name, markers, options and so on; a copy."""
        with self._lock:
            return copy.deepcopy(self._waiting)

    def add(self, result: FrameResult) -> None:
        """Takes a frame in, as it is displayed; its raw scores are kept beside."""
        with self._lock:
            if self.stopped or self.problem:
                return
            if result.scores.label_set != self.label_set:
                self.problem = "The recording ended because the new model knows other expressions."
                return
            if self._rows.frames + self._n_unwritten >= MAX_WAITING_FRAMES:
                self.problem = "The recording ended early: its rows cannot be written. " + self.note
                return
            self._last_s = self._clock.at(result.timestamp_s)
            self._last_wall = time.time()
            self._rows.add(
                replace(
                    result,
                    frame_index=self._next_frame,
                    timestamp_s=self._last_s,
                    track_ids=result.track_ids + self._first_track,
                )
            )
            self._next_frame += 1

    def mark(self, text: str = "") -> None:
        """Marks the newest moment, unless it was just marked and there is nothing to add."""
        text = text.replace("\0", "").strip()[:200]
        with self._lock:
            if self.stopped:
                return
            own = [m for m in self._waiting["markers"] if m["kind"] == MARKER]
            now_s = self.elapsed_s
            again = not text and own and now_s - own[-1]["start_s"] < _MARK_AGAIN_S
            if not again and len(own) < MAX_MARKERS:
                add_marker(self._waiting, now_s, None, text, MARKER)
        with self._told():
            self._write_known()  # at once, whatever the other threads wait for
        self._changed.set()

    def use(self, model: str, detector: str, *, labels: str = "", model_sha256: str = "") -> None:
        """Says what gives the scores of the frames to come; a change stands as a marker.

        For the media thread, too: nothing is written here.

        Args:
            model: its name.
            detector: of the faces.
            labels: whose labels the model answers with.
            model_sha256: of the model.
        """
        with self._lock:
            before = self._waiting["model"], self._waiting["detector"], self.labels
            frame = self._next_frame
            if not note_reader(self._waiting, frame, model, model_sha256, labels, detector):
                return
            if frame and before != (model, detector, labels):
                text = ", ".join(filter(None, (model, labels, detector)))
                add_marker(self._waiting, self.elapsed_s, None, text[:200], MARKER)
        self._changed.set()

    def stop(self) -> None:
        """Ends the recording; may be called again. What cannot be written now waits on the disk.

        Rows that a full disk does not take are lost with this process; ``problem`` says so.
        """
        self._end(SessionState.DONE)

    def interrupt(self) -> None:
        """Ends it for now, as a kill would but without loss: it can be resumed."""
        self._end(SessionState.INTERRUPTED)

    def _end(self, state: SessionState) -> None:
        with self._lock:
            if self.stopped:
                return
            self._stopping.set()
        self._changed.set()
        for thread in self._threads:
            thread.join()
        try:
            self._flush()
            if self._unwritten:
                self.problem = self.problem or self.note
            with self._told():
                self._place.parts.join()
            self._waiting["state"] = state.value
            with self._told():
                self._write_known()
                if self._bring_in():
                    if state == SessionState.DONE:
                        self._place.waiting.unlink(missing_ok=True)
                    else:
                        self._waiting["brought_in"] = True
                        self._write_known()
        finally:
            self._held.close()

    def _write_often(self, seconds: float) -> None:
        while not self._stopping.wait(seconds):
            self._flush()

    def _flush(self) -> None:
        """Writes the rows that wait; what the disk does not take is tried again next time."""
        with self._told():
            with self._lock:
                rows, wall = self._rows, self._last_wall
                self._rows = FrameRows(self.label_set)
                self._n_unwritten += rows.frames
            # Not while the media thread waits.
            if rows.frames:
                self._unwritten.append(rows.take())
            if not self._unwritten:
                return
            table = joined(self._unwritten)
            ends = live_ends(table["time_s"].to_numpy())
            rows = with_source(table, 0, ends, self.label_set)
            try:
                self._place.parts.write(rows, self._number, {"wall": wall})
            except OutputError as error:
                self._unwritten, self._disk_note = [table], str(error)
                return
            with self._lock:
                n_frames, self._n_unwritten = self._n_unwritten, 0
                self._unwritten, self._disk_note = [], ""
                is_news = note_rows(self._waiting, table, n_frames, self._written_s)
                self._written_s = self._waiting["duration_s"]
            self._number += 1
            if is_news or self._number % _TELL_FILES == 0:
                self._changed.set()
            if self._number - self._join_first >= JOIN_FILES:
                # Small files since the last time; otherwise there would be thousands.
                self._place.parts.join(first=self._join_first, target_rows=2**62)
                self._join_first = self._number

    def _tell_often(self) -> None:
        """Tells the database what is new, and again later if it does not answer."""
        while True:
            self._changed.wait()
            if self.stopped:
                return
            self._changed.clear()
            with self._told():
                self._write_known()
                if self._bring_in():
                    continue
            if not self._stopping.wait(RETRY_S):
                self._changed.set()

    def _bring_in(self) -> bool:
        known = self.known
        try:
            bring_in(self._database, known)
        except EmotionLensError as error:
            self._database_note = str(error)
            return False
        with self._lock:
            self._waiting["told"] = known["told"]
            self._waiting["told_tracks"] = known["told_tracks"]
        self._database_note = ""
        return True

    def _write_known(self) -> None:
        with self._known_lock:  # so that no older knowledge replaces newer
            write_waiting(self._place.waiting, self.known)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong in a thread of the recorder is told, and ends the recording at most."""
        try:
            yield
        except OutputError as error:
            self._disk_note = str(error)
        except EmotionLensError as error:
            self.problem = self.problem or str(error)
        except Exception:
            _logger.exception("The recording could not continue")
            self.problem = self.problem or (
                "The recording ended early because of an unexpected error, which stands in the "
                "server's log. What was recorded until then is kept."
            )
