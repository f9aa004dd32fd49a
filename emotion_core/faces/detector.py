"""What every face detector has in common: the protocol, the bounded size and the clean-up."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from emotion_core.faces.confidence import ConfidenceRange
from emotion_core.faces.framing import CropFraming
from emotion_core.faces.small_faces import Look, SmallFaces, belongs_to_tile, further_looks, merge
from emotion_core.geometry import box_area, clip_boxes, non_max_suppression
from emotion_core.types import BoolArray, FaceDetections, Float32Array, UInt8Array, checked

DEFAULT_MAX_SIDE_PX = 640

# A picture smaller than this is enlarged before detection, at most 4 times: of 300 FER-2013
# pictures (48 px, the face fills them) the default detector finds 67 % as they are and 98 %
# enlarged to 192 px.
_SMALL_SIDE_PX = 192
_MAX_ENLARGEMENT = 4.0

# No detector finds a face below this, and some return NaN for a picture of one pixel.
_MIN_PICTURE_PX = 8
_MIN_FACE_PX = 6.0
# Width over height of a box. Real ones lie in 0.55-1.3, profiles and tilted faces included.
_ASPECT_LIMITS = (0.33, 3.0)


class FaceDetector(Protocol):
    """Finds faces. An instance belongs to one thread or session."""

    @property
    def name(self) -> str:
        """The name that `build_detector` knows."""

    @property
    def framing(self) -> CropFraming:
        """How this detector's findings become FER-2013 squares."""

    @property
    def note(self) -> str:
        """Something the user must be told, empty if nothing."""

    def detect(self, image: UInt8Array) -> FaceDetections:
        """Finds the faces of a picture.

        Args:
            image: (H, W, 3) uint8 BGR, of any size.

        Returns:
            Faces in pixels of the given picture, most certain first; boxes lie inside it.
        """
        ...


@dataclass(frozen=True, slots=True)
class DetectorInfo:
    """What is known of a detector before one is built.

    Attributes:
        name: the name that `build_detector` knows.
        title: for people, e.g. "libfacedetection".
        summary: one sentence on when to choose it.
        available: whether it can be built here.
        confidences: the useful range of its minimum confidence.
        reason: why it cannot be built here, empty if it can.
    """

    name: str
    title: str
    summary: str
    available: bool
    confidences: ConfidenceRange
    reason: str = ""


def no_landmarks(n: int) -> Float32Array:
    """(n, 0, 2) float32: the landmarks of a detector that gives none."""
    return np.zeros((n, 0, 2), np.float32)


class Plausibility(Protocol):
    """A second opinion on finds."""

    def plausible(self, image: UInt8Array, boxes: Float32Array) -> BoolArray:
        """Which boxes (N, 4) of a picture (H, W, 3) uint8 BGR may hold a face: (N,) bool."""
        ...


