"""A session as reports take it: its rows by person, and what is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_core.emotions import FER2013, LabelSet
from emotion_core.errors import ReportError
from emotion_core.types import Float64Array
from emotion_core.video.durations import left_over, overlap_s
from emotion_core.video.frame_table import FrameTable, person_name, table_schema, to_pandas
from emotion_core.video.markers import Marker
from emotion_core.video.people import PeopleEdit
from emotion_core.video.view import VideoView, build_view

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


#: In a live recording a longer time from one frame to the next counts as without a frame. It is
#: ``live.timeline.MAX_GAP_S``, whose package needs what only the dashboard installs.
MAX_GAP_S = 1.0
#: What a face of a photo is called that nobody named, with its place in the photo.
FACE = "Face"


class SessionKind(StrEnum):
    """What a session was made from."""

    PHOTOS = "photos"
    LIVE = "live"
    VIDEO = "video"


@dataclass(frozen=True, slots=True, eq=False)
class SessionFrames:
    """A session with its rows.

    Attributes:
        id: of the session; tells sessions of one name apart.
        name: what it is called.
        view: its rows, people by name; see ``VideoView``. Of photos each stands for one second, so
            that "seconds" count photos.
        kind: what it was made from.
        group: the group or condition that it belongs to; empty for none.
        markers: moments and intervals of it.
        metadata: of the frame table: source, options, model, versions.
        created: when, as ISO text; empty where nobody knows.
        notes: of its user.
        baselines: {person: (start_s, end_s)} of the resting intervals whose mean was subtracted
            from the smoothed scores.
    """

    id: str
    name: str
    view: VideoView
    kind: SessionKind = SessionKind.VIDEO
    group: str = ""
    markers: tuple[Marker, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    notes: str = ""
    baselines: Mapping[int, tuple[float, float]] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """What its seconds count: ``"s"`` or ``"photos"``."""
        return "photos" if self.kind is SessionKind.PHOTOS else "s"

    def within(self, start_s: float, end_s: float) -> "SessionFrames":
        """What lies in an interval.

        Raises:
            ReportError: the interval is empty, or nothing of the session lies in it.
        """
        begin, end = self.view.window
        if not start_s < end_s or end_s <= begin or start_s >= end:
            raise ReportError(
                f"{self.name}: wanted an interval within {begin:g} to {end:g} s. "
                f"Received: {start_s:g} to {end_s:g} s"
            )
        return replace(self, view=self.view.within(start_s, end_s))


def build_session(
    table: "FrameTable | pd.DataFrame | pa.Table",
    *,
    id: str,
    name: str = "",
    kind: SessionKind | str = SessionKind.VIDEO,
    group: str = "",
    markers: Sequence[Marker] = (),
    people: Sequence[PeopleEdit] = (),
    metadata: Mapping[str, Any] | None = None,
    created: str = "",
    notes: str = "",
    threshold: float | None = None,
) -> SessionFrames:
    """Takes a frame table as a session.

    Rows whose ``person`` is a name of one's own are that person's, whatever their track; so a
    table that was handed out with names comes back with them, and people of one name are one.

    Args:
        table: rows as ``frame_table.table_schema`` has them, or as a store has them: until
            ``until_s`` a row stands for what is seen, and frames of several ``source`` are
            different frames. Landmarks, ``shot`` and ``person`` may be missing.
        id: of the session.
        name: what it is called; empty: the source's name, else the id.
        kind: what it was made from. In a live recording a frame stands for at most
            ``MAX_GAP_S``: what came after a gap was not seen.
        group: the group or condition; empty for none.
        markers: those that exclude an interval take its time out.
        people: changes of who is who, oldest first.
        metadata: of a table that brings none.
        created: ISO text.
        notes: of its user.
        threshold: another than the analysis took.

    Raises:
        ReportError: columns are missing, or the kind is unknown.
        VideoError: an option is out of range.
    """
    try:
        kind = SessionKind(kind)
    except ValueError:
        wanted = ", ".join(SessionKind)
        raise ReportError(f"kind: wanted one of {wanted}. Received: {kind!r}") from None
    if not isinstance(table, FrameTable):
        table = FrameTable(_as_pandas(table), metadata or {})
    ordered = _in_order(table.frames)
    table = FrameTable(complete_frames(ordered), table.metadata)
    if kind is SessionKind.PHOTOS:
        table = _as_photos(table)
    by_name, naming = _by_name(table)
    edits = [*naming, *people]
    view = build_view(by_name, people=edits, markers=markers, threshold=threshold)
    if same := _of_one_name(view):
        view = build_view(by_name, people=[*edits, *same], markers=markers, threshold=threshold)
    view = _with_tracks(view, table)
    if kind is not SessionKind.PHOTOS and "until_s" in ordered and len(view.frames) == len(ordered):
        view = _until(view, ordered["until_s"].to_numpy(np.float64))
    elif kind is SessionKind.LIVE:
        view = _without_gaps(view, MAX_GAP_S)
    source = table.metadata.get("source") or {}
    return SessionFrames(
        id=id,
        name=name or str(source.get("name") or id),
        view=view,
        kind=kind,
        group=group,
        markers=tuple(markers),
        metadata=table.metadata,
        created=created,
        notes=notes,
    )


def complete_frames(frames: "pd.DataFrame") -> "pd.DataFrame":
    """Rows with every column of a frame table, in its order, sorted by time.

    Raises:
        ReportError: a column is missing that nothing stands for.
    """
    label_set = _label_set(frames)
    schema = table_schema(label_set)
    scores = [*label_set.names, *(f"smoothed_{name}" for name in label_set.names)]
    needed = ["frame", "time_s", "track", "expression", "confidence", "uncertain", *scores]
    missing = [name for name in needed if name not in frames.columns]
    if missing:
        raise ReportError(
            f"Wanted a frame table with the columns {', '.join(needed)}. "
            f"Missing: {', '.join(missing)}"
        )
    frames = _in_order(frames)
    empty = to_pandas(schema.empty_table())
    for column in empty.columns:
        if column not in frames.columns:
            fill = 1 if column == "shot" else 0 if column in ("width", "height") else None
            frames[column] = fill
    types = {name: empty[name].dtype for name in empty.columns}
    seen = frames["track"].notna()
    frames["face"] = frames["face"].where(frames["face"].notna() | ~seen, 0)
    return frames[list(types)].astype(types)


def _in_order(frames: "pd.DataFrame") -> "pd.DataFrame":
    """Rows in the order of time, frames of several sources numbered through."""
    if not {"time_s", "frame"} <= set(frames.columns):
        return frames
    several = "source" in frames and frames["source"].nunique() > 1
    by = ["source", "time_s", "frame"] if several and frames["time_s"].nunique() == 1 else None
    keys = by or ["time_s", *(["source"] * several), "frame"]
    ordered = frames.sort_values(keys, kind="stable").reset_index(drop=True)
    if several:
        ordered["frame"] = ordered.groupby(keys, sort=False).ngroup()
    return ordered


def _as_pandas(table: "pd.DataFrame | pa.Table") -> "pd.DataFrame":
    import pandas as pd

    return table if isinstance(table, pd.DataFrame) else to_pandas(table)


def _label_set(frames: "pd.DataFrame") -> LabelSet:
    names = [
        str(name).removeprefix("smoothed_")
        for name in frames.columns
        if str(name).startswith("smoothed_")
    ]
    try:
        return LabelSet.from_names(names) if names else FER2013
    except ValueError as error:
        raise ReportError(f"Columns of smoothed scores: {error}") from error


def _as_photos(table: FrameTable) -> FrameTable:
    """Photos have no time: the first stands for second 0 to 1, and so on.

    A face that nobody named goes by its place in the photo: it is nobody in another one.
    """
    frames = table.frames.copy()
    order = frames.groupby("frame", sort=False).ngroup()
    frames["time_s"] = order.astype("float64")
    tracks = frames["track"].to_numpy(np.int64, na_value=0)
    names = frames["person"].astype(object).to_numpy()
    frames["person"] = [
        f"{FACE} {track}" if track and (not isinstance(n, str) or n == person_name(track)) else n
        for track, n in zip(tracks.tolist(), names, strict=True)
    ]
    source = dict(table.metadata.get("source") or {})
    source["duration_s"] = float(order.max() + 1) if len(frames) else 0.0
    options = {**(table.metadata.get("options") or {}), "from_s": None, "to_s": None}
    return FrameTable(frames, {**table.metadata, "source": source, "options": options})


def _by_name(table: FrameTable) -> tuple[FrameTable, list[PeopleEdit]]:
    """The table with a number per person in the place of tracks, and what these are called."""
    frames = table.frames
    tracks = frames["track"].to_numpy(np.int64, na_value=0)
    persons = frames["person"].astype(object).to_numpy()
    named = np.array(
        [
            track > 0 and isinstance(person, str) and person != person_name(track)
            for track, person in zip(tracks, persons, strict=True)
        ],
        np.bool_,
    )
    if not named.any():
        return table, []
    numbers, edits, known = tracks.copy(), list[PeopleEdit](), dict[str, int]()
    taken = set(tracks[~named].tolist())
    for name, track in zip(persons[named], tracks[named].tolist(), strict=True):
        if name in known:
            continue
        number = track if track not in taken else max([*taken, *tracks.tolist()]) + 1
        taken.add(number)
        known[name] = number
        edits.append({"edit": "name", "person": number, "name": name})
    numbers[named] = [known[name] for name in persons[named]]
    changed = frames.copy()
    changed["track"] = np.where(tracks > 0, numbers, 0)
    changed["track"] = changed["track"].astype("Int32").where(tracks > 0)
    return FrameTable(changed, table.metadata), edits


def _of_one_name(view: VideoView) -> list[PeopleEdit]:
    first: dict[str, int] = {}
    found: list[PeopleEdit] = []
    for person, name in view.names.items():
        if first.setdefault(name, person) != person:
            found.append({"edit": "merge", "person": person, "into": first[name]})
    return found


def _with_tracks(view: VideoView, table: FrameTable) -> VideoView:
    """The tracks as they were, where no row was dropped."""
    if len(view.frames) != len(table.frames):
        return view
    frames = view.frames.copy()
    frames["track"] = table.frames["track"].where(frames["person_id"].to_numpy() > 0)
    return replace(view, frames=frames)


def _without_gaps(view: VideoView, most_s: float) -> VideoView:
    frames = view.frames
    spans = (frames["end_s"] - frames["start_s"]).to_numpy(np.float64)
    gaps = spans > most_s
    if not gaps.any():
        return view
    usual = float(np.median(spans[~gaps])) if (~gaps).any() else 0.0
    ends = frames["end_s"].to_numpy(np.float64)
    return _until(view, np.where(gaps, frames["start_s"].to_numpy(np.float64) + usual, ends))


def _until(view: VideoView, ends_s: Float64Array) -> VideoView:
    """The view with rows that stand for what is seen until other times."""
    frames = view.frames.copy()
    starts = frames["start_s"].to_numpy(np.float64)
    ends = np.maximum(ends_s, starts)
    begin, end = view.window[0], max(view.window[1], float(ends.max(initial=view.window[0])))
    frames["end_s"] = ends
    frames["seconds"] = overlap_s(starts, ends, left_over((begin, end), view.excluded))
    return replace(view, frames=frames, window=(begin, end))
