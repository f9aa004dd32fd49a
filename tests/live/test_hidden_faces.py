"""Faces that are to be hidden stay hidden, whatever happens to a frame."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import av
import numpy as np
import pytest

from emotion_core.drawing import DrawOptions
from emotion_core.errors import ModelError
from emotion_core.faces import FaceDetector
from emotion_core.live.hidden_faces import HiddenFaces
from emotion_core.live.session import LiveSession
from emotion_core.live.view import LiveSettings
from emotion_core.types import FaceDetections, FrameResult

Camera = Callable[..., av.VideoFrame]
PLAIN = LiveSettings(mirror=False)


def pixels(frame: av.VideoFrame) -> np.ndarray:
    return frame.to_ndarray(format="bgr24").astype(np.int16)


def test_hidden_faces_stay_hidden_when_a_frame_fails(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    live = LiveSession(
        fixed_detector, classifier, replace(PLAIN, drawing=DrawOptions(blur_faces=True))
    )
    classifier.error = ModelError("no")
    shown = pixels(live.process(camera(0)))[100:, :]
    blocks = shown[44:92, 48:96].reshape(-1, 3)  # one block of 48 pixels
    assert blocks.std(axis=0).max() < 8


def test_a_hidden_face_stays_hidden_where_the_detector_misses_it(
    fixed_detector: Any, classifier: Any, camera: Camera, clock: Any
) -> None:
    hide = replace(PLAIN, drawing=DrawOptions(blur_faces=True))
    live = LiveSession(fixed_detector, classifier, hide, now=clock)
    live.process(camera(0))
    fixed_detector.detect = lambda image: FaceDetections.empty()
    face = np.s_[144:288, 256:384]  # where the fixed detector saw it
    plain = pixels(camera(0))[face]

    def difference(index: int) -> float:
        clock.now = 100 + index / 30
        return float(np.abs(pixels(live.process(camera(index)))[face] - plain).mean())

    assert min(difference(index) for index in (1, 15, 29)) > 10
    assert difference(60) < 3  # nobody was there for two seconds


def test_faces_that_are_to_be_hidden_are_looked_for_in_every_frame(
    fixed_detector: Any, classifier: Any, camera: Camera
) -> None:
    hide = replace(PLAIN, drawing=DrawOptions(blur_faces=True))
    live = LiveSession(fixed_detector, classifier, hide)
    for index in range(4):
        live.process(camera(index))
    assert fixed_detector.calls == 4
    live.change(settings=PLAIN)
    for index in range(4, 4 + 2 * PLAIN.stream.detect_every):
        live.process(camera(index))
    assert fixed_detector.calls <= 7


def test_a_broken_frame_leaks_no_face(fixed_detector: FaceDetector, classifier: Any) -> None:
    hide = replace(PLAIN, drawing=DrawOptions(blur_faces=True))
    broken: Any = object()
    shown = LiveSession(fixed_detector, classifier, hide).process(broken)
    assert shown is not broken
    assert pixels(shown).std() == pytest.approx(0, abs=2)


def test_the_first_frame_that_comes_back_is_already_read(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    live = LiveSession(
        fixed_detector, classifier, replace(PLAIN, drawing=DrawOptions(blur_faces=True))
    )
    face = np.s_[144:288, 256:384]
    assert np.abs(pixels(live.process(camera(0)))[face] - pixels(camera(0))[face]).mean() > 10


@pytest.mark.parametrize(
    ("size_px", "face"),
    [((320, 240), (128, 72, 192, 144)), ((480, 640), (176, 224, 304, 368))],
    ids=["smaller", "turned"],
)
def test_a_missed_face_stays_hidden_in_a_frame_of_another_size(
    make_result: Callable[..., FrameResult], size_px: tuple[int, int], face: tuple[int, ...]
) -> None:
    hidden = HiddenFaces()
    seen = make_result(("happy", 0.9))
    box = np.array([[256, 144, 384, 288]], np.float32)
    hidden.missed(replace(seen, detections=replace(seen.detections, boxes=box)))
    (hidden,) = hidden.missed(replace(make_result(size_px=size_px), timestamp_s=0.1))
    assert (hidden[:2] <= face[:2]).all()
    assert (hidden[2:] >= face[2:]).all()


def test_a_missed_face_stays_hidden_in_a_mirrored_picture(
    make_result: Callable[..., FrameResult],
) -> None:
    hidden = HiddenFaces()
    seen = make_result(("happy", 0.9))  # at 10 to 60 of 640
    hidden.missed(seen)
    hidden.mirror()
    (hidden,) = hidden.missed(replace(make_result(), timestamp_s=0.1))
    assert hidden[0] <= 580
    assert hidden[2] >= 630
