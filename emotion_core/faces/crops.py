"""Cuts the squares out that a classifier sees."""

import cv2
import numpy as np

from emotion_core.faces.framing import CropFraming, FaceSquares, face_squares
from emotion_core.geometry import (
    compose_affine,
    invert_affine,
    rotate_boxes_90,
    rotate_points_90,
    rotation_matrix_90,
    transform_points,
)
from emotion_core.types import FaceCrops, FaceDetections, Float32Array, UInt8Array, checked

# A crop is warped at up to this many times its size and then shrunk by averaging areas, so that
# no pixel of the face is skipped. Larger faces are shrunk by areas before.
_MAX_OVERSAMPLING = 4


def crop_faces(
    image: UInt8Array,
    detections: FaceDetections,
    framing: CropFraming,
    *,
    size_px: int = 48,
    rotation_deg: int = 0,
) -> FaceCrops:
    """Cuts out the faces as FER-2013 shows them.

    Args:
        image: (H, W, 3) uint8 BGR.
        detections: N faces in it.
        framing: of the detector that found them.
        size_px: side S of the crops.
        rotation_deg: how far the picture must be turned counter-clockwise to be upright, as
            `detect_any_rotation` tells.

    Returns:
        N upright gray crops (N, S, S) uint8, and the matrices from pixels of ``image`` to theirs.

    Raises:
        ValueError: wrong array, or ``rotation_deg`` is no multiple of 90.
    """
    checked("image", image, (None, None, 3), np.uint8)
    size = (image.shape[1], image.shape[0])
    squares = upright_squares(detections, framing, size, rotation_deg=rotation_deg)
    return crop_squares(image, squares, size_px=size_px, rotation_deg=rotation_deg)


def upright_squares(
    detections: FaceDetections,
    framing: CropFraming,
    size_px: tuple[int, int],
    *,
    rotation_deg: int = 0,
) -> FaceSquares:
    """The squares that `crop_faces` cuts out, in pixels of the picture turned upright.

    Args:
        detections: N faces of the picture as it is.
        framing: of the detector that found them.
        size_px: (width, height) of the picture as it is.
        rotation_deg: how far it must be turned counter-clockwise to be upright.

    Raises:
        ValueError: ``rotation_deg`` is no multiple of 90.
    """
    upright = FaceDetections(
        rotate_boxes_90(detections.boxes, rotation_deg, size_px),
        detections.confidences,
        rotate_points_90(detections.landmarks, rotation_deg, size_px),
    )
    upright_size = size_px if rotation_deg % 180 == 0 else (size_px[1], size_px[0])
    return face_squares(upright, framing, upright_size)


def crop_squares(
    image: UInt8Array, squares: FaceSquares, *, size_px: int = 48, rotation_deg: int = 0
) -> FaceCrops:
    """Cuts out squares.

    Where a square reaches over the picture's edge, the edge's pixels are repeated: FER-2013's
    squares never do, and a mirrored edge would show a second eye or mouth.

    Args:
        image: (H, W, 3) uint8 BGR.
        squares: N squares, in pixels of the picture turned upright.
        size_px: side S of the crops.
        rotation_deg: how far the picture must be turned counter-clockwise to be upright.

    Returns:
        N upright gray crops (N, S, S) uint8, and the matrices from pixels of ``image`` to theirs.

    Raises:
        ValueError: wrong array, or ``rotation_deg`` is no multiple of 90.
    """
    checked("image", image, (None, None, 3), np.uint8)
    turn = rotation_matrix_90(rotation_deg, (image.shape[1], image.shape[0]))
    matrices = [compose_affine(matrix, turn) for matrix in squares.matrices(size_px)]
    crops = np.zeros((len(matrices), size_px, size_px), np.uint8)
    for i, matrix in enumerate(matrices):
        crops[i] = _warp(image, matrix, size_px)
    stacked = np.stack(matrices) if matrices else np.zeros((0, 2, 3), np.float32)
    return FaceCrops(crops, stacked)


def _warp(image: UInt8Array, matrix: Float32Array, size_px: int) -> UInt8Array:
    """(S, S) uint8, one gray crop without aliasing."""
    # Only the part of the picture that the crop shows is touched.
    frame = np.array([[0, 0], [size_px, 0], [size_px, size_px], [0, size_px]], np.float32)
    corners = transform_points(invert_affine(matrix), frame)
    limits = np.array([image.shape[1], image.shape[0]])
    low = np.clip(np.floor(corners.min(axis=0)) - 2, 0, limits - 1).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 2, low + 1, limits).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    gray = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_BGR2GRAY)
    to_part = compose_affine(matrix, np.array([[1, 0, low[0]], [0, 1, low[1]]], np.float32))

    reduction = 1 / float(np.sqrt(abs(np.linalg.det(matrix[:, :2].astype(np.float64)))))
    if reduction > _MAX_OVERSAMPLING:
        factor = _MAX_OVERSAMPLING / reduction
        small = (max(1, round(gray.shape[1] * factor)), max(1, round(gray.shape[0] * factor)))
        scale = np.array([gray.shape[1] / small[0], gray.shape[0] / small[1]])
        gray = cv2.resize(gray, small, interpolation=cv2.INTER_AREA)
        to_part = compose_affine(to_part, np.array([[scale[0], 0, 0], [0, scale[1], 0]]))
        reduction = _MAX_OVERSAMPLING

    times = max(1, int(np.ceil(reduction)))
    scaled = to_part.astype(np.float64) * times
    # OpenCV counts from the middle of the first pixel, we from its edge.
    scaled[:, 2] += scaled[:, :2].sum(axis=1) / 2 - 0.5
    side = size_px * times
    warped = cv2.warpAffine(
        gray, scaled, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if times > 1:
        warped = cv2.resize(warped, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return np.asarray(warped, dtype=np.uint8)