class BoundedDetector(ABC):
    """Detects on a picture of bounded size and cleans up what comes back.

    Args:
        name: the name that `build_detector` knows.
        framing: how findings become FER-2013 squares.
        min_confidence: faces below are dropped, 0-1.
        max_side_px: larger pictures are shrunk to this for detection.
        usual_confidence: finds below are looked at again; None for ``min_confidence``.
        closer_confidence: small faces of a closer look are dropped below; None for
            ``usual_confidence``.
        second_look: says which finds below ``usual_confidence`` may be faces; None: all.

    Attributes:
        sure_confidence: finds in a picture that lies on its side or head stay below this.
    """

    sure_confidence: float

    def __init__(
        self,
        name: str,
        framing: CropFraming,
        *,
        min_confidence: float,
        max_side_px: int,
        usual_confidence: float | None = None,
        closer_confidence: float | None = None,
        second_look: Plausibility | None = None,
    ) -> None:
        if not 0 <= min_confidence <= 1:
            raise ValueError(f"min_confidence: wanted 0-1. Received: {min_confidence}")
        if max_side_px < 32:
            raise ValueError(f"max_side_px: wanted at least 32. Received: {max_side_px}")
        self.name = name
        self.framing = framing
        self.note = ""
        self.min_confidence = min_confidence
        self.max_side_px = max_side_px
        #: How hard small faces are looked for in large pictures; may be changed at any time.
        self.small_faces = SmallFaces.OFF
        #: How many share out a look, where the detector can; may be changed at any time.
        self.threads = 1
        self._usual_confidence = min_confidence if usual_confidence is None else usual_confidence
        self._closer_confidence = (
            self._usual_confidence if closer_confidence is None else closer_confidence
        )
        self._second_look = second_look

    @abstractmethod
    def _find(self, image: UInt8Array) -> tuple[Float32Array, Float32Array, Float32Array]:
        """Boxes (N, 4), confidences (N,) and landmarks (N, K, 2) in a picture of bounded size."""

    def detect(self, image: UInt8Array) -> FaceDetections:
        """Finds the faces of a picture (H, W, 3) uint8 BGR, most certain first.

        Raises:
            ValueError: not such an array.
        """
        return self.look_closer(image, self.first_look(image))

    def first_look(self, image: UInt8Array) -> FaceDetections:
        """The faces that are seen at the first look, at most ``max_side_px`` large.

        Raises:
            ValueError: not an array (H, W, 3) uint8.
        """
        checked("image", image, (None, None, 3), np.uint8)
        if min(image.shape[:2]) < _MIN_PICTURE_PX:
            return FaceDetections.empty()
        return self._search(image, self._first_scale(image))

    def look_closer(
        self, image: UInt8Array, found: FaceDetections, search: SmallFaces | None = None
    ) -> FaceDetections:
        """The faces of the first look and those that only a closer one shows in a large picture.

        Args:
            image: (H, W, 3) uint8 BGR.
            found: what ``first_look`` found in it.
            search: how hard small faces are looked for; None for ``small_faces``.
        """
        size_px = (image.shape[1], image.shape[0])
        search = self.small_faces if search is None else search
        for look in further_looks(size_px, self._first_scale(image), search):
            for tile in look.tiles:
                found = merge(found, self._search_tile(image, tile, look))
        return found

    def _first_scale(self, image: UInt8Array) -> float:
        longest = float(max(image.shape[:2]))
        return min(
            self.max_side_px / longest, max(1.0, min(_MAX_ENLARGEMENT, _SMALL_SIDE_PX / longest))
        )

    def _search_tile(
        self, image: UInt8Array, tile: tuple[int, int, int, int], look: Look
    ) -> FaceDetections:
        """The small faces of a part of the picture, in pixels of the picture.

        Less certain ones than usual are left out, whatever was asked for: closer up, most of those
        are none.
        """
        x0, y0, x1, y1 = tile
        part = self._search(image[y0:y1, x0:x1], look.scale)
        corner = np.array([x0, y0], np.float32)
        found = FaceDetections(
            part.boxes + np.tile(corner, 2), part.confidences, part.landmarks + corner
        )
        size_px = (image.shape[1], image.shape[0])
        sure = found.confidences >= self._closer_confidence
        return found.select(sure & belongs_to_tile(found.boxes, tile, size_px, look))

    def _search(self, image: UInt8Array, factor: float) -> FaceDetections:
        """The faces of a picture as they are found when it is scaled by a factor."""
        height, width = image.shape[:2]
        scaled, scale = _scaled(image, factor)
        if min(scaled.shape[:2]) < _MIN_PICTURE_PX:
            return FaceDetections.empty()
        boxes, confidences, landmarks = self._find(scaled)
        found = self._clean(boxes / scale, confidences, landmarks / scale[:2], (width, height))
        doubtful = np.flatnonzero(found.confidences < self._usual_confidence)
        if self._second_look is None or not len(doubtful):
            return found
        keep = np.ones(len(found), np.bool_)
        keep[doubtful] = self._second_look.plausible(scaled, found.boxes[doubtful] * scale)
        return found.select(keep)

    def _clean(
        self,
        boxes: Float32Array,
        confidences: Float32Array,
        landmarks: Float32Array,
        size_px: tuple[int, int],
    ) -> FaceDetections:
        """Drops what cannot be a face and what is found twice; cuts boxes at the edges."""
        width, height = size_px
        sides = boxes[:, 2:] - boxes[:, :2]
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        with np.errstate(all="ignore"):  # NaN and infinity are what is looked for
            keep = np.isfinite(boxes).all(axis=1) & np.isfinite(confidences)
            keep &= np.isfinite(landmarks).all(axis=(1, 2))
            keep &= confidences >= self.min_confidence
            keep &= (sides >= _MIN_FACE_PX).all(axis=1)
            aspect = sides[:, 0] / sides[:, 1]
            keep &= (aspect >= _ASPECT_LIMITS[0]) & (aspect <= _ASPECT_LIMITS[1])
            keep &= ((centres >= 0) & (centres <= (width, height))).all(axis=1)
            # A face may fill the picture and reach over its edges, but not by far.
            keep &= box_area(boxes) <= 2.5 * max(width, height) ** 2
        rows = np.flatnonzero(keep)
        clipped = clip_boxes(boxes[rows], size_px)
        best = non_max_suppression(clipped, confidences[rows], iou=0.4, nested=0.8)
        rows = rows[best]
        return FaceDetections(
            clipped[best],
            np.clip(confidences[rows], 0, 1).astype(np.float32),
            landmarks[rows].astype(np.float32),
        )


def _scaled(image: UInt8Array, factor: float) -> tuple[UInt8Array, Float32Array]:
    """The picture scaled by a factor, and its scales (4,) in x, y, x, y."""
    if factor == 1.0:
        return np.ascontiguousarray(image), np.ones(4, np.float32)
    height, width = image.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(image, size, interpolation=method), dtype=np.uint8)
    # The true scales: rounding moves those of narrow pictures.
    return scaled, np.array([size[0] / width, size[1] / height] * 2, np.float32)
