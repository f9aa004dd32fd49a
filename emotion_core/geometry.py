"""Boxes, points and affine matrices. Pure NumPy.

Coordinates run along pixel edges: pixel i covers [i, i + 1), and a picture W pixels wide reaches
from 0 to W. Boxes are xyxy. Turns are counter-clockwise by multiples of 90 degrees, as
``numpy.rot90`` turns a picture.
"""

import numpy as np
import numpy.typing as npt

from emotion_core.types import Float32Array, Int64Array, UInt8Array


def _as_boxes(boxes: npt.ArrayLike) -> Float32Array:
    array = np.asarray(boxes, dtype=np.float32)
    if array.size == 0:
        return array.reshape(0, 4)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"boxes: wanted (N, 4). Received: {array.shape}")
    return array


def box_area(boxes: npt.ArrayLike) -> Float32Array:
    """Areas of boxes.

    Args:
        boxes: (N, 4), xyxy.

    Returns:
        (N,) float32; 0 where a box is empty or inside out.
    """
    array = _as_boxes(boxes)
    sides = np.maximum(array[:, 2:] - array[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], dtype=np.float32)


def box_intersection(a: npt.ArrayLike, b: npt.ArrayLike) -> Float32Array:
    """(N, M) float32, shared area of each box of ``a`` (N, 4) with each of ``b`` (M, 4)."""
    first, second = _as_boxes(a), _as_boxes(b)
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return np.asarray(sides[..., 0] * sides[..., 1], dtype=np.float32)


def box_iou(a: npt.ArrayLike, b: npt.ArrayLike) -> Float32Array:
    """Intersection over union of each box of ``a`` with each of ``b``.

    Args:
        a: (N, 4), xyxy.
        b: (M, 4), xyxy.

    Returns:
        (N, M) float32 in 0-1; 0 where both are empty.
    """
    shared = box_intersection(a, b)
    union = box_area(a)[:, None] + box_area(b)[None, :] - shared
    return np.asarray(shared / np.maximum(union, np.finfo(np.float32).tiny), dtype=np.float32)


def clip_boxes(boxes: npt.ArrayLike, size_px: tuple[int, int]) -> Float32Array:
    """Boxes cut off at the edges of a picture.

    Args:
        boxes: (N, 4), xyxy pixels.
        size_px: (width, height) of the picture.

    Returns:
        (N, 4) float32. A box that lies outside becomes empty.
    """
    width, height = size_px
    limits = np.array([width, height, width, height], np.float32)
    return np.clip(_as_boxes(boxes), 0, limits).astype(np.float32)


def square_boxes(boxes: npt.ArrayLike) -> Float32Array:
    """(N, 4) float32, squares with the boxes' centres and the length of their longer sides."""
    array = _as_boxes(boxes)
    centres = (array[:, :2] + array[:, 2:]) / 2
    half = (array[:, 2:] - array[:, :2]).max(axis=1, keepdims=True, initial=0) / 2
    return np.concatenate([centres - half, centres + half], axis=1).astype(np.float32)


def non_max_suppression(
    boxes: npt.ArrayLike,
    confidences: npt.ArrayLike,
    *,
    iou: float = 0.4,
    nested: float | None = None,
) -> Int64Array:
    """Finds the best box of every group of boxes that show the same thing.

    Args:
        boxes: (N, 4), xyxy.
        confidences: (N,), higher is better.
        iou: a box goes when it overlaps a better one by more than this.
        nested: a box goes also when more than this share of the smaller of the two is common to
            both, which catches a small box inside a large one. None: not looked at.

    Returns:
        (K,) int64, the rows to keep, best first.
    """
    array = _as_boxes(boxes)
    order = np.argsort(-np.asarray(confidences, dtype=np.float32), kind="stable")
    areas = box_area(array)
    keep: list[int] = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        keep.append(best)
        shared = box_intersection(array[best : best + 1], array[rest])[0]
        union = np.maximum(areas[best] + areas[rest] - shared, 1e-9)
        same = shared / union > iou
        if nested is not None:
            smaller = np.maximum(np.minimum(areas[best], areas[rest]), 1e-9)
            same |= shared / smaller > nested
        order = rest[~same]
    return np.asarray(keep, dtype=np.int64)


