"""A second opinion on finds of which a detector is less sure than usual.

Asked for less certain faces, a detector also takes hands, ears and folds for faces, and a
classifier then calls most of them sad. MTCNN's last network looks at such finds again. In the 60
photos of `benchmarks/detection.py`, seen at 640, 1,280 and 1,920 px, the default detector has 24
false finds and 5 faces between 0.3 and its usual 0.7; this drops 22 of the former and 3 of the
latter.
"""

import numpy as np

from emotion_core.errors import DetectorError
from emotion_core.faces.mtcnn import OutputNet, unavailable_reason
from emotion_core.types import BoolArray, Float32Array, UInt8Array

_MIN_SCORE = 0.3


class SecondLook:
    """Says which finds are plausible. An instance belongs to one thread.

    Takes every find for plausible where MTCNN's weights are not installed.
    """

    def __init__(self) -> None:
        self._net: OutputNet | None = None
        self._tried = False

    def plausible(self, image: UInt8Array, boxes: Float32Array) -> BoolArray:
        """Which boxes (N, 4) of a picture (H, W, 3) uint8 BGR may hold a face: (N,) bool."""
        if not self._tried:  # most detectors are never asked for less certain faces
            self._tried = True
            self._net = _load()
        if self._net is None or not len(boxes):
            return np.ones(len(boxes), np.bool_)
        _, scores, _ = self._net.look(image, boxes)
        return np.asarray(scores >= _MIN_SCORE, np.bool_)


def _load() -> OutputNet | None:
    try:
        return None if unavailable_reason() else OutputNet()
    except DetectorError:
        return None
