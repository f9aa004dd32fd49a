"""A whole recording as a few hundred points: bins that grow as it gets longer."""

import numpy as np

from emotion_core.emotions import LabelSet
from emotion_core.live.timeline import MAX_GAP_S
from emotion_core.types import Float64Array

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

    def add(self, times_s: Float64Array, scores: Float64Array) -> None:
        """Takes faces in.

        Args:
            times_s: (N,) seconds since the start, 0 or more, ascending.
            scores: (N, C) smoothed scores of a face each.
        """
        if not len(times_s):
            return
        while times_s[-1] >= _BINS * self.step_s:
            self._halve()
        places = (times_s / self.step_s).astype(np.int64)
        np.add.at(self._sums, places, scores)
        np.add.at(self._counts, places, 1)

    def points(self) -> list[tuple[float, Float64Array]]:
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
