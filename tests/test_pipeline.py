from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from matplotlib import cbook

from emotion_core.classifiers.registry import MODELS_ROOT, ModelRegistry
from emotion_core.classifiers.worker import InferenceWorker
from emotion_core.emotions import Emotion
from emotion_core.errors import ModelError
from emotion_core.faces import build_detector, detector_names
from emotion_core.faces.framing import CropFraming
from emotion_core.pipeline import EmotionPipeline, reading_order
from emotion_core.types import EmotionScores, FaceDetections, Frame, UInt8Array


class BrightnessClassifier:
    """Says how bright a crop is, so that a mixed-up row would show."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def predict(self, images: UInt8Array) -> EmotionScores:
        self.shapes.append(images.shape)
        share = (images.mean(axis=(1, 2)) / 255).astype(np.float32)[:, None]
        rest = np.zeros((len(images), 5), np.float32)
        return EmotionScores(np.hstack([share, 1 - share, rest]), threshold=0.6)


class SquaresDetector:
    """Finds given boxes, but only in pictures of one shape; counts its calls."""

    name = "squares"
    note = ""

    def __init__(self, framing: CropFraming, shape: tuple[int, int], *boxes: list[float]) -> None:
        self.framing = framing
        self.calls = 0
        self._shape = shape
        self._boxes = np.array(boxes, np.float32).reshape(-1, 4)

    def detect(self, image: UInt8Array) -> FaceDetections:
        self.calls += 1
        boxes = self._boxes if image.shape[:2] == self._shape else self._boxes[:0]
        n = len(boxes)
        confidences = np.linspace(0.9, 0.5, n, dtype=np.float32)
        return FaceDetections(boxes, confidences, np.zeros((n, 0, 2), np.float32))


@pytest.fixture
def framing() -> CropFraming:
    return build_detector("haar").framing


@pytest.fixture(scope="module")
def astronaut() -> UInt8Array:
    return np.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])


@pytest.fixture(scope="module")
def grace_hopper() -> UInt8Array:
    path = Path(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    image = cv2.imread(str(path))
    assert image is not None
    return np.asarray(image, np.uint8)


def test_each_face_gets_its_own_scores_in_reading_order(framing: CropFraming) -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    levels = {10: 40, 110: 120, 210: 220}
    for x, level in levels.items():
        image[:, x - 10 : x + 90] = level
    # The detector gives them in another order.
    boxes = [[210, 60, 280, 130], [10, 70, 80, 140], [110, 50, 180, 120]]
    detector = SquaresDetector(framing, (200, 300), *map(list, boxes))
    classifier = BrightnessClassifier()
    result = EmotionPipeline(detector, classifier).analyze(Frame(image, index=7, timestamp_s=1.5))
    assert result.detections.boxes[:, 0].tolist() == [10, 110, 210]
    np.testing.assert_allclose(result.detections.confidences, [0.7, 0.5, 0.9])
    np.testing.assert_allclose(result.scores.probabilities[:, 0] * 255, [40, 120, 220], atol=2)
    assert result.track_ids.tolist() == [1, 2, 3]
    assert result.smoothed is result.scores
    assert classifier.shapes == [(3, 48, 48)]
    assert (result.frame_index, result.timestamp_s, result.size_px) == (7, 1.5, (300, 200))
    assert result.rotation_deg == 0
    assert set(result.stage_ms) == {"detect", "crop", "classify"}
    assert all(ms >= 0 for ms in result.stage_ms.values())


def test_no_face_gives_an_empty_result_and_no_guess(framing: CropFraming) -> None:
    detector = SquaresDetector(framing, (1, 1))
    result = EmotionPipeline(detector, BrightnessClassifier()).analyze(
        Frame(np.full((80, 60, 3), 200, np.uint8))
    )
    assert len(result) == len(result.scores) == len(result.crops) == 0
    assert result.track_ids.tolist() == []
    assert detector.calls == 4


def test_turned_pictures_are_tried_only_if_wanted(framing: CropFraming) -> None:
    # Finds a face only when the picture stands on its side.
    detector = SquaresDetector(framing, (60, 80), [10, 10, 40, 40])
    frame = Frame(np.full((80, 60, 3), 200, np.uint8))
    turned = EmotionPipeline(detector, BrightnessClassifier()).analyze(frame)
    assert len(turned) == 1
    assert turned.rotation_deg in (90, 270)
    x0, y0, x1, y1 = turned.detections.boxes[0]
    assert 0 <= x0 < x1 <= 60
    assert 0 <= y0 < y1 <= 80
    detector.calls = 0
    pipeline = EmotionPipeline(detector, BrightnessClassifier(), try_rotations=False)
    assert len(pipeline.analyze(frame)) == 0
    assert detector.calls == 1


@pytest.mark.parametrize(("threshold", "wanted"), [(None, 0.6), (0.0, 0.0), (1.0, 1.0)])
def test_the_users_threshold_replaces_the_classifiers(
    framing: CropFraming, threshold: float | None, wanted: float
) -> None:
    detector = SquaresDetector(framing, (80, 80), [10, 10, 60, 60])
    pipeline = EmotionPipeline(detector, BrightnessClassifier(), threshold=threshold)
    result = pipeline.analyze(Frame(np.full((80, 80, 3), 128, np.uint8)))
    assert result.decisions.threshold == wanted
    assert bool(result.uncertain[0]) == (wanted > 0)


def test_a_threshold_outside_0_to_1_is_refused(framing: CropFraming) -> None:
    detector = SquaresDetector(framing, (1, 1))
    with pytest.raises(ValueError, match="threshold: wanted a number from 0 to 1"):
        EmotionPipeline(detector, BrightnessClassifier(), threshold=1.5)


def test_crops_have_the_size_that_the_classifier_takes(framing: CropFraming) -> None:
    detector = SquaresDetector(framing, (80, 80), [10, 10, 60, 60])
    classifier = BrightnessClassifier()
    pipeline = EmotionPipeline(detector, classifier, crop_size_px=64)
    pipeline.analyze(Frame(np.zeros((80, 80, 3), np.uint8)))
    assert classifier.shapes == [(1, 64, 64)]


def test_errors_of_the_classifier_reach_the_caller(framing: CropFraming) -> None:
    class Closed:
        def predict(self, images: UInt8Array) -> EmotionScores:
            raise ModelError("closed")

    detector = SquaresDetector(framing, (80, 80), [10, 10, 60, 60])
    with pytest.raises(ModelError, match="closed"):
        EmotionPipeline(detector, Closed()).analyze(Frame(np.zeros((80, 80, 3), np.uint8)))


@pytest.mark.parametrize("name", detector_names())
def test_finds_faces_of_real_photos(
    name: str, astronaut: UInt8Array, grace_hopper: UInt8Array
) -> None:
    pipeline = EmotionPipeline(build_detector(name), BrightnessClassifier())
    for image, centre in ((astronaut, (222, 115)), (grace_hopper, (262, 180))):
        result = pipeline.analyze(Frame(image))
        boxes = result.detections.boxes
        holds = (boxes[:, :2] < centre).all(axis=1) & (boxes[:, 2:] > centre).all(axis=1)
        assert holds.sum() == 1, boxes


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_photo_shows_the_same_face(astronaut: UInt8Array, degrees: int) -> None:
    """Not only that it is found: the crop is turned back, so the answer is the same."""
    pipeline = EmotionPipeline(build_detector(), BrightnessClassifier())
    turned = np.ascontiguousarray(np.rot90(astronaut, degrees // 90))
    upright, other = (pipeline.analyze(Frame(image)) for image in (astronaut, turned))
    assert len(upright) == len(other) == 1
    a, b = (result.crops.images[0].astype(np.float64).ravel() for result in (upright, other))
    assert np.corrcoef(a, b)[0, 1] > 0.9


@pytest.mark.parametrize("name", ModelRegistry(MODELS_ROOT).names())
def test_a_shipped_model_sees_a_broad_smile(name: str, astronaut: UInt8Array) -> None:
    """From pixels to words with nothing faked; the worker gives what the classifier gives."""
    registry = ModelRegistry(MODELS_ROOT)
    alone = EmotionPipeline(build_detector(), registry.open(name)).analyze(Frame(astronaut))
    assert alone.scores.emotion(0) is Emotion.HAPPY
    assert not alone.uncertain[0]
    with InferenceWorker(registry.open(name)) as worker:
        shared = EmotionPipeline(build_detector(), worker).analyze(Frame(astronaut))
    np.testing.assert_array_equal(shared.scores.probabilities, alone.scores.probabilities)


def test_a_picture_that_shows_no_face(framing: CropFraming) -> None:
    result = EmotionPipeline(build_detector(), BrightnessClassifier()).analyze(
        Frame(np.ascontiguousarray(skimage.data.brick()[:, :, None].repeat(3, axis=2)))
    )
    assert len(result) == 0


ROWS = [
    [10, 10, 60, 60],
    [100, 20, 150, 70],
    [200, 5, 250, 55],
    [30, 100, 80, 150],
    [130, 90, 180, 140],
]


def test_reading_order_goes_row_by_row() -> None:
    boxes = np.array(ROWS, np.float32)
    assert reading_order(boxes).tolist() == [0, 1, 2, 3, 4]


def test_reading_order_is_the_same_whatever_the_order_was() -> None:
    # Two boxes that are the same, and two that differ in the last number only.
    boxes = np.array([*ROWS, ROWS[0], [10, 10, 60, 61]], np.float32)
    wanted = boxes[reading_order(boxes)]
    rng = np.random.default_rng(0)
    for _ in range(50):
        shuffled = boxes[rng.permutation(len(boxes))]
        np.testing.assert_array_equal(shuffled[reading_order(shuffled)], wanted)


def test_reading_order_of_no_boxes() -> None:
    order = reading_order(np.zeros((0, 4), np.float32))
    assert order.shape == (0,)
    assert order.dtype == np.int64


class Says(BrightnessClassifier):
    """Gives every crop the same label, with the same share."""

    def __init__(self, label: int, share: float, threshold: float = 0.5) -> None:
        super().__init__()
        self._row = np.full(7, (1 - share) / 6, np.float32)
        self._row[label] = share
        self._threshold = threshold

    def predict(self, images: UInt8Array) -> EmotionScores:
        self.shapes.append(images.shape)
        return EmotionScores(np.tile(self._row, (len(images), 1)), threshold=self._threshold)


@pytest.mark.parametrize("threshold", [None, 0.2])
def test_another_classifier_decides_anew(framing: CropFraming, threshold: float | None) -> None:
    detector = SquaresDetector(framing, (80, 80), [10, 10, 60, 60])
    before = EmotionPipeline(detector, Says(3, 0.9)).analyze(
        Frame(np.full((80, 80, 3), 128, np.uint8), index=4, timestamp_s=2.0)
    )
    other = Says(4, 0.4)
    after = EmotionPipeline(detector, other, threshold=threshold).rescore(before)
    assert (before.labels.tolist(), after.labels.tolist()) == ([3], [4])
    assert (before.uncertain.tolist(), after.uncertain.tolist()) == ([False], [threshold is None])
    assert after.smoothed is after.scores
    assert after.crops is before.crops
    assert after.detections is before.detections
    assert (after.frame_index, after.timestamp_s) == (4, 2.0)
    assert detector.calls == 1
    assert other.shapes == [(1, 48, 48)]


def test_crops_of_another_size_are_not_rescored(framing: CropFraming) -> None:
    detector = SquaresDetector(framing, (80, 80), [10, 10, 60, 60])
    result = EmotionPipeline(detector, Says(3, 0.9)).analyze(Frame(np.zeros((80, 80, 3), np.uint8)))
    with pytest.raises(ValueError, match=r"wanted crops of 64 pixels\. Received: 48"):
        EmotionPipeline(detector, Says(3, 0.9), crop_size_px=64).rescore(result)
