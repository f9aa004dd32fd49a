"""What faces are called, and whether that is sure."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emotion_core.emotions import Emotion
from emotion_core.types.arrays import BoolArray, Float32Array, Int64Array, checked, set_field
from emotion_core.types.scores import EmotionScores, is_uncertain

# Probabilities are float32.
_ROUNDING = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What each face is called. The one place that says so, for pictures, streams and tables.

    Decisions hold the scores that they were made from, and refuse scores that they contradict: a
    label cannot outlive the scores of another model. Other scores need new decisions.

    Attributes:
        scores: of N faces, smoothed where they come from a stream.
        threshold: below this top probability a face counts as uncertain.
        labels: (N,) int64, the label of each face: that with the highest score, or in a stream,
            where labels do not flicker, one that trails it by less than ``LABEL_MARGIN``.
        uncertain: (N,) bool. As steady in a stream: within ``DOUBT_MARGIN`` of the threshold a
            face may still be on the side on which it was.
    """

    #: A steady label may trail the highest score by less than this.
    LABEL_MARGIN: ClassVar[float] = 0.15
    #: A top probability that is this far from the threshold decides at once.
    DOUBT_MARGIN: ClassVar[float] = 0.05

    scores: EmotionScores
    threshold: float
    labels: Int64Array
    uncertain: BoolArray

    def __post_init__(self) -> None:
        n = len(self.scores)
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold: wanted a number from 0 to 1. Received: {self.threshold}")
        set_field(self, "labels", checked("Decisions.labels", self.labels, (n,), np.int64))
        set_field(self, "uncertain", checked("Decisions.uncertain", self.uncertain, (n,), np.bool_))
        if ((self.labels < 0) | (self.labels >= len(self.scores.label_set))).any():
            raise ValueError(
                f"Decisions.labels: wanted 0 to {len(self.scores.label_set) - 1}. "
                f"Received: {self.labels}"
            )
        top = self.scores.confidences
        if (top - self.confidences > self.LABEL_MARGIN + _ROUNDING).any():
            raise ValueError(
                f"Decisions.labels: wanted labels that trail the highest score by less than "
                f"{self.LABEL_MARGIN}; these were decided from other scores. Decide again."
            )
        changed = self.uncertain != is_uncertain(top, self.threshold)
        if (changed & (np.abs(top - self.threshold) > self.DOUBT_MARGIN + _ROUNDING)).any():
            raise ValueError(
                "Decisions.uncertain: wanted what the threshold says of scores that are clear of "
                "it; these were decided from other scores. Decide again."
            )

    @classmethod
    def from_scores(cls, scores: EmotionScores, threshold: float | None = None) -> "Decisions":
        """Decides by the scores alone: the highest one, and whether it reaches the threshold.

        Args:
            scores: N faces.
            threshold: top probability below which a face counts as uncertain; None for the
                model's own.

        Raises:
            ValueError: the threshold is not in 0-1.
        """
        limit = scores.threshold if threshold is None else threshold
        return cls(scores, limit, scores.labels, is_uncertain(scores.confidences, limit))

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def confidences(self) -> Float32Array:
        """(N,) float32, the probability of each face's label."""
        rows = self.scores.probabilities
        return np.asarray(rows[np.arange(len(rows)), self.labels], dtype=np.float32)

    def emotion(self, face: int) -> Emotion:
        """What one face is called."""
        return self.scores.label_set[int(self.labels[face])]
