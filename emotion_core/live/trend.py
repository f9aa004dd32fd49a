"""A whole recording as a few hundred points: bins that grow as it gets longer."""

import numpy as np
import numpy.typing as npt

from emotion_core.emotions import LabelSet
from emotion_core.live.timeline import MAX_GAP_S
from emotion_core.types import FrameResult

_BINS = 240


class ScoreTrend:
    """Mean scores over all faces per stretch of time.

    Args:
        label_set: of the scores.
        step_s: length of a stretch at first. When all bins are used, neighbours are joined.
    """

    def __init__(self, label_set: LabelSet, *, step_s: float = 0.5) -> None:
        self.label_set = label_set
        self.step_s = step_s
        self._sums = np.zeros((_BINS, len(label_set)))
        self._counts = np.zeros(_BINS)

    @property
    def gap_s(self) -> float:
        """Points further apart than this have a stretch without a face between them."""
        return max(1.5 * self.step_s, MAX_GAP_S + self.step_s)

    def add(self, time_s: float, result: FrameResult) -> None:
        """Takes a frame in.

        Args:
            time_s: seconds since the start, 0 or more.
            result: as it is displayed.
        """
        while time_s >= _BINS * self.step_s:
            self._halve()
        place = int(time_s / self.step_s)
        self._sums[place] += result.smoothed.probabilities.sum(axis=0)
        self._counts[place] += len(result)

    def points(self) -> list[tuple[float, npt.NDArray[np.float64]]]:
        """(middle of the stretch in seconds, (C,) mean scores) where there was a face."""
        return [
            ((place + 0.5) * self.step_s, self._sums[place] / self._counts[place])
            for place in np.flatnonzero(self._counts)
        ]

    def _halve(self) -> None:
        half = _BINS // 2
        for values in (self._sums, self._counts):
            values[:half] = values[::2] + values[1::2]
            values[half:] = 0
        self.step_s *= 2
