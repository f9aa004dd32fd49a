"""Finds cuts between consecutive sampled frames of a video."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from emotion_core.types import Float32Array, UInt8Array

# Differences are those of pictures of this size: what moves or rustles within a scene averages
# out, and it takes a fraction of a millisecond.
_SIZE_PX = (64, 36)
# A cut changes hue, saturation and value by at least this on the average, of 255, and this many
# times as much as the frames before it changed. Without frames before it: by so much as is sure.
# Source: PySceneDetect's AdaptiveDetector (adaptive_threshold 3.0, min_content_val 15.0) and
# ContentDetector (threshold 27.0), https://www.scenedetect.com/docs/latest/api/detectors.html;
# unlike there, the frames after it are not waited for.
# Nor is it one where the colours of the picture stay as they were: then somebody moved, near by and
# fast. And where they become quite others it is one, however much moved before. Measured on the
# clips of benchmarks/clips.py, as the share of the picture whose colour is another: somebody who
# moves in front of one background up to 0.08 within 0.2 s and 0.14 within 0.5 s, a car that passes
# near by 0.41, real cuts from 0.42, most of them 0.5 and more; somebody else in the same place
# before the same background, put together from photos, from 0.15.
_LEAST = 15.0
_RATIO = 3.0
_SURE = 27.0
_BEFORE = 6
_OTHER_COLOURS = 0.12
_QUITE_OTHER_COLOURS = 0.45
# Hue, saturation, value.
_BINS = (12, 4, 6)


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
        if change >= _LEAST:
            colours = _other_colours(last, now)
            is_sudden = change >= _RATIO * usual and colours >= _OTHER_COLOURS
            if is_sudden or (change >= _SURE and colours >= _QUITE_OTHER_COLOURS):
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


def _other_colours(last: UInt8Array, now: UInt8Array) -> float:
    """The share of the picture whose colour was not there before, wherever it was: 0 to 1."""
    return float(np.abs(_colours(last) - _colours(now)).sum()) / 2


def _colours(hsv: UInt8Array) -> Float32Array:
    counts = cv2.calcHist([hsv], [0, 1, 2], None, list(_BINS), [0, 180, 0, 256, 0, 256])
    return np.asarray(counts, np.float32).ravel() / (hsv.size / 3)