def _quarter_turns(degrees: int) -> int:
    if degrees % 90:
        raise ValueError(f"degrees: wanted a multiple of 90. Received: {degrees}")
    return degrees // 90 % 4


def rotate_image_90(image: UInt8Array, degrees: int) -> UInt8Array:
    """A picture (H, W, ...) turned counter-clockwise by a multiple of 90 degrees."""
    turns = _quarter_turns(degrees)
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def rotate_points_90(points: npt.ArrayLike, degrees: int, size_px: tuple[int, int]) -> Float32Array:
    """Points of a picture after the picture was turned counter-clockwise.

    Args:
        points: (..., 2), xy pixels before the turn.
        degrees: a multiple of 90; negative turns go back.
        size_px: (width, height) of the picture before the turn.

    Returns:
        (..., 2) float32, xy pixels of the turned picture.
    """
    width, height = size_px
    array = np.asarray(points, dtype=np.float32)
    x, y = array[..., 0], array[..., 1]
    turned = ((x, y), (y, width - x), (width - x, height - y), (height - y, x))
    return np.stack(turned[_quarter_turns(degrees)], axis=-1).astype(np.float32)


def rotate_boxes_90(boxes: npt.ArrayLike, degrees: int, size_px: tuple[int, int]) -> Float32Array:
    """Boxes (N, 4) of a picture after a turn; see `rotate_points_90`."""
    array = _as_boxes(boxes)
    corners = rotate_points_90(array.reshape(-1, 2, 2), degrees, size_px)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def rotation_matrix_90(degrees: int, size_px: tuple[int, int]) -> Float32Array:
    """(2, 3) float32 affine matrix that does what `rotate_points_90` does."""
    basis = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    origin, right, down = rotate_points_90(basis, degrees, size_px)
    return np.stack([right - origin, down - origin, origin], axis=1).astype(np.float32)


def square_to_crop_matrix(
    centre: npt.ArrayLike, side_px: float, size_px: int, angle_rad: float = 0.0
) -> Float32Array:
    """Affine matrix that maps a square of a picture onto a crop.

    Args:
        centre: (2,), xy pixels of the square's centre.
        side_px: its side.
        size_px: side of the crop.
        angle_rad: direction of the square's upper edge, clockwise on the screen; 0 is level.

    Returns:
        (2, 3) float32, from picture pixels to crop pixels.
    """
    scale = size_px / side_px
    cos, sin = scale * np.cos(angle_rad), scale * np.sin(angle_rad)
    linear = np.array([[cos, sin], [-sin, cos]])
    shift = size_px / 2 - linear @ np.asarray(centre, dtype=np.float64)
    return np.concatenate([linear, shift[:, None]], axis=1).astype(np.float32)


def compose_affine(outer: npt.ArrayLike, inner: npt.ArrayLike) -> Float32Array:
    """(2, 3) float32, the affine matrix that does ``inner`` first and then ``outer``."""
    a, b = np.asarray(outer, dtype=np.float64), np.asarray(inner, dtype=np.float64)
    both = a[:, :2] @ b
    both[:, 2] += a[:, 2]
    return np.asarray(both, dtype=np.float32)


def invert_affine(matrix: npt.ArrayLike) -> Float32Array:
    """(2, 3) float32, the inverse of an affine matrix.

    Raises:
        ValueError: the matrix has no inverse.
    """
    (a, b, x), (c, d, y) = np.asarray(matrix, dtype=np.float64).tolist()
    determinant = a * d - b * c
    if determinant == 0:
        raise ValueError(f"matrix: wanted one with an inverse. Received: {matrix!r}")
    # Written out: for one small matrix NumPy's solver takes ten times as long, and this runs
    # for every face of every frame.
    rows = [[d, -b, b * y - d * x], [-c, a, c * x - a * y]]
    return np.asarray(np.array(rows) / determinant, dtype=np.float32)


def transform_points(matrix: npt.ArrayLike, points: npt.ArrayLike) -> Float32Array:
    """(..., 2) float32, points (..., 2) after an affine matrix (2, 3)."""
    m = np.asarray(matrix, dtype=np.float64)
    result = np.asarray(points, dtype=np.float64) @ m[:, :2].T + m[:, 2]
    return np.asarray(result, dtype=np.float32)
