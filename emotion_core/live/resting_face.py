"""Learns faces at rest and then shows scores relative to them. Lives on the media thread."""

from dataclasses import dataclass, replace

import numpy as np

from emotion_core.live.baseline import relative_scores
from emotion_core.smoothing import ScoreSmoother
from emotion_core.types import EmotionScores, Float32Array, FrameResult

#: How long somebody holds their face at rest.
LEARN_S = 10.0

# A face that was there for fewer frames has no baseline.
_MIN_FRAMES = 15


@dataclass(frozen=True, slots=True)
class BaselineState:
    """What the page shows of the baseline.

    Attributes:
        progress: 0-1 while it is being learned, else None.
        faces: numbers of the faces that have one.
        failed: the last attempt saw no face for long enough.
    """

    progress: float | None = None
    faces: tuple[int, ...] = ()
    failed: bool = False


class RestingFaces:
    """The mean scores of each face at rest, by face number."""

    def __init__(self) -> None:
        self._resting: dict[int, Float32Array] = {}
        self._sums: dict[int, tuple[np.ndarray, int]] = {}
        self._started_s: float | None = None
        self._progress: float | None = None
        self._failed = False
        self._smoother = ScoreSmoother()

    def learn(self) -> None:
        """Starts learning with the next frame; what was known is forgotten."""
        self.forget()
        self._progress = 0.0

    def forget(self) -> None:
        """Back to plain scores."""
        self._resting, self._sums = {}, {}
        self._started_s = self._progress = None
        self._failed = False
        self._smoother.reset()

    def state(self) -> BaselineState:
        """How far the calibration is."""
        return BaselineState(self._progress, tuple(sorted(self._resting)), self._failed)

    def apply(self, result: FrameResult, half_life_s: float) -> FrameResult:
        """The same result with smoothed scores and decisions relative to the resting faces.

        Args:
            result: the newest frame.
            half_life_s: of the smoothing.
        """
        if self._progress is not None:
            self._collect(result)
        tracks = result.track_ids.tolist()
        if not any(track in self._resting for track in tracks):
            return result
        scores = result.scores
        probabilities = scores.probabilities.copy()
        known = [face for face, track in enumerate(tracks) if track in self._resting]
        part = EmotionScores(probabilities[known], scores.label_set, scores.threshold)
        resting = np.stack([self._resting[tracks[face]] for face in known])
        probabilities[known] = relative_scores(part, resting).probabilities
        relative = EmotionScores(probabilities, scores.label_set, scores.threshold)
        self._smoother.half_life_s = half_life_s
        decisions = self._smoother.update(
            relative,
            result.track_ids,
            result.timestamp_s,
            threshold=result.decisions.threshold,
        )
        return replace(result, decisions=decisions)

    def _collect(self, result: FrameResult) -> None:
        now = result.timestamp_s
        self._started_s = now if self._started_s is None else self._started_s
        self._progress = min(1.0, (now - self._started_s) / LEARN_S)
        for face, track in enumerate(result.track_ids.tolist()):
            total, n = self._sums.get(track, (0.0, 0))
            self._sums[track] = total + result.scores.probabilities[face].astype(np.float64), n + 1
        if self._progress < 1.0:
            return
        self._resting = {
            track: np.asarray(total / n, np.float32)
            for track, (total, n) in self._sums.items()
            if n >= _MIN_FRAMES
        }
        self._sums, self._progress = {}, None
        self._failed = not self._resting
