"""Where a large photo is looked at again for faces too small to be seen in the shrunk one.

A detector sees a picture shrunk to a fixed size, in which the faces of a large group photo may have
fewer pixels than it needs. So larger pictures are looked at once or twice more, less shrunk and in
tiles where they are too large for one look. Pixels are bounded, and so is the time.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from emotion_core.geometry import box_intersection, box_iou, non_max_suppression
from emotion_core.types import BoolArray, FaceDetections, Float32Array


class SmallFaces(StrEnum):
    """How hard small faces are looked for in large photos."""

    OFF = "off"
    AUTO = "auto"
    THOROUGH = "thorough"


# Pixels of each further look: 6.5 and 65 times those of the first one at a photo of 4 to 3. The
# default detector needs faces of about 22 px, which is 3.5 % of the longer side of a photo in the
# first look, 1.4 % in the second and 0.4 % in the third.
_PIXELS = {SmallFaces.OFF: (), SmallFaces.AUTO: (2e6,), SmallFaces.THOROUGH: (2e6, 20e6)}

# A further look that enlarges the one before by less finds nothing that this one missed.
_LEAST_GAIN = 1.5

# Memory of a look grows with its pixels. Faces up to ``_LARGEST_PX`` times the gain from one look
# to the next lie whole in some tile.
_TILE_PX = 1600
_OVERLAP_PX = 128

# Longest side, in the look before, of the faces that a further look is for: larger ones were seen.
_LARGEST_PX = 40.0

_SAME_IOU = 0.3
_SAME_NESTED = 0.6


@dataclass(frozen=True, slots=True)
class Look:
    """One further look at a picture.

    Attributes:
        scale: pixels of the look per pixel of the picture.
        tiles: (left, top, right, bottom) in pixels of the picture, together all of it.
        largest_px: longest side of the faces that it is for, in pixels of the picture.
    """

    scale: float
    tiles: tuple[tuple[int, int, int, int], ...]
    largest_px: float


def further_looks(
    size_px: tuple[int, int], first_scale: float, search: SmallFaces
) -> tuple[Look, ...]:
    """The looks at a picture after the first one.

    Args:
        size_px: (width, height) of the picture.
        first_scale: of the first look.
        search: how hard small faces are looked for.
    """
    looks: list[Look] = []
    before = first_scale
    for pixels in _PIXELS[search]:
        scale = min(1.0, float(np.sqrt(pixels / (size_px[0] * size_px[1]))))
        if scale < _LEAST_GAIN * before:
            continue
        columns, rows = (_parts(side, scale) for side in size_px)
        tiles = tuple((x0, y0, x1, y1) for y0, y1 in rows for x0, x1 in columns)
        looks.append(Look(scale, tiles, _LARGEST_PX / before))
        before = scale
    return tuple(looks)


def harder_search(
    size_px: tuple[int, int], first_side_px: int, search: SmallFaces
) -> SmallFaces | None:
    """The least search that looks closer at a picture than a given one; None where none does.

    Args:
        size_px: (width, height) of the picture.
        first_side_px: longest side of the first look.
        search: how hard small faces were looked for.
    """
    first_scale = min(1.0, first_side_px / max(size_px))
    n_looks = len(further_looks(size_px, first_scale, search))
    for harder in (SmallFaces.AUTO, SmallFaces.THOROUGH):
        if len(further_looks(size_px, first_scale, harder)) > n_looks:
            return harder
    return None


def _parts(side_px: int, scale: float) -> list[tuple[int, int]]:
    """A side of the picture cut into equal parts that overlap."""
    overlap, longest = _OVERLAP_PX / scale, _TILE_PX / scale
    if side_px <= longest:
        return [(0, side_px)]
    n = int(np.ceil((side_px - overlap) / (longest - overlap)))
    part = (side_px + (n - 1) * overlap) / n
    starts = [round(i * (part - overlap)) for i in range(n)]
    return [(start, min(side_px, round(start + part))) for start in starts]


def belongs_to_tile(
    boxes: Float32Array, tile: tuple[int, int, int, int], size_px: tuple[int, int], look: Look
) -> BoolArray:
    """Which boxes of a tile are for this look: small ones that no edge inside the picture cuts.

    Args:
        boxes: (N, 4) float32, xyxy pixels of the picture.
        tile: where they were found.
        size_px: (width, height) of the picture.
        look: the look that the tile is of.
    """
    margin = 1 / look.scale
    low = np.array([-np.inf if edge == 0 else edge + margin for edge in tile[:2]], np.float32)
    high = np.array(
        [
            np.inf if edge == side else edge - margin
            for edge, side in zip(tile[2:], size_px, strict=True)
        ],
        np.float32,
    )
    whole = (boxes[:, :2] >= low).all(axis=1) & (boxes[:, 2:] <= high).all(axis=1)
    sides = boxes[:, 2:] - boxes[:, :2]
    small = sides.max(axis=1, initial=0) <= look.largest_px
    return np.asarray(whole & small, np.bool_)


def merge(first: FaceDetections, further: FaceDetections) -> FaceDetections:
    """The faces of two looks, each once, most certain first.

    Of a face that both found the more certain find stays. What the further look took for a small
    face inside a large one of the first look goes.

    Args:
        first: faces of all looks so far.
        further: small faces of another look; those of several tiles may be the same.
    """
    if not len(further):
        return first
    if len(first):
        iou = box_iou(further.boxes, first.boxes)
        shared = box_intersection(further.boxes, first.boxes)
        sides = further.boxes[:, 2:] - further.boxes[:, :2]
        inside = shared / np.maximum(sides.prod(axis=1), 1e-6)[:, None] > _SAME_NESTED
        further = further.select(~(inside & (iou <= _SAME_IOU)).any(axis=1))
    both = FaceDetections(
        np.concatenate([first.boxes, further.boxes]),
        np.concatenate([first.confidences, further.confidences]),
        np.concatenate([landmarks(first, further), landmarks(further, first)]),
    )
    kept = non_max_suppression(both.boxes, both.confidences, iou=_SAME_IOU, nested=_SAME_NESTED)
    return both.select(kept)


def landmarks(detections: FaceDetections, like: FaceDetections) -> Float32Array:
    """The landmarks, or none for no faces in the number that other detections have."""
    if len(detections):
        return detections.landmarks
    return np.zeros((0, like.landmarks.shape[1], 2), np.float32)
