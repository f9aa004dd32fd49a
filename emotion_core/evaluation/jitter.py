"""The faces of photos, cut out anew from changed boxes and found anew in turned photos."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from emotion_core.faces import (
    FaceDetector,
    FaceSquares,
    crop_squares,
    detect_any_rotation,
    upright_squares,
)
from emotion_core.geometry import transform_points
from emotion_core.types import BoolArray, FaceDetections, Float32Array, UInt8Array

#: The crops that the others are compared with.
UNCHANGED = "unchanged"
#: Kind of the conditions that turn the whole photo and find its faces again.
PHOTO = "turned photo"

_TURN_DEG = 15.0
# A face of a turned photo is one of the photo itself if their middles lie closer than this share
# of the box's side: the detector keeps no two boxes so close.
_SAME_FACE = 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the squares that are cut out.

    Attributes:
        name: for people.
        kind: ``shift``, ``scale`` or ``rotation``.
        shift: how far the square moves to the right and down, in sides, along its own edges.
        scale: its side is multiplied by this.
        turn_deg: how far the face turns in the crop, clockwise, about the square's middle: the
            square turns the other way.
    """

    name: str
    kind: str
    shift: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    turn_deg: float = 0.0

    def applied(self, squares: FaceSquares) -> FaceSquares:
        """The changed squares."""
        angles = np.radians(squares.angles_deg)
        right = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        down = np.stack([-np.sin(angles), np.cos(angles)], axis=1)
        step = (self.shift[0] * right + self.shift[1] * down) * squares.sides_px[:, None]
        return FaceSquares(
            (squares.centres + step).astype(np.float32),
            (squares.sides_px * self.scale).astype(np.float32),
            (squares.angles_deg - self.turn_deg).astype(np.float32),
        )


CHANGES: tuple[Change, ...] = (
    Change("box 10 % to the left", "shift", shift=(-0.1, 0)),
    Change("box 10 % to the right", "shift", shift=(0.1, 0)),
    Change("box 10 % up", "shift", shift=(0, -0.1)),
    Change("box 10 % down", "shift", shift=(0, 0.1)),
    Change("box 10 % smaller", "scale", scale=0.9),
    Change("box 10 % larger", "scale", scale=1.1),
    Change("face 15° to the left", "rotation", turn_deg=-_TURN_DEG),
    Change("face 15° to the right", "rotation", turn_deg=_TURN_DEG),
)

# Condition -> by how much the photo turns clockwise.
_PHOTO_TURNS = {"photo 15° to the left": -_TURN_DEG, "photo 15° to the right": _TURN_DEG}


@dataclass(frozen=True, slots=True, eq=False)
class JitteredFaces:
    """The same N faces, cut out under every condition.

    Attributes:
        n_photos: of how many photos, those without faces included.
        crops: {condition: (N, S, S) uint8 gray}, ``UNCHANGED`` first.
        found: {condition: (N,) bool}: whether the face was found again. Where it was not, its
            crop is black and stands for nothing.
        kinds: {condition: kind}, without ``UNCHANGED``.
    """

    n_photos: int
    crops: dict[str, UInt8Array]
    found: dict[str, BoolArray]
    kinds: dict[str, str]

    def __len__(self) -> int:
        return len(self.crops[UNCHANGED])


