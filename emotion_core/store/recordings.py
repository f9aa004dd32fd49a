"""Begins recordings, takes interrupted ones up again, and brings in what the database missed."""

import contextlib
import logging
import time
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from emotion_core.emotions import LabelSet
from emotion_core.errors import EmotionLensError, StoreError
from emotion_core.store.database import Database
from emotion_core.store.live_clock import SessionClock, resumed_at
from emotion_core.store.models import SessionState, new_id
from emotion_core.store.places import SessionPlace
from emotion_core.store.recorder import FLUSH_S, Recorder
from emotion_core.store.row_parts import joined, rows_schema
from emotion_core.store.row_times import gaps
from emotion_core.store.session_markers import GAP
from emotion_core.store.texts import as_json, checked_name
from emotion_core.store.waiting import (
    Waiting,
    bring_in,
    new_waiting,
    note_reader,
    read_waiting,
    write_waiting,
)
from emotion_core.video.markers import MARKER

_logger = logging.getLogger(__name__)


def begin_recording(
    database: Database,
    root: Path,
    label_set: LabelSet,
    model: str,
    detector: str,
    *,
    name: str = "",
    model_sha256: str = "",
    labels: str = "",
    versions: dict[str, object] | None = None,
    options: dict[str, object] | None = None,
    flush_s: float = FLUSH_S,
) -> Recorder:
    """See ``Store.record``."""
    session = new_id()
    waiting = new_waiting(session, label_set, model, detector, owner=database.owner or "")
    waiting["name"] = checked_name(name, "Name of a session", empty=True)
    waiting["versions"], waiting["options"] = as_json(versions or {}), as_json(options or {})
    note_reader(waiting, 0, model, model_sha256, labels, detector)
    place = SessionPlace(root, session)
    with contextlib.ExitStack() as stack:
        stack.enter_context(place.writing("recorded"))
        return Recorder(database, place, waiting, stack.pop_all(), SessionClock(), flush_s=flush_s)


def resume_recording(
    database: Database, root: Path, session: str, *, flush_s: float = FLUSH_S
) -> Recorder:
    """See ``Store.resume``."""
    place = SessionPlace(root, session)
    if not place.waiting.is_file() or not _is_own(database, place):
        raise StoreError(
            f"The session {session} cannot be resumed: its recording has ended, or it is none."
        )
    with contextlib.ExitStack() as stack:
        stack.enter_context(place.writing("resumed"))
        waiting = _settled(place, read_waiting(place.waiting))
        wall = time.time()
        known = place.parts.parts()
        last_wall = place.parts.metadata(known[-1]).get("wall", wall) if known else wall
        begin_s, is_known = resumed_at(waiting["duration_s"], float(last_wall), wall)
        if not known:
            begin_s = 0.0
        if not is_known:
            waiting["markers"].append(
                {
                    "id": new_id(), "start_s": begin_s, "end_s": None, "kind": MARKER,
                    "text": "The computer's clock was set back. How long the gap was is not known.",
                }
            )  # fmt: skip
        waiting["state"] = SessionState.RECORDING.value
        waiting["brought_in"] = False
        return Recorder(
            database,
            place,
            waiting,
            stack.pop_all(),
            SessionClock(begin_s),
            first_track=max(waiting["tracks"], default=0),
            flush_s=flush_s,
        )


def end_recording(database: Database, root: Path, session: str) -> None:
    """See ``Store.end``."""
    place = SessionPlace(root, session)
    if not place.waiting.is_file() or not _is_own(database, place):
        raise StoreError(
            f"The session {session} cannot be ended: its recording has ended, or it is none."
        )
    with place.writing("ended"):
        waiting = _settled(place, read_waiting(place.waiting))
        waiting["state"] = SessionState.DONE.value
        waiting["brought_in"] = False
        write_waiting(place.waiting, waiting)
        # What the database cannot take now, whoever opens the store next brings in.
        _adopt(database, place)


def _is_own(database: Database, place: SessionPlace) -> bool:
    owner = database.owner
    return owner is None or read_waiting(place.waiting).get("owner", "") == owner


def adopt_waiting(database: Database, root: Path) -> list[str]:
    """Brings in what recorders left that were killed, or could not reach the database.

    Returns:
        What could not be brought in, one sentence each; it waits on.
    """
    problems: list[str] = []
    if not root.is_dir():
        return problems
    for path in sorted(root.glob("*/waiting.json")):
        place = SessionPlace(root, path.parent.name)
        if place.is_being_written:
            continue
        try:
            with place.writing("brought in"):
                _adopt(database, place)
        except EmotionLensError as error:
            problems.append(str(error))
            _logger.warning("%s", error)
    return problems


def _adopt(database: Database, place: SessionPlace) -> None:
    if not place.waiting.is_file():
        return  # somebody was quicker
    waiting = read_waiting(place.waiting)
    if waiting["id"] != place.session:
        raise StoreError(f"{place.waiting}: wanted the id of its folder. Received another one.")
    is_new = waiting["state"] == SessionState.RECORDING
    if is_new:
        waiting = _settled(place, waiting)
        waiting["state"] = SessionState.INTERRUPTED.value
        waiting["brought_in"] = False
    if not waiting["brought_in"]:
        write_waiting(place.waiting, waiting)
        bring_in(database, waiting)
        waiting["brought_in"] = True
        write_waiting(place.waiting, waiting)
    if waiting["state"] == SessionState.DONE:
        place.waiting.unlink(missing_ok=True)


def _settled(place: SessionPlace, waiting: Waiting) -> Waiting:
    """What is known of a recording after a kill: what its rows say."""
    place.parts.join()
    tables = [table.select(["time_s", "frame", "track"]) for table in place.parts.tables()]
    schema = rows_schema(LabelSet.from_names(waiting["emotions"]))
    empty = schema.empty_table().select(["time_s", "frame", "track"])
    rows = joined([empty, *tables])
    times = rows["time_s"].to_numpy()
    waiting["rows"] = len(rows)
    waiting["frames"] = int(rows["frame"][-1].as_py()) + 1 if len(rows) else 0
    waiting["duration_s"] = float(times[-1]) if len(rows) else 0.0
    seen = {*pc.unique(rows["track"].drop_null()).to_pylist()}
    waiting["tracks"] += sorted(seen - {*waiting["tracks"]})
    marked = [m["start_s"] for m in waiting["markers"] if m["kind"] == GAP]
    for start_s, end_s in gaps(np.unique(times)):
        if not any(abs(start_s - known) < 1e-6 for known in marked):
            waiting["markers"].append(
                {"id": new_id(), "start_s": start_s, "end_s": end_s, "text": "", "kind": GAP}
            )
    return waiting
