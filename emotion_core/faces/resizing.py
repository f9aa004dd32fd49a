"""Where a face of one frame lies in a frame of another size.

Browsers change the size of what they send whenever they like: less under load, another shape when
a phone is turned. The frame does not say whether it was scaled, stretched or cut, so all ways in
which people would still stand upright are offered, and whoever has faces to compare can tell.
"""

import numpy as np

from emotion_core.types import Float32Array

# Shapes that differ by less are the same up to rounding: 480x360 and 426x320.
_SAME_SHAPE = 0.02


def resizing_matrices(
    before_px: tuple[int, int], after_px: tuple[int, int]
) -> tuple[Float32Array, ...]:
    """The ways in which a picture may have come to another size, the likeliest first.

    Args:
        before_px: (width, height) of the picture before.
        after_px: (width, height) now.

    Returns:
        (2, 3) float32 affine matrices from the pixels before to those now: stretched to the new
        size; for another shape also cut around the middle so that the long sides (the picture was
        turned), the widths or the heights show the same. Always in this order: one matrix where
        the shape stayed, else four.
    """
    before, after = np.array(before_px, np.float64), np.array(after_px, np.float64)
    stretch = after / before
    ways = [_about_the_middle(stretch, before, after)]
    if abs(stretch[0] / stretch[1] - 1) > _SAME_SHAPE:
        for scale in (after.max() / before.max(), *stretch):
            ways.append(_about_the_middle(np.array([scale, scale]), before, after))
    return tuple(ways)


def mirror_matrix(size_px: tuple[int, int]) -> Float32Array:
    """(2, 3) float32 affine matrix that swaps the left and the right of a picture."""
    return np.array([[-1, 0, size_px[0]], [0, 1, 0]], np.float32)


def move_boxes(matrix: Float32Array, boxes: Float32Array) -> Float32Array:
    """Boxes (N, 4) float32, xyxy pixels, moved by a matrix that keeps them upright."""
    corners = boxes.reshape(-1, 2, 2) @ matrix[:, :2].T + matrix[:, 2]
    moved = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return np.asarray(moved, np.float32)


def _about_the_middle(scale: np.ndarray, before: np.ndarray, after: np.ndarray) -> Float32Array:
    shift = after / 2 - scale * before / 2
    return np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]], np.float32)
