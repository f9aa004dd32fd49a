"""What is drawn stays inside the picture, says what it must and hides what it must."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from emotion_core import drawing
from emotion_core.drawing import DrawOptions, blur_faces, draw_result, place_labels
from emotion_core.emotions import FER2013, Emotion
from emotion_core.types import Decisions, EmotionScores, FaceCrops, FaceDetections, FrameResult

HAPPY = FER2013.index("happy")


def result(
    boxes: list[list[float]], size_px: tuple[int, int], top: float = 0.93, threshold: float = 0.5
) -> FrameResult:
    n = len(boxes)
    probabilities = np.full((n, 7), (1 - top) / 6, np.float32)
    probabilities[:, HAPPY] = top
    scores = EmotionScores(probabilities, FER2013, threshold)
    array = np.array(boxes, np.float32).reshape(-1, 4)
    marks = (array[:, None, :2] + array[:, None, 2:]) / 2
    return FrameResult(
        frame_index=0,
        timestamp_s=0.0,
        size_px=size_px,
        detections=FaceDetections(array, np.ones(n, np.float32), marks.astype(np.float32)),
        scores=scores,
        decisions=Decisions.from_scores(scores),
        track_ids=np.arange(1, n + 1),
        crops=FaceCrops(np.zeros((n, 48, 48), np.uint8), np.zeros((n, 2, 3), np.float32)),
    )


def black(width: int, height: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


ONE = [[200.0, 150.0, 320.0, 300.0]]


def test_the_picture_itself_is_not_changed() -> None:
    image = black(640, 480)
    drawn = draw_result(image, result(ONE, (640, 480)))
    assert not image.any()
    assert drawn.any()


def test_each_option_draws_its_part() -> None:
    image, found = black(640, 480), result(ONE, (640, 480))
    nothing = DrawOptions(boxes=False, labels=False, landmarks=False, numbers=False)
    assert not draw_result(image, found, nothing).any()
    only_box = draw_result(image, found, DrawOptions(labels=False, numbers=False))
    assert only_box[225, 200].any()
    assert not only_box[100:140, :].any()
    only_label = draw_result(image, found, DrawOptions(boxes=False))
    assert only_label[100:140, 200:420].any()
    assert not only_label[160:, :].any()
    marks = draw_result(
        image, found, DrawOptions(boxes=False, labels=False, numbers=False, landmarks=True)
    )
    assert marks[225, 260].tolist() == [255, 255, 255]


def test_the_box_has_the_colour_of_the_emotion() -> None:
    drawn = draw_result(black(640, 480), result(ONE, (640, 480)))
    assert tuple(drawn[225, 200].tolist()) == Emotion.HAPPY.bgr


def test_an_uncertain_face_has_a_grey_dashed_box() -> None:
    sure = draw_result(black(640, 480), result(ONE, (640, 480)))
    unsure = draw_result(black(640, 480), result(ONE, (640, 480), threshold=0.99))
    side = slice(160, 290)
    assert (sure[side, 200] == Emotion.HAPPY.bgr).all()
    on_line = (unsure[side, 200] == Emotion.NEUTRAL.bgr).all(axis=1)
    assert 0.3 < on_line.mean() < 0.8


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 500), st.integers(1, 500)),
    boxes=st.lists(
        st.tuples(st.floats(-50, 500), st.floats(-50, 500), st.floats(1, 400), st.floats(1, 400)),
        max_size=5,
    ),
)
def test_any_faces_on_any_picture_can_be_drawn(
    size: tuple[int, int], boxes: list[tuple[float, float, float, float]]
) -> None:
    found = result([[x, y, x + w, y + h] for x, y, w, h in boxes], size)
    options = DrawOptions(landmarks=True, blur_faces=True)
    assert draw_result(black(*size), found, options).shape == (size[1], size[0], 3)


@settings(max_examples=80, deadline=None)
@given(
    picture=st.tuples(st.integers(60, 900), st.integers(40, 900)),
    faces=st.lists(
        st.tuples(st.floats(-50, 900), st.floats(-50, 900), st.integers(1, 60), st.integers(1, 40)),
        max_size=6,
    ),
)
def test_labels_never_leave_the_picture(
    picture: tuple[int, int], faces: list[tuple[float, float, int, int]]
) -> None:
    boxes = np.array([[x, y, x + 50, y + 50] for x, y, _, _ in faces], np.float32).reshape(-1, 4)
    sizes = [(w, h) for _, _, w, h in faces]
    for (x, y), (width, height) in zip(place_labels(boxes, sizes, picture), sizes, strict=True):
        assert 0 <= x <= picture[0] - width
        assert 0 <= y <= picture[1] - height


def test_labels_of_neighbours_do_not_cover_each_other() -> None:
    boxes = np.array([[100, 100, 160, 160], [165, 100, 225, 160], [230, 100, 290, 160]], np.float32)
    sizes = [(150, 20)] * 3
    places = place_labels(boxes, sizes, (640, 480))
    areas = np.array([(x, y, x + 150, y + 20) for x, y in places], np.float32)
    overlap = drawing.box_intersection(areas, areas)
    assert (overlap - np.diag(np.diag(overlap)) == 0).all()


@pytest.mark.parametrize("size", [(640, 480), (4000, 3000), (160, 120), (70, 50)])
def test_a_label_is_drawn_on_any_usual_size(size: tuple[int, int]) -> None:
    width, height = size
    box = [[width * 0.3, height * 0.4, width * 0.6, height * 0.8]]
    options = DrawOptions(boxes=False)
    drawn = draw_result(black(width, height), result(box, size), options)
    share = drawn.any(axis=2).mean()
    assert 0.002 < share < 0.6


def test_text_grows_with_the_picture() -> None:
    sizes = [drawing.text_size_px((side, side)) for side in (100, 480, 1000, 3000, 20_000)]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 11
    assert sizes[-1] <= 120


@pytest.mark.parametrize("emotion", list(Emotion))
def test_text_stands_out_from_its_ground(emotion: Emotion) -> None:
    """WCAG 2.2 wants a contrast of 4.5 for text."""

    def luminance(colour: tuple[int, int, int]) -> float:
        shares = np.array(colour[::-1]) / 255
        linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    ground, text = luminance(emotion.bgr), luminance(drawing._text_colour(emotion.bgr))
    contrast = (max(ground, text) + 0.05) / (min(ground, text) + 0.05)
    assert contrast >= 4.5


def test_blur_leaves_36_numbers_of_a_face_and_the_rest_untouched() -> None:
    photo = np.ascontiguousarray(data.astronaut()[:, :, ::-1])
    box = np.array([[170, 60, 280, 190]], np.float32)
    blurred = blur_faces(photo, box)
    np.testing.assert_array_equal(blurred[250:], photo[250:])
    face, hidden = photo[60:190, 170:280].astype(float), blurred[60:190, 170:280].astype(float)
    assert np.abs(np.diff(hidden, axis=1)).mean() < 0.25 * np.abs(np.diff(face, axis=1)).mean()
    # Whatever the face looked like inside its blocks, the result is the same.
    again = blur_faces(blur_faces(photo, box), box)
    assert np.abs(again.astype(int) - blurred).mean() < 8


def test_blur_ignores_boxes_outside() -> None:
    photo = data.astronaut()
    outside = np.array([[-200, -200, -100, -100], [600, 600, 700, 700]], np.float32)
    np.testing.assert_array_equal(blur_faces(photo, outside), photo)
