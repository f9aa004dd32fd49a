"""Viola and Jones' boosted cascade, with the file that the OpenCV wheel carries.

Kept for comparison: FER-2013 itself was cut out by it. Misses turned, tilted and small faces.

Source: Viola & Jones, CVPR 2001; the cascade is OpenCV's haarcascade_frontalface_default.xml.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from emotion_core.errors import DetectorError
from emotion_core.faces.confidence import ConfidenceRange
from emotion_core.faces.detector import DEFAULT_MAX_SIDE_PX, BoundedDetector, no_landmarks
from emotion_core.faces.framing import HAAR_FRAMING
from emotion_core.faces.second_look import SecondLook
from emotion_core.types import Float32Array, UInt8Array

# A face counts as certain as the number n of windows that agree on it: n / (n + 5).
_HALF_CERTAIN_WINDOWS = 5


@dataclass(frozen=True, slots=True)
class HaarPreset:
    """Settings of the search.

    Attributes:
        scale_factor: step of the window's size.
        min_neighbors: windows that must agree on a face.
        min_face_px: smallest window in the bounded picture.
    """

    scale_factor: float
    min_neighbors: int
    min_face_px: int


PRESETS = {
    "haar": HaarPreset(scale_factor=1.1, min_neighbors=6, min_face_px=30),
    # Source: github.com/atulapra/Emotion-detection, `detectMultiScale(gray, 1.3, 5)`.
    "haar-emotion-detection": HaarPreset(scale_factor=1.3, min_neighbors=5, min_face_px=0),
}


def _confidence_of(windows: int) -> float:
    return windows / (windows + _HALF_CERTAIN_WINDOWS)


# A closer look offers a cascade more texture, and most of what it then finds is that.
_CLOSER_CONFIDENCE = 0.9

# From four windows: of three and fewer most are no faces.
CONFIDENCES = {
    name: ConfidenceRange(lowest=0.4, usual=_confidence_of(preset.min_neighbors), highest=0.95)
    for name, preset in PRESETS.items()
}


def _cascade_file() -> Path | None:
    data = getattr(cv2, "data", None)
    return Path(data.haarcascades) / "haarcascade_frontalface_default.xml" if data else None


def unavailable_reason() -> str:
    """Why this detector cannot be used here; empty if it can."""
    file = _cascade_file()
    if not hasattr(cv2, "CascadeClassifier") or file is None or not file.is_file():
        return (
            f"OpenCV {cv2.__version__} has no Haar cascades; OpenCV 5 dropped them. "
            "Install opencv-python-headless<5."
        )
    return ""


class HaarDetector(BoundedDetector):
    """The cascade with one of the PRESETS; no landmarks. An instance belongs to one thread."""

    sure_confidence = 0.84

    def __init__(
        self,
        preset: str = "haar",
        *,
        min_confidence: float | None = None,
        max_side_px: int = DEFAULT_MAX_SIDE_PX,
    ) -> None:
        self._preset = PRESETS[preset]
        usual = CONFIDENCES[preset].usual
        if min_confidence is None:
            min_confidence = usual
        super().__init__(
            preset,
            HAAR_FRAMING,
            min_confidence=min_confidence,
            max_side_px=max_side_px,
            usual_confidence=usual,
            closer_confidence=_CLOSER_CONFIDENCE,
            second_look=SecondLook(),
        )
        reason, file = unavailable_reason(), _cascade_file()
        if reason or file is None:
            raise DetectorError(reason)
        self._cascade = cv2.CascadeClassifier(str(file))
        # The windows that the wanted confidence takes, found backwards from n / (n + 5).
        share = min(min_confidence, 0.99)
        self._neighbors = max(1, int(np.ceil(_HALF_CERTAIN_WINDOWS * share / (1 - share) - 1e-6)))

    def _find(self, image: UInt8Array) -> tuple[Float32Array, Float32Array, Float32Array]:
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        smallest = self._preset.min_face_px
        found, windows = self._cascade.detectMultiScale2(
            gray,
            scaleFactor=self._preset.scale_factor,
            minNeighbors=self._neighbors,
            minSize=(smallest, smallest),
        )
        rows = np.asarray(found, np.float32).reshape(-1, 4)
        counts = np.asarray(windows, np.float32).reshape(-1)
        boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:]], axis=1)
        confidences = counts / (counts + _HALF_CERTAIN_WINDOWS)
        return boxes, confidences.astype(np.float32), no_landmarks(len(boxes))
