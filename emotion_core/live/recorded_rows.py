"""The rows of a recording, as columns in memory until they are written."""

import numpy as np
import pyarrow as pa

from emotion_core.emotions import LabelSet
from emotion_core.types import FrameResult

_FLOATS = ("x0", "y0", "x1", "y1", "detector_confidence", "confidence")


def rows_schema(label_set: LabelSet) -> pa.Schema:
    """The columns; from ``face`` on they are null where a frame shows no face.

    Emotions and sources are numbers here, which stand for names.
    """
    return pa.schema(
        [
            ("time_s", pa.float64()),
            ("frame", pa.int64()),
            ("width", pa.int64()),
            ("height", pa.int64()),
            ("source", pa.int64()),
            ("face", pa.int64()),
            ("emotion", pa.int64()),
            ("uncertain", pa.bool_()),
            *((name, pa.float32()) for name in _FLOATS),
            *((name, pa.float32()) for name in label_set.names),
            *((f"smoothed_{name}", pa.float32()) for name in label_set.names),
        ]
    )


class RowBlock:
    """Rows in memory.

    Args:
        size: how many there is room for.
        n_scores: of a face, raw; as many smoothed ones are kept.
    """

    def __init__(self, size: int, n_scores: int) -> None:
        self._time = np.zeros(size, np.float64)
        self._frame = np.zeros((4, size), np.int64)  # index, width, height, source
        self._face = np.zeros((2, size), np.int64)  # number, emotion
        self._uncertain = np.zeros(size, np.bool_)
        self._floats = np.zeros((len(_FLOATS) + 2 * n_scores, size), np.float32)
        self._empty = np.zeros(size, np.bool_)  # rows without a face
        self._n = 0

    @property
    def full(self) -> bool:
        """Whether no further row fits."""
        return self._n == len(self._time)

    def add(self, result: FrameResult, face: int | None, time_s: float, source: int) -> None:
        """Takes one face of a frame, or with None a frame without a face."""
        n, shown = self._n, result.smoothed
        self._time[n] = time_s
        self._frame[:, n] = result.frame_index, *result.size_px, source
        self._empty[n] = face is None
        if face is not None:
            label = int(result.labels[face])
            self._face[:, n] = result.track_ids[face], label
            self._uncertain[n] = result.uncertain[face]
            found = result.detections
            self._floats[:, n] = (
                *found.boxes[face], found.confidences[face], shown.probabilities[face, label],
                *result.scores.probabilities[face], *shown.probabilities[face],
            )  # fmt: skip
        self._n += 1

    def take(self) -> list[pa.Array]:
        """The rows as columns in the order of the schema; the block is then empty."""
        n, self._n = self._n, 0
        always = [self._time, *self._frame]
        of_faces = [*self._face, self._uncertain, *self._floats]
        return [
            *(pa.array(column[:n]) for column in always),
            *(pa.array(column[:n], mask=self._empty[:n]) for column in of_faces),
        ]
