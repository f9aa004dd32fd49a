"""What every detector must do, on real photographs."""

import numpy as np
import pytest

from emotion_core.faces import build_detector, detector_names
from emotion_core.faces.detector import BoundedDetector
from emotion_core.geometry import box_iou
from emotion_core.types import FaceDetections

# Measured by hand: the face from brow to chin and cheek to cheek.
FACES = {"astronaut": [175, 70, 275, 180], "hopper": [180, 110, 330, 320]}

NEURAL = tuple(n for n in detector_names() if not n.startswith("haar"))


@pytest.fixture(params=detector_names())
def detector(request: pytest.FixtureRequest) -> BoundedDetector:
    return build_detector(request.param)


@pytest.mark.parametrize("photo", FACES)
def test_finds_the_face(
    detector: BoundedDetector, photo: str, photos: dict[str, np.ndarray]
) -> None:
    found = detector.detect(photos[photo])
    assert len(found) == 1
    assert box_iou(found.boxes, [FACES[photo]])[0, 0] > 0.45
    assert detector.min_confidence <= found.confidences[0] <= 1


@pytest.mark.parametrize("name", NEURAL)
def test_landmarks_lie_on_the_face(name: str, astronaut: np.ndarray) -> None:
    found = build_detector(name).detect(astronaut)
    # Right eye, left eye, nose, right and left corner of the mouth, read off the photograph.
    wanted = [[201, 109], [247, 103], [225, 130], [206, 148], [243, 144]]
    assert found.landmarks.shape == (1, 5, 2)
    assert np.abs(found.landmarks[0] - wanted).max() < 12


@pytest.mark.parametrize("name", [n for n in detector_names() if n.startswith("haar")])
def test_haar_gives_no_landmarks(name: str, astronaut: np.ndarray) -> None:
    assert build_detector(name).detect(astronaut).landmarks.shape == (1, 0, 2)


@pytest.mark.parametrize("name", NEURAL)
def test_finds_several_faces(name: str, group: np.ndarray) -> None:
    found = build_detector(name).detect(group)
    assert len(found) == 5
    assert (np.diff(found.confidences) <= 0).all()


def test_boxes_lie_inside(detector: BoundedDetector, hopper: np.ndarray) -> None:
    """The face is cut off at the left and upper edge."""
    part = hopper[150:400, 200:450]
    found = detector.detect(part)
    assert (found.boxes >= 0).all()
    assert (found.boxes <= 250).all()


def test_large_pictures_are_shrunk_and_boxes_grown(
    detector: BoundedDetector, astronaut: np.ndarray
) -> None:
    large = astronaut.repeat(4, axis=0).repeat(4, axis=1)
    small, big = detector.detect(astronaut), detector.detect(large)
    assert box_iou(small.boxes, big.boxes / 4).max() > 0.75


def test_no_face(detector: BoundedDetector) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    for image in (noise, np.zeros_like(noise), np.full_like(noise, 255)):
        assert len(detector.detect(image)) == 0


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (1, 9), (7, 7), (8, 8), (9, 33), (6, 4000), (4000, 6), (10, 4000), (31, 33), (64, 8)],
)
def test_odd_sizes(detector: BoundedDetector, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for image in (np.zeros((*shape, 3), np.uint8), rng.integers(0, 255, (*shape, 3), np.uint8)):
        found = detector.detect(image)
        assert np.isfinite(found.boxes).all()
        assert len(found) == 0


def test_pictures_that_are_not_contiguous(detector: BoundedDetector, astronaut: np.ndarray) -> None:
    wide = np.zeros((512, 600, 3), np.uint8)
    wide[:, 40:552] = astronaut
    view = wide[:, 40:552]
    assert not view.flags.c_contiguous
    assert np.allclose(detector.detect(view).boxes, detector.detect(astronaut).boxes)
    assert len(detector.detect(astronaut[:, ::-1])) == 1


def test_read_only_pictures(detector: BoundedDetector, astronaut: np.ndarray) -> None:
    locked = astronaut.copy()
    locked.flags.writeable = False
    assert len(detector.detect(locked)) == 1


def test_same_answer_twice(detector: BoundedDetector, photos: dict[str, np.ndarray]) -> None:
    """Another picture between the two leaves nothing behind."""
    first = detector.detect(photos["astronaut"])
    detector.detect(photos["hopper"][:300, :333])
    second = detector.detect(photos["astronaut"])
    assert (first.boxes == second.boxes).all()
    assert (first.landmarks == second.landmarks).all()


@pytest.mark.parametrize("image", [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3))])
def test_wrong_arrays(detector: BoundedDetector, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="image: wanted"):
        detector.detect(image)


