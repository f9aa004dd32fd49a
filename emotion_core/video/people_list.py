"""Everybody who is in a video, hidden or not: for the list in which people are named and merged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emotion_core.types import BoolArray, Float32Array, Float64Array, Int64Array
from emotion_core.video.durations import row_spans
from emotion_core.video.frame_table import FrameTable, person_name
from emotion_core.video.people import PeopleEdit, build_people

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class ListedPerson:
    """One person of a video.

    Attributes:
        id: number of the person.
        name: what the person is called.
        hidden: whether the person is left out of everything.
        seconds: how long their face was found.
        first_s: when it was found first.
        last_s: until when it was found last.
        best_s: time of the frame in which the detector was surest of it.
        best_box: (4,) its box there, xyxy pixels.
    """

    id: int
    name: str
    hidden: bool
    seconds: float
    first_s: float
    last_s: float
    best_s: float
    best_box: Float32Array

    @property
    def is_named(self) -> bool:
        """Whether somebody named them."""
        return self.name != person_name(self.id)


def list_people(table: FrameTable, edits: Sequence[PeopleEdit] = ()) -> tuple[ListedPerson, ...]:
    """The people of a table after changes, by number.

    Args:
        table: as the analysis wrote it.
        edits: who is who, oldest first.
    """
    frames = table.frames
    times = frames["time_s"].to_numpy(np.float64)
    who = build_people(frames["track"].to_numpy(np.int64, na_value=0), times, edits)
    spans = row_spans(times, table.metadata.get("source", {}).get("duration_s"))
    return people_of_rows(frames, who.ids, who.hidden, who.name, spans)


def people_of_rows(
    frames: "pd.DataFrame",
    ids: Int64Array,
    hidden: BoolArray,
    name: Callable[[int], str],
    spans: tuple[Float64Array, Float64Array],
) -> tuple[ListedPerson, ...]:
    """The people of N rows, by number.

    Args:
        frames: rows of a frame table.
        ids: (N,) int64, the person of each row; 0 without a face.
        hidden: (N,) bool, rows of people who are not to be seen.
        name: what a person is called.
        spans: from when until when each row stands for what is seen, both (N,) seconds.
    """
    times = frames["time_s"].to_numpy(np.float64)
    starts, ends = spans
    sureness = frames["detector_confidence"].to_numpy(np.float64)
    boxes = frames[["x0", "y0", "x1", "y1"]].to_numpy(np.float32)
    found = []
    for person in np.unique(ids[ids > 0]).tolist():
        rows = np.flatnonzero(ids == person)
        best = rows[int(np.nan_to_num(sureness[rows]).argmax())]
        found.append(
            ListedPerson(
                id=person,
                name=name(person),
                hidden=bool(hidden[rows].any()),
                seconds=float((ends[rows] - starts[rows]).sum()),
                first_s=float(starts[rows[0]]),
                last_s=float(ends[rows].max()),
                best_s=float(times[best]),
                best_box=boxes[best],
            )
        )
    return tuple(found)
