"""The live session: frames in, annotated frames out, and nothing that can stop it."""

import threading
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pytest

from emotion_core.drawing import DrawOptions
from emotion_core.emotions import FER2013
from emotion_core.errors import ModelError
from emotion_core.faces import FaceDetector, build_detector
from emotion_core.faces.framing import CropFraming
from emotion_core.live.session import LiveSession
from emotion_core.live.view import LiveSettings
from emotion_core.stream import StreamOptions
from emotion_core.types import EmotionScores, FaceDetections, FrameResult, UInt8Array

Camera = Callable[..., av.VideoFrame]
PLAIN = LiveSettings(mirror=False)


def pixels(frame: av.VideoFrame) -> np.ndarray:
    return frame.to_ndarray(format="bgr24").astype(np.int16)


def changed(first: av.VideoFrame, second: av.VideoFrame) -> float:
    """Share of the pixels that differ clearly."""
    return float((np.abs(pixels(first) - pixels(second)).max(axis=2) > 60).mean())


def test_a_face_is_drawn_numbered_and_counted(
    detector: FaceDetector, classifier: Any, camera: Camera, clock: Any
) -> None:
    live, drawn = LiveSession(detector, classifier, PLAIN, now=clock), []
    for i in range(5):
        clock.now = 100 + i / 30
        drawn.append(live.process(camera(i)))
    view = live.view()
    assert view.result is not None
    assert view.result.track_ids.tolist() == [1]
    assert view.result.smoothed.emotion(0) == "happy"
    assert view.result.timestamp_s == pytest.approx(4 / 30, abs=1e-3)
    assert changed(drawn[-1], camera(4)) > 0.005
    assert drawn[-1].pts == camera(4).pts
    assert (view.health.frames, view.health.errors, view.health.faces) == (5, 0, 1)
    assert {"detect", "classify", "track", "draw", "convert"} <= set(view.health.stage_ms)
    assert view.message == ""
    assert sum(view.seconds.values()) == pytest.approx(4 / 30, abs=1e-3)


