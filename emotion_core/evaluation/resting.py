"""Resting faces: how often a face that people call neutral is read as something bad.

The complaint most often heard of tools like this one: somebody does nothing with the face and is
told to look angry or sad.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion_core.datasets import EmotionDataset, clear_majority
from emotion_core.datasets.labels import vote_column
from emotion_core.emotions import Emotion
from emotion_core.types import BoolArray, Float32Array, Int64Array, is_uncertain

#: A resting face that is called one of these, and not uncertain, is misread.
MISREADINGS = (Emotion.ANGRY, Emotion.DISGUST, Emotion.FEAR, Emotion.SAD)

# So many of ten raters make a face one that rests beyond doubt.
_BEYOND_DOUBT = 8


@dataclass(frozen=True, slots=True, eq=False)
class RestingFaces:
    """The faces of a split that people call neutral, and what a model made of them.

    Attributes:
        rows: (R,) int64, their positions among the M images of the split: those with a clear
            majority for neutral.
        beyond_doubt: (R,) bool, those that at least 8 raters call neutral.
        predicted: (R,) int64, the model's labels.
        confidences: (R,) float32, its top probabilities.
        misread: (R,) bool, called angry, disgusted, afraid or sad, and not uncertain.
    """

    rows: Int64Array
    beyond_doubt: BoolArray
    predicted: Int64Array
    confidences: Float32Array
    misread: BoolArray

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.rows)

    @property
    def rate(self) -> float | None:
        """Share that is misread; None for no faces."""
        return float(self.misread.mean()) if self.n else None

    @property
    def rate_beyond_doubt(self) -> float | None:
        """Share that is misread of those that at least 8 raters call neutral; None for none."""
        chosen = self.misread[self.beyond_doubt]
        return float(chosen.mean()) if len(chosen) else None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready figures."""
        return {
            "votes_8": self.rate_beyond_doubt,
            "majority": self.rate,
            "n": self.n,
            "n_votes_8": int(self.beyond_doubt.sum()),
        }


def resting_faces(
    images: EmotionDataset, probabilities: Float32Array, threshold: float
) -> RestingFaces | None:
    """Finds the resting faces of a split and what a model says of them.

    Args:
        images: M images of a split.
        probabilities: (M, C) float32, in the order of their label set.
        threshold: top probability below which a prediction is uncertain.

    Returns:
        None where nobody voted, or where the labels do not have neutral.
    """
    label_set = images.label_set
    if not images.has_votes or Emotion.NEUTRAL not in label_set.emotions:
        return None
    majority, clear = clear_majority(images)
    rows = np.flatnonzero(clear & (majority == label_set.index(Emotion.NEUTRAL)))
    beyond_doubt = images.votes[rows, vote_column(Emotion.NEUTRAL)] >= _BEYOND_DOUBT
    predicted = probabilities[rows].argmax(axis=1)
    confidences = probabilities[rows].max(axis=1)
    bad = [label_set.index(e) for e in MISREADINGS if e in label_set.emotions]
    misread = np.isin(predicted, bad) & ~is_uncertain(confidences, threshold)
    return RestingFaces(
        np.asarray(rows, np.int64),
        np.asarray(beyond_doubt, np.bool_),
        np.asarray(predicted, np.int64),
        np.asarray(confidences, np.float32),
        np.asarray(misread, np.bool_),
    )
