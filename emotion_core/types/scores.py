"""What a model says of faces: probabilities only."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emotion_core.emotions import FER2013, Emotion, LabelSet
from emotion_core.types.arrays import BoolArray, Float32Array, Int64Array, checked, set_field


@dataclass(frozen=True, slots=True, eq=False)
class EmotionScores:
    """Calibrated probabilities per face.

    Attributes:
        probabilities: (N, C) float32, rows sum to 1.
        label_set: the C emotions in the order of the columns.
        threshold: the top probability that the model asks for before a prediction counts as sure.
            `Decisions` start from it; whoever wants another one decides by that.
    """

    probabilities: Float32Array
    label_set: LabelSet = FER2013
    threshold: float = 0.0

    def __post_init__(self) -> None:
        probabilities = checked(
            "EmotionScores.probabilities",
            self.probabilities,
            (None, len(self.label_set)),
            np.float32,
        )
        if len(probabilities) and not np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-3):
            raise ValueError(
                "EmotionScores.probabilities: wanted rows that sum to 1. "
                f"Received sums {probabilities.sum(axis=1)}"
            )
        set_field(self, "probabilities", probabilities)

    @classmethod
    def empty(cls, label_set: LabelSet = FER2013, threshold: float = 0.0) -> "EmotionScores":
        """Of no face."""
        return cls(np.zeros((0, len(label_set)), np.float32), label_set, threshold)

    def __len__(self) -> int:
        return len(self.probabilities)

    @property
    def labels(self) -> Int64Array:
        """(N,) int64, the label with the highest probability."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @property
    def confidences(self) -> Float32Array:
        """(N,) float32, the highest probability of each face."""
        return np.asarray(self.probabilities.max(axis=1, initial=0.0), dtype=np.float32)

    def emotion(self, face: int) -> Emotion:
        """The most probable emotion of one face."""
        return self.label_set[int(self.labels[face])]

    def as_dict(self, face: int) -> dict[str, float]:
        """{emotion name: probability} of one face, in label order."""
        row = self.probabilities[face]
        return {name: float(p) for name, p in zip(self.label_set.names, row, strict=True)}


def is_uncertain(confidences: npt.ArrayLike, threshold: float) -> BoolArray:
    """Whether predictions with these top probabilities are uncertain, by the threshold alone."""
    return np.asarray(np.asarray(confidences, np.float32) < np.float32(threshold), np.bool_)
