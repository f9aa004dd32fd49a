"""Frames of real faces as a camera sends them, and a classifier whose answers are known."""

from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
import pytest
from skimage import data

from emotion_core.emotions import FER2013
from emotion_core.faces import FaceDetector, build_detector
from emotion_core.types import (
    EmotionScores,
    FaceDetections,
    UInt8Array,
)

RATE = 30


class FixedClassifier:
    """Gives every face the same scores, or raises what it is told to."""

    def __init__(self, **shares: float) -> None:
        self.shares = shares or {"happy": 0.9}
        self.error: Exception | None = None
        self.calls = 0

    def predict(self, images: UInt8Array) -> EmotionScores:
        self.calls += 1
        if self.error is not None:
            raise self.error
        row = np.full(7, (1 - sum(self.shares.values())) / (7 - len(self.shares)), np.float32)
        for name, share in self.shares.items():
            row[FER2013.index(name)] = share
        return EmotionScores(np.tile(row, (len(images), 1)), FER2013, 0.3)


class FixedDetector:
    """Finds one face in the middle of every picture, at once."""

    name, note = "fixed", ""

    def __init__(self) -> None:
        self.framing = build_detector(max_side_px=320).framing
        self.calls = 0

    def detect(self, image: UInt8Array) -> FaceDetections:
        self.calls += 1
        height, width = image.shape[:2]
        box = np.array([[width * 0.4, height * 0.3, width * 0.6, height * 0.6]], np.float32)
        return FaceDetections(box, np.array([0.9], np.float32), np.zeros((1, 0, 2), np.float32))


@pytest.fixture(scope="session")
def portrait() -> UInt8Array:
    """A smiling person in 640x480, BGR."""
    photo = data.astronaut()[:360, 20:500, ::-1]
    return np.ascontiguousarray(np.pad(photo, ((60, 60), (80, 80), (0, 0)), mode="edge"))


@pytest.fixture
def camera(portrait: UInt8Array) -> Callable[..., av.VideoFrame]:
    """Makes the frame of an index as WebRTC delivers it: yuv420p, 90 kHz time stamps."""

    def frame(index: int, image: UInt8Array | None = None) -> av.VideoFrame:
        made = av.VideoFrame.from_ndarray(portrait if image is None else image, format="bgr24")
        made = made.reformat(format="yuv420p")
        made.pts, made.time_base = index * 90_000 // RATE, Fraction(1, 90_000)
        return made

    return frame


@pytest.fixture
def classifier() -> FixedClassifier:
    return FixedClassifier()


@pytest.fixture
def fixed_detector() -> FixedDetector:
    return FixedDetector()


@pytest.fixture
def detector() -> FaceDetector:
    return build_detector(max_side_px=320)


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()
