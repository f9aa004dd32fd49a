"""Finds cuts between consecutive sampled frames of a video."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from emotion_core.types import UInt8Array

# Differences are those of pictures of this size: what moves or rustles within a scene averages
# out, and it takes a fraction of a millisecond.
_SIZE_PX = (64, 36)
# A cut changes hue, saturation and value by at least this on the average, of 255, and this many
# times as much as the frames before it changed. Without frames before it: by so much as is sure.
# Source: PySceneDetect's AdaptiveDetector (adaptive_threshold 3.0, min_content_val 15.0) and
# ContentDetector (threshold 27.0), https://www.scenedetect.com/docs/latest/api/detectors.html;
# unlike there, the frames after it are not waited for.
_LEAST = 15.0
_RATIO = 3.0
_SURE = 27.0
_BEFORE = 6


class CutDetector:
    """Compares each frame with the one before. Belongs to one video."""

    def __init__(self) -> None:
        self._last: UInt8Array | None = None
        self._changes: deque[float] = deque(maxlen=_BEFORE)

    def is_cut(self, image: UInt8Array) -> bool:
        """Whether another scene begins with this frame.

        Args:
            image: (H, W, 3) uint8 BGR, of any size.
        """
        small = cv2.resize(image, _SIZE_PX, interpolation=cv2.INTER_AREA)
        now = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2HSV), np.uint8)
        last, self._last = self._last, now
        if last is None:
            return False
        change = _change(last, now)
        usual = float(np.mean(self._changes)) if self._changes else _SURE / _RATIO
        if change >= _LEAST and change >= _RATIO * usual:
            self._changes.clear()
            return True
        self._changes.append(change)
        return False

    def state(self) -> dict[str, Any]:
        """What is needed to go on from here, as JSON; see ``restore``."""
        return {
            "last": None if self._last is None else self._last.ravel().tolist(),
            "changes": list(self._changes),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on where ``state`` was asked for, with the very same results."""
        last = state["last"]
        shape = (_SIZE_PX[1], _SIZE_PX[0], 3)
        self._last = None if last is None else np.array(last, np.uint8).reshape(shape)
        self._changes = deque(state["changes"], maxlen=_BEFORE)


def _change(last: UInt8Array, now: UInt8Array) -> float:
    """Mean difference of hue, saturation and value."""
    difference = np.abs(now.astype(np.int16) - last)
    # Hue is a circle of 180 steps.
    difference[..., 0] = np.minimum(difference[..., 0], 180 - difference[..., 0])
    return float(difference.mean())
