"""A stream of frames of a real face: one number, few detections, the settings act at once."""

import cv2
import numpy as np
import pytest
from skimage import data

from emotion_core.emotions import FER2013
from emotion_core.faces import build_detector
from emotion_core.faces.framing import CropFraming
from emotion_core.stream import StreamOptions, StreamPipeline
from emotion_core.types import EmotionScores, FaceDetections, Frame, UInt8Array

PHOTO = np.ascontiguousarray(data.astronaut()[:300, 80:380, ::-1])


class Alternating:
    """Says happy and sad in turns, a little more often happy."""

    def __init__(self) -> None:
        self.calls = 0

    def predict(self, images: UInt8Array) -> EmotionScores:
        self.calls += 1
        scores = np.full((len(images), 7), 0.02, np.float32)
        happy = 0.48 if self.calls % 2 else 0.42
        scores[:, FER2013.index("happy")] = happy
        scores[:, FER2013.index("sad")] = 0.9 - happy
        return EmotionScores(scores, FER2013, 0.1)


class Counting:
    """A real detector that counts how often it is asked."""

    def __init__(self) -> None:
        self._real = build_detector(max_side_px=320)
        self.name, self.note = self._real.name, ""
        self.framing: CropFraming = self._real.framing
        self.calls = 0

    def detect(self, image: UInt8Array) -> FaceDetections:
        self.calls += 1
        return self._real.detect(image)


def frame(index: int, shift: int = 0) -> Frame:
    return Frame(np.roll(PHOTO, shift, axis=1), index, index / 30)


def test_one_face_keeps_its_number_and_its_place() -> None:
    detector = Counting()
    stream = StreamPipeline(detector, Alternating(), StreamOptions(detect_every=5))
    results = [stream.analyze(frame(i, shift=2 * i)) for i in range(15)]
    assert all(result.track_ids.tolist() == [1] for result in results)
    assert detector.calls == 3
    moved = results[-1].detections.boxes[0] - results[0].detections.boxes[0]
    assert moved[[0, 2]] == pytest.approx([28, 28], abs=6)
    assert moved[[1, 3]] == pytest.approx([0, 0], abs=6)
    assert set(results[-1].stage_ms) == {"detect", "crop", "classify", "track"}


def test_raw_scores_alternate_and_the_label_stays() -> None:
    stream = StreamPipeline(Counting(), Alternating(), StreamOptions(half_life_s=0.4))
    results = [stream.analyze(frame(i)) for i in range(12)]
    happy, sad = FER2013.index("happy"), FER2013.index("sad")
    assert {int(r.scores.labels[0]) for r in results} == {happy, sad}
    assert {int(r.labels[0]) for r in results} == {happy}


def test_every_frame_is_detected_where_that_is_asked_for() -> None:
    detector = Counting()
    stream = StreamPipeline(detector, Alternating(), StreamOptions(detect_every=1))
    for i in range(4):
        stream.analyze(frame(i))
    assert detector.calls == 4


def test_a_new_frame_size_is_detected_again() -> None:
    detector = Counting()
    stream = StreamPipeline(detector, Alternating(), StreamOptions(detect_every=30))
    stream.analyze(frame(0))
    smaller = Frame(np.ascontiguousarray(PHOTO[:240, :240]), 1, 0.04)
    assert stream.analyze(smaller).size_px == (240, 240)
    assert detector.calls == 2


def two_people(size_px: tuple[int, int]) -> UInt8Array:
    """The same photo twice, side by side, in a picture of any size of 4:3."""
    pair = np.zeros((480, 640, 3), np.uint8)
    pair[90:390, :300], pair[90:390, 340:] = PHOTO, PHOTO[:, ::-1]
    return np.asarray(cv2.resize(pair, size_px, interpolation=cv2.INTER_AREA), np.uint8)


class SidesDiffer:
    """Says happy of the left face and sad of the right one; sure only in the first frame."""

    def __init__(self) -> None:
        self.calls = 0

    def predict(self, images: UInt8Array) -> EmotionScores:
        self.calls += 1
        top = 0.94 if self.calls == 1 else 0.2
        scores = np.full((len(images), 7), (1 - top) / 6, np.float32)
        for face, name in enumerate(("happy", "sad")[: len(images)]):
            scores[face] = (1 - top) / 6
            scores[face, FER2013.index(name)] = top
        return EmotionScores(scores, FER2013, 0.1)


@pytest.mark.parametrize("detect_every", [1, 3])
def test_numbers_and_smoothing_survive_the_sizes_sent_under_load(detect_every: int) -> None:
    options = StreamOptions(detect_every=detect_every, half_life_s=60)
    stream = StreamPipeline(Counting(), SidesDiffer(), options)
    sizes = [(640, 480)] * 3 + [(480, 360)] * 3 + [(320, 240)] * 3 + [(640, 480)] * 3
    for index, size_px in enumerate(sizes):
        result = stream.analyze(Frame(two_people(size_px), index, index / 10))
        assert result.track_ids.tolist() == [1, 2]
        # What the first frame said is still there, so nobody started anew.
        assert [float(row.max()) > 0.8 for row in result.smoothed.probabilities] == [True, True]


def test_numbers_survive_a_mirrored_stream() -> None:
    stream = StreamPipeline(Counting(), SidesDiffer(), StreamOptions(detect_every=3))
    picture = two_people((640, 480))
    picture[:, 300:340] = 99
    shifted = np.ascontiguousarray(np.roll(picture, 30, axis=1))
    assert stream.analyze(Frame(shifted, 0, 0.0)).track_ids.tolist() == [1, 2]
    stream.mirror()
    mirrored = np.ascontiguousarray(shifted[:, ::-1])
    assert stream.analyze(Frame(mirrored, 1, 0.1)).track_ids.tolist() == [2, 1]


def test_settings_change_between_two_frames() -> None:
    stream = StreamPipeline(Counting(), Alternating(), StreamOptions(half_life_s=60))
    stream.analyze(frame(0))
    before = stream.analyze(frame(1))
    assert not before.uncertain[0]
    stream.change(options=StreamOptions(half_life_s=0, threshold=0.99))
    after = stream.analyze(frame(2))
    assert after.uncertain[0]
    np.testing.assert_allclose(after.smoothed.probabilities, after.scores.probabilities, atol=1e-6)
    assert after.track_ids.tolist() == before.track_ids.tolist()


def test_a_frame_without_faces_is_empty_and_the_face_comes_back() -> None:
    stream = StreamPipeline(Counting(), Alternating(), StreamOptions(detect_every=1))
    stream.analyze(frame(0))
    empty = stream.analyze(Frame(np.zeros_like(PHOTO), 1, 0.04))
    assert len(empty) == 0
    assert stream.analyze(frame(2)).track_ids.tolist() == [1]


@pytest.mark.parametrize("values", [{"detect_every": 0}, {"half_life_s": -1.0}])
def test_bad_settings_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="wanted"):
        StreamOptions(**values)  # type: ignore[arg-type]


def test_a_cut_is_searched_and_its_faces_are_new() -> None:
    detector = Counting()
    stream = StreamPipeline(detector, Alternating(), StreamOptions(detect_every=100))
    assert stream.analyze(frame(0)).track_ids.tolist() == [1]
    assert stream.analyze(frame(1)).track_ids.tolist() == [1]
    stream.cut()
    assert stream.analyze(frame(2)).track_ids.tolist() == [2]
    assert detector.calls == 2
