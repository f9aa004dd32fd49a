"""Boxes move with the picture: a real face that is shifted and scaled by known amounts."""

import cv2
import numpy as np
import pytest
from skimage import data

from emotion_core.faces.flow import FlowFollower
from emotion_core.types import FaceDetections

# The astronaut's face in skimage's 512x512 photograph, by eye.
FACE = np.array([[170, 60, 280, 190]], np.float32)
EYES = np.array([[[200, 115], [245, 113]]], np.float32)


def frame(matrix: np.ndarray) -> np.ndarray:
    photo = np.ascontiguousarray(data.astronaut()[:, :, ::-1])
    return cv2.warpAffine(photo, matrix, (640, 480), borderMode=cv2.BORDER_REFLECT)


def matrix_at(x: float, y: float, scale: float = 1.0) -> np.ndarray:
    return np.array([[scale, 0, x], [0, scale, y]], np.float64)


def faces(matrix: np.ndarray) -> FaceDetections:
    boxes = FACE.reshape(-1, 2) @ matrix[:, :2].T + matrix[:, 2]
    marks = EYES @ matrix[:, :2].T + matrix[:, 2]
    return FaceDetections(
        boxes.reshape(-1, 4).astype(np.float32),
        np.ones(1, np.float32),
        marks.astype(np.float32),
    )


def test_boxes_and_landmarks_follow_for_a_second() -> None:
    follower = FlowFollower()
    path = [matrix_at(60 + 3 * t, 20 + 2 * t, 1 + 0.004 * t) for t in range(30)]
    followed = faces(path[0])
    follower.start(frame(path[0]))
    for matrix in path[1:]:
        moved = follower.follow(frame(matrix), followed)
        assert moved is not None
        followed = moved
    wanted = faces(path[-1])
    np.testing.assert_allclose(followed.boxes, wanted.boxes, atol=8)
    np.testing.assert_allclose(followed.landmarks, wanted.landmarks, atol=8)
    # Without following, the box would be this far off:
    assert np.abs(faces(path[0]).boxes - wanted.boxes).max() > 80


def test_a_still_picture_moves_nothing() -> None:
    follower, still = FlowFollower(), frame(matrix_at(60, 20))
    start = faces(matrix_at(60, 20))
    follower.start(still)
    moved = follower.follow(still, start)
    assert moved is not None
    np.testing.assert_allclose(moved.boxes, start.boxes, atol=0.05)


def test_a_cut_to_another_picture_loses_the_face() -> None:
    follower = FlowFollower()
    follower.start(frame(matrix_at(60, 20)))
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert follower.follow(noise, faces(matrix_at(60, 20))) is None


@pytest.mark.parametrize("shape", [(240, 320, 3), (360, 480, 3)])
def test_another_frame_size_asks_for_a_detection(shape: tuple[int, int, int]) -> None:
    follower = FlowFollower()
    follower.start(frame(matrix_at(60, 20)))
    small = cv2.resize(frame(matrix_at(60, 20)), (shape[1], shape[0]))
    assert follower.follow(small, faces(matrix_at(60, 20))) is None
    # From then on it follows frames of the new size.
    assert follower.follow(small, FaceDetections.empty()) is not None


def test_nothing_to_follow_stays_nothing() -> None:
    follower = FlowFollower()
    follower.start(frame(matrix_at(60, 20)))
    moved = follower.follow(frame(matrix_at(61, 20)), FaceDetections.empty())
    assert moved is not None
    assert len(moved) == 0
