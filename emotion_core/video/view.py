"""A frame table as its user sees it: people by name, other thresholds, what is excluded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emotion_core.emotions import LabelSet
from emotion_core.types import BoolArray, Float64Array, Int64Array
from emotion_core.video.durations import left_over, overlap_s, row_spans
from emotion_core.video.frame_table import FrameTable
from emotion_core.video.markers import Marker, excluded_intervals
from emotion_core.video.people import PeopleEdit, build_people
from emotion_core.video.redecide import redecided_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class VideoView:
    """A table after everything that a person changed.

    Attributes:
        frames: the rows of the table in which ``person`` is the name, and beside these columns
            ``person_id`` (0 without a face), ``start_s`` and ``end_s`` (from when until when the
            row stands for what is seen), ``seconds`` (how much of that counts: what is excluded
            does not), ``excluded`` (whether the frame's time is) and ``counts`` (False for a
            second face of one person in one frame, which counts in no statistics). A frame whose
            faces are all hidden has one row without a face.
        label_set: the emotions, in the order of the columns.
        names: {person: name} of everybody who is seen, by number.
        window: (begin, end) in seconds of what was read.
        excluded: intervals that count in no statistics; no two meet.
    """

    frames: "pd.DataFrame"
    label_set: LabelSet
    names: Mapping[int, str]
    window: tuple[float, float]
    excluded: tuple[tuple[float, float], ...] = ()

    def within(self, start_s: float, end_s: float) -> "VideoView":
        """What is seen in an interval: rows are cut at its ends."""
        begin, end = max(start_s, self.window[0]), min(end_s, self.window[1])
        frames = self.frames
        keep = ((frames["end_s"] > begin) & (frames["start_s"] < end)).to_numpy()
        frames = frames[keep].copy()
        frames["start_s"] = frames["start_s"].clip(lower=begin)
        frames["end_s"] = frames["end_s"].clip(upper=end)
        frames["seconds"] = _counted(frames, (begin, end), self.excluded)
        seen = set(frames["person_id"])
        names = {person: name for person, name in self.names.items() if person in seen}
        return VideoView(frames, self.label_set, names, (begin, end), self.excluded)


def build_view(
    table: FrameTable,
    *,
    people: Sequence[PeopleEdit] = (),
    markers: Sequence[Marker] = (),
    threshold: float | None = None,
    half_life_s: float | None = None,
) -> VideoView:
    """Applies what a person changed to a frame table.

    Args:
        table: as the analysis wrote it.
        people: changes of who is who, oldest first.
        markers: those that exclude an interval are used.
        threshold: another one than the analysis took; None: its own.
        half_life_s: another smoothing than the analysis took; None: its own.

    Raises:
        VideoError: an option is out of range.
    """
    table = redecided_table(table, threshold=threshold, half_life_s=half_life_s)
    frames, label_set = table.frames, table.label_set
    options = table.metadata.get("options", {})
    end_s = options.get("to_s")
    duration_s = table.metadata.get("source", {}).get("duration_s")
    if duration_s is not None:
        end_s = duration_s if end_s is None else min(end_s, duration_s)
    times = frames["time_s"].to_numpy(np.float64)
    starts, ends = row_spans(times, end_s)
    tracks = frames["track"].to_numpy(np.int64, na_value=0)
    who = build_people(tracks, times, people)
    return view_of_people(
        frames,
        label_set,
        ids=who.ids,
        hidden=who.hidden,
        name=who.name,
        spans=(starts, ends),
        begin_s=float(options.get("from_s") or 0.0),
        excluded=excluded_intervals(markers),
    )


def view_of_people(
    frames: "pd.DataFrame",
    label_set: LabelSet,
    *,
    ids: Int64Array,
    hidden: BoolArray,
    name: Callable[[int], str],
    spans: tuple[Float64Array, Float64Array],
    begin_s: float = 0.0,
    excluded: Sequence[tuple[float, float]] = (),
) -> VideoView:
    """The view of rows of which it is known who each is.

    Args:
        frames: N rows of a frame table.
        label_set: the emotions.
        ids: (N,) int64, the person of each row; 0 without a face.
        hidden: (N,) bool, rows of people who are not to be seen.
        name: what a person is called.
        spans: from when until when each row stands for what is seen, both (N,) seconds.
        begin_s: where the reading began.
        excluded: intervals that count in no statistics; no two meet.
    """
    times = frames["time_s"].to_numpy(np.float64)
    frames = frames.assign(
        person_id=ids,
        start_s=spans[0],
        end_s=spans[1],
        excluded=overlap_s(times, times + 1e-9, excluded) > 0,
    )
    frames = _without(frames, hidden)
    seen = frames["person_id"].to_numpy(np.int64)
    names = {person: name(person) for person in sorted(set(seen[seen > 0].tolist()))}
    frames["person"] = frames["person_id"].map(names)
    frames["counts"] = _one_each(frames, seen)
    window = (begin_s, max(float(spans[1].max(initial=begin_s)), begin_s))
    frames["seconds"] = _counted(frames, window, excluded)
    return VideoView(frames, label_set, names, window, tuple(excluded))


def _counted(
    frames: "pd.DataFrame",
    window: tuple[float, float],
    excluded: Sequence[tuple[float, float]],
) -> np.ndarray:
    starts, ends = frames["start_s"].to_numpy(), frames["end_s"].to_numpy()
    return overlap_s(starts, ends, left_over(window, excluded))


def _without(frames: "pd.DataFrame", hidden: np.ndarray) -> "pd.DataFrame":
    """Drops hidden rows; what a frame loses its last face by stays as a row without a face."""
    if not hidden.any():
        return frames.reset_index(drop=True)
    kept = set(frames.loc[~hidden, "frame"])
    emptied = hidden & ~frames["frame"].isin(kept).to_numpy() & ~frames["frame"].duplicated()
    frames = frames.copy()
    frames.loc[emptied, "person_id"] = 0
    first = frames.columns.get_loc("face")
    last = frames.columns.get_loc("shot")
    for column in frames.columns[first:last]:
        values = frames[column].array.copy()
        values[np.flatnonzero(emptied)] = None if values.dtype.kind == "O" else np.nan
        frames[column] = values
    return frames[~hidden | emptied].reset_index(drop=True)


def _one_each(frames: "pd.DataFrame", ids: Int64Array) -> np.ndarray:
    """Which rows count: of several faces of one person in one frame the largest."""
    area = (frames["x1"] - frames["x0"]) * (frames["y1"] - frames["y0"])
    order = np.argsort(-area.fillna(0).to_numpy(np.float64), kind="stable")
    pairs = frames[["frame", "person_id"]].iloc[order]
    counts = np.zeros(len(frames), np.bool_)
    counts[order] = ~pairs.duplicated().to_numpy()
    return counts & (ids > 0)
