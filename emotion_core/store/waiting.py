"""What a recorder knows and the database does not (yet): a small file in the session's folder.

It is there from before the first row until the recording has ended and the database has all of it.
So a database that does not answer delays nothing, and whoever opens the store next finds what a
killed process left.
"""

import time
from pathlib import Path
from typing import Annotated, Any, NotRequired

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
)
from emotion_core.store.session_markers import KINDS
from emotion_core.store.texts import as_json

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
        row.versions, row.options = as_json(waiting["versions"]), as_json(waiting["options"])
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
