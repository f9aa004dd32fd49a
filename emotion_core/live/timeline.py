"""The last minute of scores, and how long each expression was shown. Bounded in memory."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from emotion_core.types import Float32Array, FrameResult

#: What the timeline shows.
SPAN_S = 60.0
#: Faces that get a band of their own; more would be too thin to read.
MAX_FACES = 4
#: The key of time in which a face was there and its expression was not clear.
UNCERTAIN = "uncertain"
#: The key of time in which frames came and showed nobody.
NO_FACE = "no face"
#: The key of time in which no frame came, so that nobody knows who was there.
NO_FRAME = "no frame"
#: A longer time from one frame to the next counts as without a frame.
MAX_GAP_S = 1.0

_STEP_S = 0.5


class ExpressionTime:
    """How long each expression was shown, nobody was there or no frame came.

    The seconds add up to the time from the first frame to the last, whoever was there: while
    several faces are in the picture, each has its part of the time.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._last_s: float | None = None

    def add(self, result: FrameResult) -> None:
        """Counts the time since the frame before for what is shown now."""
        now = result.timestamp_s
        passed_s = 0.0 if self._last_s is None else now - self._last_s
        self._last_s = now
        states = [_shown(result, face) for face in result] or [NO_FACE]
        if passed_s > MAX_GAP_S:
            states = [NO_FRAME]
        for state in states:
            self._seconds[state] = self._seconds.get(state, 0.0) + passed_s / len(states)

    def seconds(self) -> dict[str, float]:
        """{emotion, "uncertain", "no face" or "no frame": seconds}; what never was is left out."""
        return dict(self._seconds)


def with_a_face(seconds: Mapping[str, float]) -> float:
    """How much of the time of `ExpressionTime` somebody was in the picture."""
    return math.fsum(s for state, s in seconds.items() if state not in (NO_FACE, NO_FRAME))


def time_note(seconds: Mapping[str, float]) -> str:
    """What the shares of time are shares of, in a sentence; empty if there is no time yet."""
    total_s = math.fsum(seconds.values())
    if not total_s:
        return ""
    parts = [
        f"{seconds[state]:.0f} s {words}"
        for state, words in (
            (UNCERTAIN, "uncertain"),
            (NO_FACE, "without a face"),
            (NO_FRAME, "without video"),
        )
        if seconds.get(state, 0.0) >= 0.5
    ]
    rest = f", of which {', '.join(parts)}" if parts else ""
    return f"Of {total_s:.0f} s since the start{rest}. Several faces share their time."


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """The scores of the faces at one time, each face's as (C,) float32."""

    time_s: float
    scores: Mapping[int, Float32Array]


class Timeline:
    """Collects moments. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self._moments: deque[Moment] = deque()

    def add(self, result: FrameResult) -> None:
        """Takes the newest frame in; two a second are kept."""
        now = result.timestamp_s
        if self._moments and now - self._moments[-1].time_s < _STEP_S:
            return
        rows = zip(result.track_ids.tolist(), result.smoothed.probabilities, strict=True)
        faces = sorted(rows, key=lambda row: row[0])[:MAX_FACES]
        self._moments.append(Moment(now, dict(faces)))
        while now - self._moments[0].time_s > SPAN_S:
            self._moments.popleft()

    def moments(self) -> tuple[Moment, ...]:
        """The last minute, oldest first, of the faces that were seen last."""
        recent: dict[int, None] = {}
        for moment in reversed(self._moments):
            recent.update(dict.fromkeys(moment.scores))
        kept = set(list(recent)[:MAX_FACES])
        return tuple(
            Moment(moment.time_s, {f: row for f, row in moment.scores.items() if f in kept})
            for moment in self._moments
        )


def _shown(result: FrameResult, face: int) -> str:
    if result.uncertain[face]:
        return UNCERTAIN
    return result.decisions.emotion(face).value
