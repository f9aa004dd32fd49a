"""The order and the length of bouts, with a detector that only counts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from emotion_core.emotions import FER2013
from emotion_core.faces import CropFraming, build_detector
from emotion_core.photos import analysis
from emotion_core.photos.analysis import time_left, work_for_a_while
from emotion_core.photos.photo_files import take_in
from emotion_core.photos.photo_library import AnalysisKey, PhotoLibrary
from emotion_core.types import EmotionScores, FaceDetections, FrameResult, UInt8Array

KEY = AnalysisKey("compact", "0" * 64, "counting", None)


class CountingDetector:
    """Finds nothing, and remembers how many pictures it was given."""

    name = "counting"
    note = ""

    def __init__(self) -> None:
        self.framing: CropFraming = build_detector("haar").framing
        self.n_pictures = 0

    def detect(self, image: UInt8Array) -> FaceDetections:
        self.n_pictures += 1
        return FaceDetections.empty()


class CountingClassifier:
    """Gives every crop the same score."""

    def __init__(self) -> None:
        self.n_crops = 0

    def predict(self, images: UInt8Array) -> EmotionScores:
        self.n_crops += len(images)
        return EmotionScores(np.full((len(images), 7), 1 / 7, np.float32), FER2013)


@pytest.fixture
def library(coffee: bytes) -> PhotoLibrary:
    """Six photos; bytes after the end of a JPEG change its digest and not the picture."""
    library = PhotoLibrary()
    library.add(take_in([(f"{i}.jpg", coffee + bytes([i])) for i in range(6)]).photos)
    return library


def _work(library: PhotoLibrary, visible: tuple[str, ...] = ()) -> list[str]:
    before = {photo.name for photo in library.waiting(KEY)}
    work_for_a_while(
        library, KEY, CountingDetector(), CountingClassifier(), crop_size_px=48, visible=visible
    )
    return sorted(before - {photo.name for photo in library.waiting(KEY)})


def test_photos_out_of_sight_are_done_in_one_go(
    library: PhotoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "BOUT_S", 0.0)
    assert len(_work(library)) == 6


def test_what_is_on_the_screen_comes_first_and_is_shown(
    library: PhotoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    visible = tuple(library.photos)[3:5]
    assert _work(library, visible) == ["3.jpg", "4.jpg"]
    assert _work(library, visible) == ["0.jpg", "1.jpg", "2.jpg", "5.jpg"]


def test_a_slow_page_is_drawn_in_between(
    library: PhotoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "BOUT_S", 0.0)
    assert _work(library, tuple(library.photos)) == ["0.jpg"]


def test_a_bad_photo_does_not_stop_the_others(library: PhotoLibrary) -> None:
    library.add(take_in([("bad.jpg", b"no picture")]).photos)
    assert len(_work(library)) == 7
    assert [failure.name for failure in library.failures] == ["bad.jpg"]
    assert len(list(library.results(KEY, 0.5))) == 6


def test_stopping_keeps_what_is_done(library: PhotoLibrary) -> None:
    class Stop(BaseException):
        """What Streamlit raises when a button was pressed."""

    def stop() -> None:
        raise Stop

    with pytest.raises(Stop):
        work_for_a_while(
            library,
            KEY,
            CountingDetector(),
            CountingClassifier(),
            crop_size_px=48,
            on_progress=stop,
        )
    assert len(library.waiting(KEY)) == 5


def test_another_model_searches_no_faces(
    library: PhotoLibrary, make_result: Callable[..., FrameResult]
) -> None:
    for photo in library.photos.values():
        library.store(photo, KEY, make_result(("happy", 0.9), ("sad", 0.8)))
    detector, classifier = CountingDetector(), CountingClassifier()
    other = replace(KEY, model="emotion-cnn")
    work_for_a_while(library, other, detector, classifier, crop_size_px=48)
    assert (detector.n_pictures, classifier.n_crops) == (0, 12)
    assert library.waiting(other) == []


def test_a_model_with_another_input_needs_new_crops(
    library: PhotoLibrary, make_result: Callable[..., FrameResult]
) -> None:
    for photo in library.photos.values():
        library.store(photo, KEY, make_result(("happy", 0.9)))
    detector = CountingDetector()
    other = replace(KEY, model="larger")
    work_for_a_while(library, other, detector, CountingClassifier(), crop_size_px=64)
    assert detector.n_pictures >= 6


@pytest.mark.parametrize(
    ("seconds", "waiting", "text"),
    [([], 5, ""), ([2.0], 0, ""), ([0.1], 2, "about 1 s left"), ([2.0, 4.0], 10, "about 30 s left"),
     ([3.0], 60, "about 3 min left")],
)  # fmt: skip
def test_time_left_in_words(seconds: list[float], waiting: int, text: str) -> None:
    library = PhotoLibrary()
    library.seconds = seconds
    assert time_left(library, waiting) == text