def test_an_error_shows_the_raw_picture_with_a_badge_and_its_message(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    live = LiveSession(fixed_detector, classifier, PLAIN)
    classifier.error = ModelError("The model was closed. Open it again.")
    shown = live.process(camera(0))
    view = live.view()
    assert view.message == "The model was closed. Open it again."
    assert (view.result, view.health.errors) == (None, 1)
    assert 0.001 < changed(shown, camera(0)) < 0.1
    assert changed_below(shown, camera(0)) == 0.0
    classifier.error = None
    live.process(camera(1))
    assert live.view().message == ""


def changed_below(first: av.VideoFrame, second: av.VideoFrame) -> float:
    """Share of clearly different pixels in the lower three quarters."""
    height = first.height // 4
    return float((np.abs(pixels(first) - pixels(second))[height:].max(axis=2) > 60).mean())


def test_an_unexpected_error_is_told_without_its_insides(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera, caplog: pytest.LogCaptureFixture
) -> None:
    live = LiveSession(fixed_detector, classifier, PLAIN)
    classifier.error = ZeroDivisionError("inner detail")
    for index in range(3):
        live.process(camera(index))
    assert "server's log" in live.view().message
    assert "inner detail" not in live.view().message
    assert len(caplog.records) == 1  # and not one trace per frame


def test_a_frame_that_is_no_picture_comes_back_as_it_was(
    fixed_detector: FaceDetector, classifier: Any
) -> None:
    live = LiveSession(fixed_detector, classifier)
    broken: Any = object()
    assert live.process(broken) is broken
    assert live.view().health.errors == 1


def test_a_model_for_larger_crops_gets_larger_crops(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    sides: list[int] = []

    class Measuring(type(classifier)):  # type: ignore[misc]
        def predict(self, images: UInt8Array) -> Any:
            sides.append(images.shape[1])
            return super().predict(images)

    live = LiveSession(fixed_detector, Measuring(), PLAIN, crop_size_px=64)
    live.process(camera(0))
    live.change(classifier=Measuring(), crop_size_px=96)
    live.process(camera(1))
    assert sides == [64, 96]


def test_the_size_may_change_at_any_time(
    detector: FaceDetector, classifier: Any, camera: Camera, portrait: UInt8Array
) -> None:
    live = LiveSession(detector, classifier, PLAIN)
    for index, step in enumerate((1, 1, 2, 2, 1)):
        image = np.ascontiguousarray(portrait[::step, ::step])
        shown = live.process(camera(index, image))
        assert (shown.width, shown.height) == (640 // step, 480 // step)
    view = live.view()
    assert view.health.errors == 0
    assert view.result is not None
    assert len(view.result) == 1


def test_the_mirror_turns_the_picture_and_the_boxes(
    detector: FaceDetector, classifier: Any, camera: Camera, portrait: UInt8Array
) -> None:
    shifted = np.roll(portrait, 60, axis=1)
    boxes = []
    for mirror in (False, True):
        live = LiveSession(build_detector(max_side_px=320), classifier, LiveSettings(mirror=mirror))
        live.process(camera(0, shifted))
        result = live.view().result
        assert result is not None
        boxes.append(result.detections.boxes[0])
    assert 640 - boxes[1][2] == pytest.approx(boxes[0][0], abs=12)


def test_settings_act_on_the_next_frame(
    fixed_detector: Any, classifier: Any, camera: Camera
) -> None:
    live = LiveSession(fixed_detector, classifier, PLAIN)
    live.process(camera(0))
    bare = DrawOptions(boxes=False, labels=False, numbers=False)
    live.change(settings=LiveSettings(StreamOptions(threshold=0.95), bare, mirror=False))
    shown = live.process(camera(1))
    result = live.view().result
    assert result is not None
    assert result.uncertain.tolist() == [True]
    assert changed(shown, camera(1)) == 0.0

    other = type(classifier)(sad=0.8)
    live.change(classifier=other, detector=type(fixed_detector)())
    live.process(camera(2))
    result = live.view().result
    assert result is not None
    assert result.smoothed.emotion(0) == "sad"
    assert result.track_ids.tolist() == [1]


def test_raw_shows_each_frame_alone_and_smoothed_does_not(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    shares = []
    for raw in (True, False):
        live = LiveSession(fixed_detector, classifier, LiveSettings(raw=raw))
        classifier.shares = {"happy": 0.9}
        live.process(camera(0))
        classifier.shares = {"sad": 0.9}
        live.process(camera(1))
        result = live.view().result
        assert result is not None
        assert result.scores.emotion(0) == "sad"
        shares.append(float(result.smoothed.probabilities[0, FER2013.index("sad")]))
    assert shares[0] == pytest.approx(0.9)
    assert shares[1] < 0.2


def test_figures_start_anew_with_a_new_connection_and_time_does_not_go_back(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    live = LiveSession(fixed_detector, classifier, PLAIN)
    for index in range(1000, 1005):
        live.process(camera(index))
    live.begin()
    assert live.view().result is None
    live.process(camera(0))
    view = live.view()
    assert (view.health.frames, view.health.errors) == (1, 0)


def test_skipped_frames_are_counted(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    live = LiveSession(fixed_detector, classifier, PLAIN)
    live.process(camera(0))
    live.process(camera(4), queued=4)
    health = live.view().health
    assert (health.frames, health.skipped) == (2, 3)
    assert health.fps_in > health.fps_out


def test_the_page_and_the_media_thread_do_not_disturb_each_other(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    live = LiveSession(fixed_detector, classifier, PLAIN)
    done = threading.Event()
    sizes: list[tuple[int, int]] = []

    def media() -> None:
        for index in range(80):
            shown = live.process(camera(index))
            sizes.append((shown.width, shown.height))
        done.set()

    thread = threading.Thread(target=media)
    thread.start()
    views, turn = [], 0
    while not done.is_set():
        turn += 1
        views.append(live.view())
        live.change(
            settings=LiveSettings(
                StreamOptions(detect_every=1 + turn % 5, half_life_s=0.1 * (turn % 4)),
                DrawOptions(blur_faces=turn % 2 == 0),
                mirror=turn % 3 == 0,
                raw=turn % 2 == 1,
            ),
            classifier=type(classifier)(happy=0.5 + 0.1 * (turn % 4)),
        )
        if turn % 50 == 0:
            live.learn_baseline()
    thread.join()
    assert sizes == [(640, 480)] * 80
    assert live.view().health.errors == 0
    for view in views:  # a view is whole: one frame's result, never a mixture
        if view.result is not None:
            assert len(view.result.track_ids) == len(view.result.smoothed) == 1


def test_a_slow_frame_does_not_keep_the_page_waiting(
    fixed_detector: FaceDetector, camera: Camera, classifier: Any
) -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Slow(type(classifier)):  # type: ignore[misc]
        def predict(self, images: UInt8Array) -> Any:
            inside.set()
            assert go_on.wait(60)
            return super().predict(images)

    live = LiveSession(fixed_detector, Slow(), PLAIN)
    thread = threading.Thread(target=live.process, args=(camera(0),))
    thread.start()
    assert inside.wait(60)
    # All of these would hang for ever if they had to wait for the frame.
    assert live.view().result is None
    live.change(settings=LiveSettings())
    live.learn_baseline()
    live.record(None)
    go_on.set()
    thread.join()
    assert live.view().result is not None


def test_someone_who_waits_sees_themselves_and_nothing_is_read(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    live = LiveSession(fixed_detector, classifier, PLAIN)
    shown = live.refuse(camera(0))
    assert (shown.width, shown.height) == (640, 480)
    assert classifier.calls == 0
    assert live.view().result is None


class TwoFaces:
    """Finds a face on the left and one on the right of every picture, wherever its edges are."""

    name, note = "two", ""

    def __init__(self, framing: CropFraming) -> None:
        self.framing = framing

    def detect(self, image: UInt8Array) -> FaceDetections:
        height, width = image.shape[:2]
        scale = np.array([width, height, width, height], np.float32)
        boxes = np.array([[0.2, 0.3, 0.35, 0.5], [0.6, 0.3, 0.75, 0.5]], np.float32) * scale
        return FaceDetections(boxes, np.full(2, 0.9, np.float32), np.zeros((2, 0, 2), np.float32))


class HappyAndSad:
    """The face that comes first is happy and the second is sad, by nature."""

    def predict(self, images: UInt8Array) -> EmotionScores:
        rows = np.full((len(images), 7), 0.05, np.float32)
        for face in range(len(images)):
            rows[face, FER2013.index(("happy", "sad")[face])] = 0.7
        return EmotionScores(rows, FER2013, 0.1)


def test_resting_faces_stay_those_of_their_persons_when_the_size_changes(
    fixed_detector: Any, camera: Camera, portrait: UInt8Array, clock: Any
) -> None:
    live = LiveSession(TwoFaces(fixed_detector.framing), HappyAndSad(), PLAIN, now=clock)

    def show(index: int, step: int = 1) -> FrameResult:
        clock.now = 100 + index / 30
        live.process(camera(index, np.ascontiguousarray(portrait[::step, ::step])))
        result = live.view().result
        assert result is not None
        return result

    live.learn_baseline()
    for index in range(0, 330, 15):
        show(index)
    assert live.view().baseline.faces == (1, 2)
    for index, step in enumerate((1, 2, 3, 4, 2, 1)):
        result = show(330 + 3 * index, step)
        assert result.track_ids.tolist() == [1, 2]
        # Each relative to their own resting face, both are at rest.
        assert [result.smoothed.emotion(face).value for face in result] == ["neutral", "neutral"]


def test_numbers_stay_when_the_viewer_turns_the_mirror_off(
    fixed_detector: Any, camera: Camera
) -> None:
    class Uneven(TwoFaces):
        """The picture's content: a face on its left and one in its middle."""

        mirrored = True

        def detect(self, image: UInt8Array) -> FaceDetections:
            boxes = np.array([[50, 150, 150, 250], [300, 150, 400, 250]], np.float32)
            if self.mirrored:
                boxes = boxes[:, [2, 1, 0, 3]] * (-1, 1, -1, 1) + (640, 0, 640, 0)
            boxes = boxes.astype(np.float32)
            return FaceDetections(boxes, np.ones(2, np.float32), np.zeros((2, 0, 2), np.float32))

    detector = Uneven(fixed_detector.framing)
    live = LiveSession(detector, HappyAndSad(), LiveSettings(mirror=True))
    live.process(camera(0))
    live.change(settings=LiveSettings(mirror=False))
    detector.mirrored = False
    live.process(camera(1))
    result = live.view().result
    assert result is not None
    numbers = dict(
        zip(result.detections.boxes[:, 0].tolist(), result.track_ids.tolist(), strict=True)
    )
    assert numbers == {50.0: 2, 300.0: 1}


def test_what_one_model_said_is_not_shown_under_the_name_of_another(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    live = LiveSession(fixed_detector, classifier, PLAIN)
    for index in range(20):
        live.process(camera(index))
    live.change(settings=LiveSettings(mirror=True))
    assert live.view().result is not None
    live.change(detector=build_detector(max_side_px=320))
    assert live.view().result is None
    assert live.view().moments  # read by the same model
    live.process(camera(20))
    live.change(classifier=type(classifier)(sad=0.9))
    view = live.view()
    assert (view.result, view.moments, view.seconds) == (None, (), {})


def test_a_frame_that_the_old_model_still_reads_leaves_nothing_behind(
    fixed_detector: FaceDetector, classifier: Any, camera: Camera
) -> None:
    """Models of other expressions have scores of another length, which no chart could mix."""
    live = LiveSession(fixed_detector, classifier, PLAIN)
    new = type(classifier)(sad=0.9)

    class Slow(type(classifier)):  # type: ignore[misc]
        def predict(self, images: UInt8Array) -> Any:
            live.change(classifier=new)  # while it reads
            return super().predict(images)

    live.change(classifier=Slow())
    live.process(camera(0))
    live.process(camera(30))
    (moment,) = live.view().moments
    (scores,) = moment.scores.values()
    assert FER2013[int(scores.argmax())].value == "sad"
