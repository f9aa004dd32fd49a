"""Moves boxes along with the picture between two detections.

Median flow: points inside each box are followed from one frame to the next; the medians of their
shift and of the change of their distances move and scale the box.

Source: Kalal et al., "Forward-Backward Error: Automatic Detection of Tracking Failures", ICPR 2010.
"""

import cv2
import numpy as np

from emotion_core.types import FaceDetections, Float32Array, UInt8Array

# Flow is followed on pictures of this width: 1 ms per face instead of 4 at 640 px.
_WIDTH_PX = 320

# Points per side of the grid inside a box, and the share of the box that it covers: the edges of a
# box show background, which does not move with the face.
_GRID = 6
_COVERED = 0.6

# A point counts only if following it back ends this near its start, in pixels of the small
# picture; a box with fewer such points than this share has been lost.
_MAX_ERROR_PX = 1.0
_MIN_POINTS = 0.4

_WINDOW = (11, 11)
_LEVELS = 2


class FlowFollower:
    """Follows detected faces through frames without detecting again. Belongs to one session."""

    def __init__(self) -> None:
        self._previous: UInt8Array | None = None
        self._shape: tuple[int, ...] = ()

    def start(self, image: UInt8Array) -> None:
        """Takes a frame, (H, W, 3) uint8 BGR, in which faces were just detected."""
        self._previous, _ = _small_gray(image)
        self._shape = image.shape

    def follow(self, image: UInt8Array, detections: FaceDetections) -> FaceDetections | None:
        """The faces of the last frame at their places in this one.

        Args:
            image: (H, W, 3) uint8 BGR.
            detections: N faces in the frame that was given before.

        Returns:
            The same N faces moved; None if a face was lost or the frame has another size, so that
            it is time to detect again.
        """
        previous, same_size = self._previous, image.shape == self._shape
        small, scale = _small_gray(image)
        self._previous, self._shape = small, image.shape
        if previous is None or not same_size:
            return None
        if not len(detections):
            return detections
        boxes = detections.boxes * scale
        points = _grid_points(boxes)
        moved, found = _flow(previous, small, points.reshape(-1, 2))
        moved = moved.reshape(points.shape)
        found = found.reshape(points.shape[:2])
        if (found.mean(axis=1) < _MIN_POINTS).any():
            return None
        matrices = np.stack(
            [_similarity(points[i][found[i]], moved[i][found[i]]) for i in range(len(boxes))]
        )
        corners = detections.boxes.reshape(-1, 2, 2)
        return FaceDetections(
            _apply(matrices, corners, scale).reshape(-1, 4),
            detections.confidences,
            _apply(matrices, detections.landmarks, scale),
        )


def _small_gray(image: UInt8Array) -> tuple[UInt8Array, float]:
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    scale = min(1.0, _WIDTH_PX / gray.shape[1])
    if scale < 1:
        # The fastest of the averaging sizes; flow needs no finer one.
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    return np.asarray(gray, np.uint8), scale


def _grid_points(boxes: Float32Array) -> Float32Array:
    """(N, P, 2) float32 points inside (N, 4) boxes."""
    steps = (1 + np.linspace(-_COVERED, _COVERED, _GRID)) / 2
    x, y = np.meshgrid(steps, steps)
    inside = np.stack([x.ravel(), y.ravel()], axis=1)
    sides = boxes[:, 2:] - boxes[:, :2]
    return np.asarray(boxes[:, None, :2] + inside[None] * sides[:, None], np.float32)


def _flow(
    previous: UInt8Array, current: UInt8Array, points: Float32Array
) -> tuple[Float32Array, np.ndarray]:
    """Points in the current frame, and which of them can be trusted."""
    start = points[:, None]
    there, ok_there, _ = cv2.calcOpticalFlowPyrLK(
        previous, current, start, start.copy(), winSize=_WINDOW, maxLevel=_LEVELS
    )
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(
        current, previous, there, start.copy(), winSize=_WINDOW, maxLevel=_LEVELS
    )
    error = np.linalg.norm((back - start)[:, 0], axis=1)
    good = (ok_there[:, 0] == 1) & (ok_back[:, 0] == 1) & (error < _MAX_ERROR_PX)
    return np.asarray(there[:, 0], np.float32), good


def _similarity(before: Float32Array, after: Float32Array) -> Float32Array:
    """(2, 3) matrix of the median shift and scale that takes points (P, 2) to others."""
    centre, moved = np.median(before, axis=0), np.median(after, axis=0)
    spread = np.linalg.norm(before - centre, axis=1)
    far = spread > np.median(spread) / 2
    ratios = np.linalg.norm(after - moved, axis=1)[far] / np.maximum(spread[far], 1e-3)
    # One frame apart a face hardly changes its size; more is an error of the flow.
    scale = float(np.clip(np.median(ratios), 0.9, 1.1)) if far.any() else 1.0
    shift = moved - scale * centre
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)


def _apply(matrices: Float32Array, points: Float32Array, scale: float) -> Float32Array:
    """Points (N, K, 2) of the full picture moved by matrices (N, 2, 3) of the small one."""
    moved = np.einsum("nij,nkj->nki", matrices[:, :, :2], points * scale)
    return np.asarray((moved + matrices[:, None, :, 2]) / scale, np.float32)
