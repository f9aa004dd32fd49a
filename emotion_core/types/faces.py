"""A picture, the faces found in it, and the squares that are cut out of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.types.arrays import Float32Array, UInt8Array, checked, set_field


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source, upright.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        index: position in the source, from 0.
        timestamp_s: seconds from the start of the source.
    """

    image: UInt8Array
    index: int = 0
    timestamp_s: float = 0.0

    def __post_init__(self) -> None:
        image = checked("Frame.image", self.image, (None, None, 3), np.uint8)
        if image.size == 0:
            raise ValueError(f"Frame.image: wanted at least 1x1 pixels. Received: {image.shape}")
        set_field(self, "image", image)

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class FaceDetections:
    """Found faces.

    Attributes:
        boxes: (N, 4) float32, xyxy pixels of the frame.
        confidences: (N,) float32, the detector's confidence, 0-1.
        landmarks: (N, K, 2) float32, xy pixels. K is 0 or 5: the subject's right eye (left in the
            picture), left eye, nose tip, right and left corner of the mouth.
    """

    boxes: Float32Array
    confidences: Float32Array
    landmarks: Float32Array

    def __post_init__(self) -> None:
        set_field(self, "boxes", checked("FaceDetections.boxes", self.boxes, (None, 4), np.float32))
        n = len(self.boxes)
        set_field(
            self,
            "confidences",
            checked("FaceDetections.confidences", self.confidences, (n,), np.float32),
        )
        set_field(
            self,
            "landmarks",
            checked("FaceDetections.landmarks", self.landmarks, (n, None, 2), np.float32),
        )

    @classmethod
    def empty(cls) -> "FaceDetections":
        """Of a picture without a face."""
        return cls(
            np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 0, 2), np.float32)
        )

    def __len__(self) -> int:
        return len(self.boxes)

    def select(self, rows: npt.NDArray[Any] | list[int]) -> "FaceDetections":
        """The detections of the given rows (indices or a boolean mask), in that order."""
        index = np.asarray(rows, dtype=np.intp) if isinstance(rows, list) else rows
        return FaceDetections(self.boxes[index], self.confidences[index], self.landmarks[index])


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrops:
    """The squares that a classifier sees.

    Attributes:
        images: (N, S, S) uint8 gray, or (N, S, S, 3) uint8 BGR.
        frame_to_crop: (N, 2, 3) float32 affine matrices from frame pixels to crop pixels.
    """

    images: UInt8Array
    frame_to_crop: Float32Array

    def __post_init__(self) -> None:
        shape: tuple[int | None, ...] = (None, None, None)
        if isinstance(self.images, np.ndarray) and self.images.ndim == 4:
            shape = (None, None, None, 3)
        images = checked("FaceCrops.images", self.images, shape, np.uint8)
        if images.shape[1] != images.shape[2]:
            raise ValueError(f"FaceCrops.images: wanted squares. Received: {images.shape}")
        set_field(self, "images", images)
        set_field(
            self,
            "frame_to_crop",
            checked("FaceCrops.frame_to_crop", self.frame_to_crop, (len(images), 2, 3), np.float32),
        )

    def __len__(self) -> int:
        return len(self.images)
