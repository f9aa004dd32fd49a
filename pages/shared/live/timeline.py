"""The last minute of scores, and how long each expression was shown. Bounded in memory."""

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

_STEP_S = 0.5
# Longer gaps between frames are breaks, during which nobody was seen.
_MAX_GAP_S = 1.0


class ExpressionTime:
    """Seconds per displayed expression, over all faces."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._last_s: float | None = None

    def add(self, result: FrameResult) -> None:
        """Counts the time since the frame before for what is shown now."""
        now = result.timestamp_s
        gap = 0.0 if self._last_s is None else now - self._last_s
        self._last_s = now
        if gap > _MAX_GAP_S:
            return
        for face in result:
            name = _shown(result, face)
            self._seconds[name] = self._seconds.get(name, 0.0) + gap

    def seconds(self) -> dict[str, float]:
        """{emotion or "uncertain": seconds}."""
        return dict(self._seconds)


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
