"""When an expression begins and ends: onset and offset events of every person."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from emotion_core.video.view import VideoView

#: Somebody who was not found for up to so long showed the same expression meanwhile.
BRIDGED_S = 0.5


@dataclass(frozen=True, slots=True)
class ExpressionEvent:
    """One expression of one person from its onset to its offset.

    Attributes:
        person_id: number of the person.
        person: what the person is called.
        expression: the emotion, as decided; a face that counts as uncertain shows none.
        onset_s: time of the first frame that shows it.
        offset_s: time of the first frame that no longer does.
        apex_s: time of the frame with the highest probability.
        peak: that probability.
        mean: mean probability over its frames.
    """

    person_id: int
    person: str
    expression: str
    onset_s: float
    offset_s: float
    apex_s: float
    peak: float
    mean: float

    @property
    def duration_s(self) -> float:
        """From onset to offset."""
        return self.offset_s - self.onset_s

    def to_dict(self) -> dict[str, Any]:
        """The event as JSON, with its duration."""
        values = {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(self).items()}
        return {**values, "duration_s": round(self.duration_s, 6)}


def find_events(
    view: VideoView, *, least_s: float = 0.0, bridged_s: float = BRIDGED_S
) -> tuple[ExpressionEvent, ...]:
    """All events, in the order of their onsets.

    An event ends where the expression changes, the face counts as uncertain, the person is not
    found for longer than ``bridged_s``, or an excluded interval begins.

    Args:
        view: the table.
        least_s: shorter events are left out.
        bridged_s: absence that ends nothing.
    """
    events = [
        event
        for person in view.names
        for event in _of_person(view, person, bridged_s)
        if event.duration_s >= least_s
    ]
    return tuple(sorted(events, key=lambda event: (event.onset_s, event.person_id)))


def _of_person(view: VideoView, person: int, bridged_s: float) -> Iterator[ExpressionEvent]:
    frames = view.frames
    rows = frames[((frames["person_id"] == person) & frames["counts"]).to_numpy()]
    starts, ends = rows["start_s"].to_numpy(), rows["end_s"].to_numpy()
    names = list(view.label_set.names)
    codes = rows["expression"].map({name: i for i, name in enumerate(names)}).to_numpy(np.int64)
    silent = rows["uncertain"].to_numpy(np.bool_) | rows["excluded"].to_numpy(np.bool_)
    codes = np.where(silent, -1, codes)
    confidences = rows["confidence"].to_numpy(np.float64)
    new = np.ones(len(rows), np.bool_)
    new[1:] = (codes[1:] != codes[:-1]) | (starts[1:] - ends[:-1] > bridged_s)
    firsts = np.flatnonzero(new)
    for first, end in zip(firsts, np.append(firsts[1:], len(rows)), strict=True):
        if codes[first] < 0:
            continue
        shown = confidences[first:end]
        apex = first + int(shown.argmax())
        until = float(ends[end - 1])
        for begin, _ in view.excluded:  # a frame may stand for time in which one begins
            if starts[end - 1] < begin < until:
                until = begin
        yield ExpressionEvent(
            person,
            view.names[person],
            names[codes[first]],
            float(starts[first]),
            until,
            float(starts[apex]),
            float(confidences[apex]),
            float(shown.mean()),
        )