def jittered_faces(
    photos: Iterable[UInt8Array],
    detector: FaceDetector,
    *,
    size_px: int = 48,
    turned_photos: bool = True,
) -> JitteredFaces:
    """Finds the faces of photos and cuts each out under every condition.

    A turned crop shows what a tilt does to the network alone. A turned photo goes through
    everything again: detection, and the levelling that undoes much of a tilt.

    Args:
        photos: (H, W, 3) uint8 BGR each; they are looked at one by one.
        detector: finds the faces.
        size_px: side S of the crops.
        turned_photos: also turn the photos, which takes about as long as all else.

    Raises:
        ValueError: wrong array.
    """
    kinds = {change.name: change.kind for change in CHANGES}
    if turned_photos:
        kinds |= dict.fromkeys(_PHOTO_TURNS, PHOTO)
    crops: dict[str, list[UInt8Array]] = {name: [] for name in (UNCHANGED, *kinds)}
    found: dict[str, list[BoolArray]] = {name: [] for name in crops}
    n_photos = 0
    for photo in photos:
        n_photos += 1
        detections, rotation_deg = detect_any_rotation(detector, photo)
        if not len(detections):
            continue
        here = _changed_crops(photo, detections, detector, rotation_deg, size_px)
        everywhere = np.ones(len(detections), np.bool_)
        results = {name: (images, everywhere) for name, images in here}
        if turned_photos:
            for name, degrees in _PHOTO_TURNS.items():
                results[name] = _turned_crops(photo, detections, detector, degrees, size_px)
        for name, (images, seen) in results.items():
            crops[name].append(images)
            found[name].append(seen)
    no_crops, nobody = np.zeros((0, size_px, size_px), np.uint8), np.zeros(0, np.bool_)
    return JitteredFaces(
        n_photos,
        {name: np.concatenate([no_crops, *parts]) for name, parts in crops.items()},
        {name: np.concatenate([nobody, *parts]) for name, parts in found.items()},
        kinds,
    )


def _changed_crops(
    photo: UInt8Array,
    detections: FaceDetections,
    detector: FaceDetector,
    rotation_deg: int,
    size_px: int,
) -> Iterator[tuple[str, UInt8Array]]:
    size = (photo.shape[1], photo.shape[0])
    squares = upright_squares(detections, detector.framing, size, rotation_deg=rotation_deg)
    for change in (Change(UNCHANGED, ""), *CHANGES):
        cut = crop_squares(
            photo, change.applied(squares), size_px=size_px, rotation_deg=rotation_deg
        )
        yield change.name, cut.images


def _turned_crops(
    photo: UInt8Array,
    detections: FaceDetections,
    detector: FaceDetector,
    degrees: float,
    size_px: int,
) -> tuple[UInt8Array, BoolArray]:
    """Crops of the same faces in the turned photo, and whether each was found there."""
    turned, matrix = turned_photo(photo, degrees)
    images = np.zeros((len(detections), size_px, size_px), np.uint8)
    seen = np.zeros(len(detections), np.bool_)
    again, rotation_deg = detect_any_rotation(detector, turned)
    if not len(again):
        return images, seen
    size = (turned.shape[1], turned.shape[0])
    squares = upright_squares(again, detector.framing, size, rotation_deg=rotation_deg)
    cut = crop_squares(turned, squares, size_px=size_px, rotation_deg=rotation_deg).images
    wanted = transform_points(matrix, _middles(detections))
    distances = np.linalg.norm(wanted[:, None] - _middles(again)[None], axis=2)
    nearest = distances.argmin(axis=1)
    sides = np.sqrt(np.prod(detections.boxes[:, 2:] - detections.boxes[:, :2], axis=1))
    seen = distances.min(axis=1) < _SAME_FACE * sides
    images[seen] = cut[nearest[seen]]
    return images, seen


def _middles(detections: FaceDetections) -> Float32Array:
    return np.asarray((detections.boxes[:, :2] + detections.boxes[:, 2:]) / 2, np.float32)


def turned_photo(photo: UInt8Array, degrees: float) -> tuple[UInt8Array, Float32Array]:
    """A photo turned clockwise on a larger canvas, so that nothing is cut off.

    The canvas beside it repeats the photo's edges, as crops do that reach over them.

    Returns:
        The turned photo, and the (2, 3) float32 matrix from the photo's pixels to its own.
    """
    from scipy import ndimage

    turned = ndimage.rotate(photo, -degrees, axes=(1, 0), order=1, mode="nearest")
    before, after = (np.array(image.shape[1::-1]) / 2 for image in (photo, turned))
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    linear = np.array([[cos, -sin], [sin, cos]])
    matrix = np.concatenate([linear, (after - linear @ before)[:, None]], axis=1)
    return np.asarray(turned, np.uint8), matrix.astype(np.float32)
