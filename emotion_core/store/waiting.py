"""What a recorder knows and the database does not (yet): a small file in the session's folder.

It is there from before the first row until the recording has ended and the database has all of it.
So a database that does not answer delays nothing, and whoever opens the store next finds what a
killed process left.
"""

import time
from pathlib import Path
from typing import Annotated, Any, NotRequired

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from typing_extensions import TypedDict

from emotion_core.emotions import LabelSet
from emotion_core.errors import StoreError
from emotion_core.files.atomic_files import write_json
from emotion_core.files.outside_files import read_json
from emotion_core.schema.validation import validated
from emotion_core.schema.value_types import Names, Number, OneOf, Text, WholeNumber, YesNo
from emotion_core.store.database import Database, utc
from emotion_core.store.models import (
    MAX_OWNER,
    MarkerRow,
    PersonRow,
    SessionKind,
    SessionRow,
    SessionState,
    SourceRow,
    TrackRow,
    new_id,
)
from emotion_core.store.row_times import gaps
from emotion_core.store.session_markers import GAP, KINDS
from emotion_core.store.texts import as_json

#: Key (here of the options, in the database of the details) under which stands what gave the
#: scores of each part of a recording.
READ_BY = "read_by"
_TIME = Number(0, 1e9)


class WaitingMarker(TypedDict):
    """A marker that was set during the recording."""

    id: Annotated[str, Text(32)]
    start_s: Annotated[float, _TIME]
    end_s: Annotated[float | None, Number(0, 1e9, or_none=True)]
    text: Annotated[str, Text(500)]
    kind: Annotated[str, OneOf(KINDS)]


class Waiting(TypedDict):
    """A session as its recorder knows it."""

    id: Annotated[str, Text(32)]
    name: Annotated[str, Text(100)]
    created: Annotated[float, Number(0, 253_000_000_000)]
    state: Annotated[str, OneOf(tuple(state.value for state in SessionState))]
    source: Annotated[str, Text(1000)]
    model: Annotated[str, Text(1000)]
    model_sha256: Annotated[str, Text(64)]
    detector: Annotated[str, Text(1000)]
    emotions: Annotated[tuple[str, ...], Names(100, 100)]
    versions: dict[str, Any]
    options: dict[str, Any]
    duration_s: Annotated[float, _TIME]
    frames: Annotated[int, WholeNumber(0, 2**53)]
    rows: Annotated[int, WholeNumber(0, 2**53)]
    tracks: list[int]
    markers: list[WaitingMarker]
    #: How many of the markers the database has; it may have lost some since, by its user's will.
    told: Annotated[int, WholeNumber(0, 2**31)]
    #: The same of the tracks.
    told_tracks: Annotated[int, WholeNumber(0, 2**31)]
    #: Whether the database has all of this.
    brought_in: Annotated[bool, YesNo()]
    #: Whose it is; recordings of before the owners have none.
    owner: NotRequired[Annotated[str, Text(MAX_OWNER)]]


def new_waiting(
    session: str, label_set: LabelSet, model: str, detector: str, name: str = "", owner: str = ""
) -> Waiting:
    """A recording that begins now."""
    return {
        "id": session, "name": name, "created": time.time(),
        "state": SessionState.RECORDING.value, "source": "camera", "model": model,
        "model_sha256": "", "detector": detector, "emotions": tuple(label_set.names),
        "versions": {}, "options": {}, "duration_s": 0.0, "frames": 0, "rows": 0, "tracks": [],
        "markers": [], "told": 0, "told_tracks": 0, "brought_in": False,
        "owner": owner,
    }  # fmt: skip


def add_marker(waiting: Waiting, start_s: float, end_s: float | None, text: str, kind: str) -> None:
    """Sets a marker that the database will be told of."""
    waiting["markers"].append(
        {"id": new_id(), "start_s": start_s, "end_s": end_s, "text": text, "kind": kind}
    )


