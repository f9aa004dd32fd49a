import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emotion_core import geometry

coordinates = st.floats(-500, 500, width=32)
turns = st.sampled_from([-270, -180, -90, 0, 90, 180, 270, 360])


@st.composite
def box_lists(draw: st.DrawFn, max_boxes: int = 8) -> np.ndarray:
    n = draw(st.integers(0, max_boxes))
    corners = draw(hnp.arrays(np.float32, (n, 2), elements=st.floats(-300, 300, width=32)))
    sides = draw(hnp.arrays(np.float32, (n, 2), elements=st.floats(1, 200, width=32)))
    return np.concatenate([corners, corners + sides], axis=1)


def test_iou_of_known_boxes() -> None:
    a = [[0, 0, 10, 10], [20, 20, 30, 30]]
    b = [[0, 0, 10, 10], [5, 0, 15, 10], [100, 100, 110, 110]]
    wanted = [[1, 1 / 3, 0], [0, 0, 0]]
    assert geometry.box_iou(a, b) == pytest.approx(np.array(wanted))


@given(box_lists(), box_lists())
def test_iou_is_symmetric_and_bounded(a: np.ndarray, b: np.ndarray) -> None:
    iou = geometry.box_iou(a, b)
    assert iou.shape == (len(a), len(b))
    assert iou.dtype == np.float32
    assert ((iou >= 0) & (iou <= 1.0001)).all()
    assert np.allclose(iou, geometry.box_iou(b, a).T)
    assert np.allclose(np.diag(geometry.box_iou(a, a)), 1)


def test_empty_boxes_have_no_iou() -> None:
    assert geometry.box_iou([[5, 5, 5, 5]], [[5, 5, 5, 5]])[0, 0] == 0
    assert geometry.box_iou([], [[0, 0, 1, 1]]).shape == (0, 1)
    assert geometry.box_area([[9, 9, 3, 3]])[0] == 0


def test_wrong_shape() -> None:
    with pytest.raises(ValueError, match=r"boxes: wanted \(N, 4\)\. Received: \(2, 3\)"):
        geometry.box_area(np.zeros((2, 3)))


@given(box_lists())
def test_clipped_boxes_lie_inside(boxes: np.ndarray) -> None:
    clipped = geometry.clip_boxes(boxes, (100, 50))
    assert (clipped >= 0).all()
    assert (clipped[:, [0, 2]] <= 100).all()
    assert (clipped[:, [1, 3]] <= 50).all()
    inside = geometry.box_intersection(boxes, [[0, 0, 100, 50]])[:, 0]
    assert np.allclose(geometry.box_area(clipped), inside, rtol=1e-3, atol=1e-2)


def test_square_boxes() -> None:
    assert geometry.square_boxes([[0, 0, 10, 20]]).tolist() == [[-5, 0, 15, 20]]
    assert geometry.square_boxes([]).shape == (0, 4)


def test_suppression_keeps_the_best() -> None:
    boxes = [[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]]
    assert geometry.non_max_suppression(boxes, [0.5, 0.9, 0.7]).tolist() == [1, 2]


def test_suppression_of_nested_boxes() -> None:
    boxes, scores = [[0, 0, 100, 100], [10, 10, 40, 40]], [0.9, 0.8]
    assert geometry.non_max_suppression(boxes, scores).tolist() == [0, 1]
    assert geometry.non_max_suppression(boxes, scores, nested=0.8).tolist() == [0]


@given(box_lists())
def test_suppression_leaves_no_overlap(boxes: np.ndarray) -> None:
    scores = np.linspace(1, 0.1, len(boxes), dtype=np.float32)
    kept = geometry.non_max_suppression(boxes, scores, iou=0.3)
    overlap = geometry.box_iou(boxes[kept], boxes[kept]) - np.eye(len(kept))
    assert (overlap <= 0.3001).all()
    covered = geometry.box_iou(boxes, boxes[kept]).max(axis=1) if len(boxes) else np.zeros(0)
    assert (covered > 0.3).all()


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_points_turn_with_their_pixels(degrees: int) -> None:
    image = np.zeros((5, 9), np.uint8)
    image[1, 6] = 255
    turned = geometry.rotate_image_90(image, degrees)
    row, column = np.argwhere(turned == 255)[0]
    middle = geometry.rotate_points_90([[6.5, 1.5]], degrees, (9, 5))
    assert middle.tolist() == [[column + 0.5, row + 0.5]]
    box = geometry.rotate_boxes_90([[6, 1, 7, 2]], degrees, (9, 5))
    assert box.tolist() == [[column, row, column + 1, row + 1]]


@given(
    hnp.arrays(np.float32, (4, 2), elements=coordinates),
    turns,
    st.integers(1, 400),
    st.integers(1, 400),
)
def test_turning_back(points: np.ndarray, degrees: int, width: int, height: int) -> None:
    size = (width, height)
    turned_size = size if degrees % 180 == 0 else (height, width)
    turned = geometry.rotate_points_90(points, degrees, size)
    assert np.allclose(geometry.rotate_points_90(turned, -degrees, turned_size), points, atol=1e-3)
    matrix = geometry.rotation_matrix_90(degrees, size)
    assert np.allclose(geometry.transform_points(matrix, points), turned, atol=1e-3)


def test_only_quarter_turns() -> None:
    with pytest.raises(ValueError, match=r"multiple of 90\. Received: 45"):
        geometry.rotate_points_90([[0, 0]], 45, (4, 4))


@given(
    st.tuples(coordinates, coordinates),
    st.floats(2, 400),
    st.integers(8, 128),
    st.floats(-3, 3),
)
def test_square_to_crop(centre: tuple[float, float], side: float, size: int, angle: float) -> None:
    matrix = geometry.square_to_crop_matrix(centre, side, size, angle)
    right = np.array([np.cos(angle), np.sin(angle)]) * side / 2
    down = np.array([-right[1], right[0]])
    steps = np.stack([-right - down, right - down, right + down, down - right])
    corners = np.array(centre) + steps
    wanted = [[0, 0], [size, 0], [size, size], [0, size]]
    assert np.allclose(geometry.transform_points(matrix, corners), wanted, atol=size * 2e-3)
    back = geometry.invert_affine(matrix)
    assert np.allclose(
        geometry.compose_affine(matrix, back), [[1, 0, 0], [0, 1, 0]], atol=size * 1e-3
    )


def test_no_inverse() -> None:
    with pytest.raises(ValueError, match="wanted one with an inverse"):
        geometry.invert_affine(np.zeros((2, 3)))
