"""A stopped recording in figures: how long what was shown, and its scores over time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from emotion_core.emotions import LabelSet
from emotion_core.live.timeline import MAX_GAP_S, NO_FACE, NO_FRAME, UNCERTAIN
from emotion_core.live.trend import ScoreTrend

# As many are in memory as Python's own objects.
_FILE_ROWS = 8192


class ScoreSource(NamedTuple):
    """What gives the scores: model, whose labels it was asked for, and detector."""

    model: str
    labels: str
    detector: str
    model_sha256: str = ""


class Marker(NamedTuple):
    """A moment that the viewer marked."""

    time_s: float
    note: str


class Part(NamedTuple):
    """From a frame on, these scores come from this source."""

    from_frame: int
    source: ScoreSource


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a recording left.

    Attributes:
        label_set: of the scores.
        started: when it began.
        parts: what gave the scores, in order; at least one.
        markers: in the order of time.
        read: the rows in the order of time, piece by piece; no frame is in two pieces. Columns as
            in ``video.frame_table``. May be called again.
    """

    label_set: LabelSet
    started: datetime
    parts: Sequence[Part]
    markers: Sequence[Marker]
    read: Callable[[], Iterator[pa.Table]]


def build_recorded(
    label_set: LabelSet,
    started: datetime,
    readers: Sequence[Mapping[str, Any]],
    markers: Sequence[Marker],
    read: Callable[[], Iterator[pa.Table]],
) -> Recorded:
    """A recording as a store knows it.

    Args:
        label_set: see `Recorded`.
        started: see `Recorded`.
        readers: ``from_frame``, ``model``, ``labels`` and ``detector`` of each part; none where
            nobody knows.
        markers: see `Recorded`.
        read: see `Recorded`.
    """
    parts = [
        Part(
            reader["from_frame"], ScoreSource(reader["model"], reader["labels"], reader["detector"])
        )
        for reader in readers
    ]
    return Recorded(label_set, started, parts or [Part(0, ScoreSource("", "", ""))], markers, read)


@dataclass(frozen=True, slots=True)
class Summary:
    """A recording in figures.

    Attributes:
        seconds: from its first frame to its last.
        frames: how many were recorded, those without a face included.
        rows: one per face and frame, and one per frame without a face.
        faces: how many different face numbers.
        time: {emotion, "uncertain", "no face" or "no frame": seconds}; adds up to ``seconds``.
        trend: mean scores over time.
    """

    seconds: float
    frames: int
    rows: int
    faces: int
    time: dict[str, float]
    trend: ScoreTrend


def summarise(recorded: Recorded) -> Summary:
    """The figures of a recording. Memory is that of a piece of its rows.

    Time counts as ``timeline.ExpressionTime`` counts it while it passes: for what the frame at its
    end shows, and each of several faces has its part.
    """
    names = np.array([*recorded.label_set.names, UNCERTAIN, NO_FACE, NO_FRAME])
    seconds = np.zeros(len(names))
    trend = ScoreTrend(recorded.label_set)
    faces: set[int] = set()
    frames = rows = 0
    first_s = last_s = None
    for table in recorded.read():
        if not len(table):
            continue
        times = table["time_s"].to_numpy()
        starts = np.flatnonzero(np.append(True, np.diff(table["frame"].to_numpy()) != 0))
        sizes = np.diff(np.append(starts, len(times)))
        first_s = float(times[0]) if first_s is None else first_s
        passed = np.diff(times[starts], prepend=times[0] if last_s is None else last_s)
        last_s = float(times[-1])
        after_gap = np.repeat(passed > MAX_GAP_S, sizes)
        state = np.where(after_gap, len(names) - 1, _states(table, recorded.label_set))
        np.add.at(seconds, state, np.repeat(passed / sizes, sizes))
        tracks = table["track"].drop_null().to_numpy()
        faces.update(np.unique(tracks).tolist())
        frames, rows = frames + len(starts), rows + len(table)
        seen = table["track"].is_valid().to_numpy()
        scores = [table[f"smoothed_{name}"].to_numpy() for name in recorded.label_set.names]
        trend.add(times[seen] - first_s, np.stack(scores, axis=1)[seen])
    return Summary(
        0.0 if first_s is None or last_s is None else last_s - first_s,
        frames,
        rows,
        len(faces),
        {str(n): float(s) for n, s in zip(names, seconds, strict=True) if s > 0},
        trend,
    )


def _states(table: pa.Table, label_set: LabelSet) -> np.ndarray:
    """Which of the label set's names, "uncertain" and "no face" each row shows, by number."""
    n = len(label_set)
    numbers = {name: number for number, name in enumerate(label_set.names)}
    shown = table["expression"].to_pylist()
    uncertain = table["uncertain"].to_pylist()
    return np.array(
        [
            n + 1 if name is None else n if unsure else numbers[name]
            for name, unsure in zip(shown, uncertain, strict=True)
        ],
        np.int64,
    )


def file_rows(recorded: Recorded) -> Iterator[pa.Table]:
    """The rows as the files have them, piece by piece; at least one table, maybe empty.

    Face numbers stand under ``face``, what is shown under ``emotion``, and each marker on the
    first row that is not before it.
    """
    waiting = sorted(recorded.markers)
    is_empty = True
    for table in recorded.read():
        for start in range(0, len(table), _FILE_ROWS):
            is_empty = False
            yield _for_files(table.slice(start, _FILE_ROWS), recorded, waiting)
    if is_empty:
        yield file_schema(recorded.label_set).empty_table()


def _for_files(table: pa.Table, recorded: Recorded, waiting: list[Marker]) -> pa.Table:
    schema = file_schema(recorded.label_set)
    columns = {name: table[name] for name in table.column_names}
    columns["face"], columns["emotion"] = table["track"], table["expression"]
    frames, times = table["frame"].to_numpy(), table["time_s"].to_numpy()
    notes = [""] * len(times)
    while waiting and waiting[0].time_s <= times[-1]:
        marker = waiting.pop(0)
        row = int(np.searchsorted(times, marker.time_s))
        notes[row] = "; ".join(filter(None, (notes[row], marker.note or "marked")))
    firsts = [part.from_frame for part in recorded.parts]
    which = np.maximum(np.searchsorted(firsts, frames, side="right") - 1, 0)
    for place, name in enumerate(("model", "labels", "detector")):
        given = pa.array([str(part.source[place]) for part in recorded.parts], pa.string())
        columns[name] = given.take(pa.array(which))
    columns["marker"] = pa.array(notes, pa.string())
    arrays = [_cast(columns[field.name], field.type) for field in schema]
    return pa.table(arrays, schema=schema)


def file_schema(label_set: LabelSet) -> pa.Schema:
    """The columns of the files; from ``face`` on they are empty where a frame shows no face."""
    floats = ("x0", "y0", "x1", "y1", "detector_confidence", "confidence")
    scores = label_set.names
    return pa.schema(
        [
            ("time_s", pa.float64()),
            ("frame", pa.int64()),
            ("width", pa.int64()),
            ("height", pa.int64()),
            ("face", pa.int64()),
            ("emotion", pa.string()),
            ("uncertain", pa.bool_()),
            *((name, pa.float32()) for name in floats),
            *((name, pa.float32()) for name in scores),
            *((f"smoothed_{name}", pa.float32()) for name in scores),
            *((name, pa.string()) for name in ("model", "labels", "detector", "marker")),
        ]
    )


def _cast(column: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], kind)
    return column.cast(kind)