def note_reader(
    waiting: Waiting, frame: int, model: str, sha256: str, labels: str, detector: str
) -> bool:
    """Takes note of what gives the scores from a frame on.

    Args:
        waiting: the session.
        frame: number of the first frame.
        model: its name.
        sha256: of the model; empty where nobody knows.
        labels: whose labels it answers with; empty where nobody knows.
        detector: of the faces.

    Returns:
        Whether that is new.
    """
    readers: list[dict[str, Any]] = waiting["options"].setdefault(READ_BY, [])
    new = {"model": model, "model_sha256": sha256, "labels": labels, "detector": detector}
    if readers and new.items() <= readers[-1].items():
        return False
    # Of two changes between the same two frames only the last one counts.
    if readers and readers[-1]["from_frame"] == frame:
        readers.pop()
    readers.append({"from_frame": frame, **new})
    waiting["model"], waiting["model_sha256"], waiting["detector"] = model, sha256, detector
    return True


def note_rows(waiting: Waiting, table: pa.Table, n_frames: int, written_s: float | None) -> bool:
    """Takes note of rows that are on the disk.

    Args:
        waiting: the session.
        table: at least one row.
        n_frames: how many frames they are of.
        written_s: time of the frame before; None where these are the first.

    Returns:
        Whether somebody is new in it, or frames are missing.
    """
    times = table["time_s"].to_numpy()
    waiting["duration_s"] = float(times[-1])
    waiting["frames"] += n_frames
    waiting["rows"] += len(table)
    new = sorted({*pc.unique(table["track"].drop_null()).to_pylist()} - {*waiting["tracks"]})
    waiting["tracks"] += new
    missing = gaps(times if written_s is None else np.append(written_s, times))
    for start_s, end_s in missing:
        add_marker(waiting, start_s, end_s, "", GAP)
    return bool(new or missing)


def read_waiting(path: Path) -> Waiting:
    """Reads the file.

    Raises:
        StoreError: it is not there, damaged, or something in it cannot be used.
    """
    return validated(Waiting, read_json(path, StoreError), str(path), StoreError)


def write_waiting(path: Path, waiting: Waiting) -> None:
    """Replaces the file.

    Raises:
        OutputError: it cannot be written.
        DiskFullError: there is no room for it.
    """
    write_json(path, waiting)


def bring_in(database: Database, waiting: Waiting) -> None:
    """Brings the database up to date, and notes that in ``waiting``.

    What the database has already is not written a second time.

    Raises:
        StoreError: see ``database_errors``.
    """
    with database.writing() as db:
        row = db.get(SessionRow, waiting["id"])
        if row is None:
            row = SessionRow(
                id=waiting["id"], kind=SessionKind.LIVE.value, name=waiting["name"], notes="",
                created=utc(waiting["created"]), details={}, owner=waiting.get("owner", ""),
            )  # fmt: skip
            row.sources = [
                SourceRow(position=0, name=waiting["source"], path="", sha256="", details={})
            ]
            db.add(row)
        row.state, row.duration_s = waiting["state"], waiting["duration_s"]
        row.frames, row.rows = waiting["frames"], waiting["rows"]
        row.model, row.model_sha256 = waiting["model"], waiting["model_sha256"]
        row.detector, row.emotions = waiting["detector"], list(waiting["emotions"])
        row.versions = as_json(waiting["versions"])
        options = dict(waiting["options"])
        readers = options.pop(READ_BY, [])
        row.options = as_json(options)
        if readers:
            # Whose labels: where a frame table's metadata would bring it.
            labels = {"labels": readers[-1]["labels"]} if readers[-1]["labels"] else {}
            row.details = {**row.details, READ_BY: readers, "model": labels}
        known = {(piece.source, piece.track) for piece in row.tracks}
        new = [
            track
            for track in waiting["tracks"][waiting["told_tracks"] :]
            if (0, track) not in known
        ]
        numbers = {person.number for person in row.people}
        row.tracks += [TrackRow(source=0, track=t, from_s=0.0, person=t) for t in new]
        row.people += [PersonRow(number=t, name="", hidden=False) for t in new if t not in numbers]
        markers = {marker.id for marker in row.markers}
        row.markers += [
            MarkerRow(**marker)
            for marker in waiting["markers"][waiting["told"] :]
            if marker["id"] not in markers
        ]
    waiting["told"], waiting["told_tracks"] = len(waiting["markers"]), len(waiting["tracks"])
