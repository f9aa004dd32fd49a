import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_core.faces import CropFraming, build_detector, crop_faces, detector_names
from emotion_core.faces.framing import YUNET_FRAMING
from emotion_core.geometry import rotate_boxes_90, rotate_image_90, rotate_points_90
from emotion_core.types import FaceDetections

#: A box is the square.
PLAIN = CropFraming("plain", 1.0, (0.5, 0.5))


def at(*boxes: list[float]) -> FaceDetections:
    n = len(boxes)
    return FaceDetections(
        np.array(boxes, np.float32).reshape(n, 4),
        np.ones(n, np.float32),
        np.zeros((n, 0, 2), np.float32),
    )


def bgr(gray: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)


def test_a_square_of_the_crops_size_is_copied() -> None:
    gray = np.random.default_rng(0).integers(0, 255, (120, 200), dtype=np.uint8)
    crops = crop_faces(bgr(gray), at([60, 30, 108, 78]), PLAIN)
    assert crops.images.shape == (1, 48, 48)
    assert (crops.images[0] == gray[30:78, 60:108]).all()
    assert crops.frame_to_crop[0] == pytest.approx(np.array([[1, 0, -60], [0, 1, -30]]), abs=1e-4)


def test_gray_is_that_of_opencv(astronaut: np.ndarray) -> None:
    crops = crop_faces(astronaut, at([200, 90, 248, 138]), PLAIN)
    wanted = cv2.cvtColor(astronaut[90:138, 200:248], cv2.COLOR_BGR2GRAY)
    assert (crops.images[0] == wanted).all()


@pytest.mark.parametrize("times", [2, 4, 6, 8, 16, 20])
def test_shrinking_averages_areas(times: int) -> None:
    """Fine stripes become their mean, not a pattern."""
    side = 48 * times
    stripes = np.zeros((side, side), np.uint8)
    stripes[::2] = 200
    crops = crop_faces(bgr(stripes), at([0, 0, side, side]), PLAIN)
    assert np.abs(crops.images[0][2:-2, 2:-2].astype(int) - 100).max() <= 12


@pytest.mark.parametrize("times", [2, 4, 10])
def test_shrinking_agrees_with_opencv(times: int, astronaut: np.ndarray) -> None:
    large = cv2.resize(astronaut[60:180, 160:280], (48 * times,) * 2, interpolation=cv2.INTER_CUBIC)
    crops = crop_faces(large, at([0, 0, 48 * times, 48 * times]), PLAIN)
    wanted = cv2.resize(cv2.cvtColor(large, cv2.COLOR_BGR2GRAY), (48, 48), None, 0, 0, 3)
    assert np.abs(crops.images[0].astype(int) - wanted).max() <= 2


def test_small_faces_are_enlarged() -> None:
    ramp = np.tile(np.arange(0, 240, 12, dtype=np.uint8), (20, 1))
    crop = crop_faces(bgr(ramp), at([0, 0, 20, 20]), PLAIN).images[0].astype(int)
    assert (np.diff(crop, axis=1) >= 0).all()
    assert crop[24, 0] == 0
    assert crop[24, -1] == 228


def test_edges_are_repeated() -> None:
    image = np.full((40, 40), 50, np.uint8)
    image[:, :5] = 200
    crop = crop_faces(bgr(image), at([-20, 0, 20, 40]), PLAIN).images[0]
    assert (crop[:, :24] == 200).all()
    assert (crop[:, 34:] == 50).all()


def test_square_far_outside() -> None:
    image = np.full((40, 40), 50, np.uint8)
    assert (crop_faces(bgr(image), at([400, 400, 440, 440]), PLAIN).images == 50).all()


def test_no_faces() -> None:
    crops = crop_faces(np.zeros((10, 10, 3), np.uint8), FaceDetections.empty(), YUNET_FRAMING)
    assert crops.images.shape == (0, 48, 48)
    assert crops.frame_to_crop.shape == (0, 2, 3)


def test_other_sizes() -> None:
    crops = crop_faces(np.zeros((90, 90, 3), np.uint8), at([0, 0, 90, 90]), PLAIN, size_px=64)
    assert crops.images.shape == (1, 64, 64)


def test_wrong_arrays() -> None:
    with pytest.raises(ValueError, match="image: wanted"):
        crop_faces(np.zeros((10, 10), np.uint8), FaceDetections.empty(), PLAIN)
    with pytest.raises(ValueError, match="multiple of 90"):
        crop_faces(np.zeros((9, 9, 3), np.uint8), FaceDetections.empty(), PLAIN, rotation_deg=7)


@settings(deadline=None)
@given(
    st.floats(-200, 300),
    st.floats(-200, 300),
    st.floats(6, 600),
    st.floats(6, 600),
    st.sampled_from([0, 90, 180, 270]),
)
def test_any_box_gives_a_crop(x: float, y: float, w: float, h: float, turn: int) -> None:
    image = np.random.default_rng(0).integers(0, 255, (70, 110, 3), dtype=np.uint8)
    crops = crop_faces(image, at([x, y, x + w, y + h]), YUNET_FRAMING, rotation_deg=turn)
    assert crops.images.shape == (1, 48, 48)
    assert np.isfinite(crops.frame_to_crop).all()


@pytest.mark.parametrize("name", detector_names())
@pytest.mark.parametrize("turn", [90, 180, 270])
def test_crops_of_turned_pictures_are_upright(
    name: str, turn: int, photos: dict[str, np.ndarray]
) -> None:
    """The same face, found in the upright picture, cut out of the turned one."""
    detector = build_detector(name)
    for image in photos.values():
        found = detector.detect(image)
        size = (image.shape[1], image.shape[0])
        lying = FaceDetections(
            rotate_boxes_90(found.boxes, turn, size),
            found.confidences,
            rotate_points_90(found.landmarks, turn, size),
        )
        upright = crop_faces(image, found, detector.framing).images
        turned = crop_faces(
            rotate_image_90(image, turn), lying, detector.framing, rotation_deg=360 - turn
        ).images
        assert np.abs(upright.astype(int) - turned).max() <= 3


def test_frame_to_crop_leads_to_the_landmarks(astronaut: np.ndarray) -> None:
    """Eyes in the upper half, mouth below, as in FER-2013."""
    from emotion_core.geometry import transform_points

    detector = build_detector("mtcnn")
    found = detector.detect(astronaut)
    crops = crop_faces(astronaut, found, detector.framing)
    points = transform_points(crops.frame_to_crop[0], found.landmarks[0]) / 48
    assert points[:2].mean(axis=0) == pytest.approx([0.5, 0.39], abs=0.07)
    assert points[3:].mean(axis=0) == pytest.approx([0.5, 0.78], abs=0.07)
