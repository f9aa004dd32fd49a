"""Videos and photos become sessions: their frame tables are copied, and who is who is kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from emotion_core.emotions import LabelSet
from emotion_core.errors import StoreError
from emotion_core.files.atomic_files import make_folder, readable, write_atomic
from emotion_core.files.publishing import remove_folder
from emotion_core.store.database import Database
from emotion_core.store.models import (
    MarkerRow,
    PersonRow,
    SessionKind,
    SessionRow,
    SessionState,
    SourceRow,
    TrackRow,
    new_id,
    now,
)
from emotion_core.store.places import SessionPlace, source_picture
from emotion_core.store.row_parts import PART_ROWS, count_frames, last_time, with_source
from emotion_core.store.texts import as_json, checked_name
from emotion_core.store.who import TrackPiece, pieces_of
from emotion_core.types import FrameResult
from emotion_core.video.durations import row_spans
from emotion_core.video.frame_table import FrameRows, read_metadata, read_rows
from emotion_core.video.markers import MarkersFile
from emotion_core.video.people import PeopleFile, build_people
from emotion_core.video.video_folder import VideoFolder

# What of a table's metadata has a place of its own.
_PLACED = frozenset({"model", "detector", "versions", "options", "emotions", "source", "format"})
_PLACED_OF_MODEL = frozenset({"name", "sha256"})


@dataclass(frozen=True, slots=True)
class AnalysedPhoto:
    """A photo that was read.

    Attributes:
        name: of its file.
        result: what was read in it.
        sha256: of its bytes; empty where nobody knows.
        picture: a small JPEG to keep; None for none, which is what a user gets who did not ask.
    """

    name: str
    result: FrameResult
    sha256: str = ""
    picture: bytes | None = None


def add_video(database: Database, root: Path, folder: Path, *, name: str = "") -> str:
    """See ``Store.add_video``."""
    path = folder / "frames.parquet" if folder.is_dir() else folder
    table = read_rows(path)
    metadata = read_metadata(table.schema)
    label_set = _label_set(table, path)
    source = metadata.get("source", {})
    times = table["time_s"].to_numpy()
    end_s = metadata.get("options", {}).get("to_s") or source.get("duration_s")
    tracks = table["track"].fill_null(0).to_numpy().astype(np.int64)
    who = build_people(tracks, times, PeopleFile(path.with_name("people.json")).edits())
    hidden = {int(number) for number in np.unique(who.ids[who.hidden])}
    rows = with_source(
        table.replace_schema_metadata(None), 0, row_spans(times, end_s)[1], label_set
    )
    row = _row(SessionKind.VIDEO, name or str(source.get("name", "")), metadata, label_set)
    row.duration_s = max(float(source.get("duration_s") or 0.0), last_time(rows))
    video = metadata.get("path") or _library_path(path.parent)
    row.sources = [
        SourceRow(
            position=0, name=str(source.get("name", "")), path=str(video),
            sha256=str(source.get("sha256", "")), size_bytes=int(source.get("size_bytes", 0)),
            details=as_json(source),
        )
    ]  # fmt: skip
    row.people = [
        PersonRow(number=number, name=who.names.get(number, ""), hidden=number in hidden)
        for number in np.unique(who.ids[who.ids > 0]).tolist()
    ]
    row.tracks = _tracks(pieces_of(0, tracks, times, who.ids))
    row.markers = [
        MarkerRow(id=new_id(), start_s=m.start_s, end_s=m.end_s, text=m.text, kind=m.kind)
        for m in MarkersFile(path.with_name("markers.json")).load()
    ]
    return _add(database, root, row, _pieces(rows), {})


def add_photos(
    database: Database,
    root: Path,
    photos: Sequence[AnalysedPhoto],
    label_set: LabelSet,
    *,
    metadata: Mapping[str, Any],
    name: str = "",
) -> str:
    """See ``Store.add_photos``."""
    if not photos:
        raise StoreError("Wanted photos to keep. Received none.")
    row = _row(SessionKind.PHOTOS, name, metadata, label_set)
    tables = []
    pieces: list[TrackPiece] = []
    for position, photo in enumerate(photos):
        rows = FrameRows(label_set)
        rows.add(photo.result)
        table = rows.take()
        frame = pa.array([position] * len(table), pa.int64())
        table = table.set_column(0, table.schema.field("frame"), frame)
        # Nobody is known from one photo to the next, and none of them has a length.
        table = table.set_column(
            table.column_names.index("person"),
            table.schema.field("person"),
            pa.nulls(len(table), table.schema.field("person").type),
        )
        tables.append(with_source(table, position, table["time_s"].to_numpy(), label_set))
        tracks = table["track"].drop_null().to_pylist()
        pieces += [TrackPiece(position, track, 0.0, 0) for track in tracks]
    row.sources = [
        SourceRow(
            position=position, name=photo.name.replace("\0", ""), path="", sha256=photo.sha256,
            size_bytes=0, details={},
        )
        for position, photo in enumerate(photos)
    ]  # fmt: skip
    row.tracks = _tracks(pieces)
    pictures = {
        source_picture(position): photo.picture
        for position, photo in enumerate(photos)
        if photo.picture is not None
    }
    return _add(database, root, row, _grouped(tables), pictures)


def _add(
    database: Database,
    root: Path,
    row: SessionRow,
    tables: Iterable[pa.Table],
    pictures: Mapping[str, bytes],
) -> str:
    """Files first: what the database knows is always there."""
    place = SessionPlace(root, row.id)
    session = row.id
    row.owner = database.owner or ""
    with place.writing("added"):
        try:
            row.frames = row.rows = 0
            for number, table in enumerate(tables):
                place.parts.write(table, number)
                row.frames += count_frames(table)
                row.rows += len(table)
            for name, data in pictures.items():
                make_folder(place.pictures)
                write_atomic(place.pictures / name, data)
            with database.writing() as db:
                db.add(row)
        except BaseException:
            remove_folder(place.folder)
            raise
    return session


def _row(
    kind: SessionKind, name: str, metadata: Mapping[str, Any], label_set: LabelSet
) -> SessionRow:
    model, detector = metadata.get("model", {}), metadata.get("detector", {})
    details = {k: v for k, v in metadata.items() if k not in _PLACED}
    # Its title, and whose labels it answered by.
    if more := {k: v for k, v in model.items() if k not in _PLACED_OF_MODEL}:
        details["model"] = more
    return SessionRow(
        id=new_id(),
        kind=kind.value,
        state=SessionState.DONE.value,
        name=checked_name(name[:100].replace("\0", ""), "Name of a session", empty=True),
        notes="",
        created=now(),
        model=str(model.get("name", "")),
        model_sha256=str(model.get("sha256", ""))[:64],
        detector=str(detector.get("name", "")),
        emotions=list(label_set.names),
        versions=as_json(metadata.get("versions", {})),
        options=as_json(metadata.get("options", {})),
        details=as_json(details),
        duration_s=0.0,
    )


def _library_path(folder: Path) -> str:
    """Where the video of a library's folder stands; empty for any other folder."""
    video = VideoFolder(folder)
    if not video.source.is_file():
        return ""
    found = video.video_path()
    return "" if found is None else str(found)


def _label_set(table: pa.Table, path: Path) -> LabelSet:
    names = [name.removeprefix("smoothed_") for name in table.column_names if "smoothed_" in name]
    missing = {"frame", "time_s", "track", "expression", "uncertain"} - set(table.column_names)
    if missing or not names:
        raise StoreError(
            f"{readable(path)}: wanted a frame table of an analysed video. It lacks "
            f"{', '.join(sorted(missing)) or 'smoothed scores'}."
        )
    try:
        return LabelSet.from_names(names)
    except ValueError as error:
        raise StoreError(f"{readable(path)}: {error}") from error


def _tracks(pieces: Iterable[TrackPiece]) -> list[TrackRow]:
    return [
        TrackRow(source=p.source, track=p.track, from_s=p.from_s, person=p.person) for p in pieces
    ]


def _pieces(rows: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, max(len(rows), 1), PART_ROWS):
        yield rows.slice(start, PART_ROWS)


def _grouped(tables: Sequence[pa.Table]) -> Iterator[pa.Table]:
    yield from _pieces(pa.concat_tables(tables).unify_dictionaries())