def test_higher_threshold_finds_less(detector: BoundedDetector, group: np.ndarray) -> None:
    low = build_detector(detector.name, min_confidence=0.3).detect(group)
    high = build_detector(detector.name, min_confidence=0.999).detect(group)
    assert len(high) <= len(detector.detect(group)) <= len(low)
    assert (high.confidences >= 0.999).all()


@pytest.mark.parametrize("name", NEURAL)
@pytest.mark.parametrize("side", [48, 96])
def test_tiny_pictures(name: str, side: int, photos: dict[str, np.ndarray]) -> None:
    """A face that fills a picture of FER-2013's size."""
    import cv2

    x0, y0, x1, y1 = FACES["astronaut"]
    face = photos["astronaut"][y0 - 15 : y1 + 15, x0 - 20 : x1 + 20]
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    found = build_detector(name).detect(small)
    assert len(found) == 1
    assert box_iou(found.boxes, [[0, 0, side, side]])[0, 0] > 0.3


class Scripted(BoundedDetector):
    """Gives what a test puts in."""

    sure_confidence = 0.9

    def __init__(self, boxes: list[list[float]], scores: list[float]) -> None:
        framing = build_detector("haar").framing
        super().__init__("scripted", framing, min_confidence=0.5, max_side_px=640)
        self.answer = (
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array(scores, np.float32),
            np.zeros((len(boxes), 0, 2), np.float32),
        )

    def _find(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.answer


def clean(boxes: list[list[float]], scores: list[float] | None = None) -> FaceDetections:
    image = np.zeros((400, 600, 3), np.uint8)
    return Scripted(boxes, scores or [0.9] * len(boxes)).detect(image)


@pytest.mark.parametrize(
    "box",
    [
        [np.nan, 0, 50, 50],
        [0, 0, np.inf, 50],
        [50, 50, 20, 20],
        [10, 10, 12, 12],
        [0, 0, 400, 40],
        [900, 100, 990, 190],
        [-4000, -4000, 4000, 4000],
    ],
)
def test_impossible_boxes_are_dropped(box: list[float]) -> None:
    assert len(clean([box])) == 0
    assert len(clean([box, [100, 100, 200, 220]])) == 1


def test_impossible_confidences_are_dropped() -> None:
    box = [100, 100, 200, 220]
    assert len(clean([box], [np.nan])) == 0
    assert len(clean([box], [0.4])) == 0
    assert clean([box], [1.3]).confidences[0] == 1


def test_duplicates_are_suppressed() -> None:
    same = [[100, 100, 200, 220], [104, 98, 206, 222], [120, 130, 180, 190], [300, 100, 380, 190]]
    found = clean(same, [0.7, 0.9, 0.95, 0.8])
    assert found.boxes.tolist() == [same[2], same[3]]


def test_boxes_are_cut_at_the_edges() -> None:
    assert clean([[-30, -20, 100, 110]]).boxes.tolist() == [[0, 0, 100, 110]]


@pytest.mark.parametrize(("name", "value"), [("min_confidence", 1.5), ("max_side_px", 8)])
def test_settings_are_checked(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name}: wanted"):
        build_detector("haar", **{name: value})
