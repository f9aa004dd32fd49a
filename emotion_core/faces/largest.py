"""The one face that a picture is of."""

import numpy as np

from emotion_core.faces.crops import crop_faces
from emotion_core.faces.detector import FaceDetector
from emotion_core.faces.rotation import detect_any_rotation
from emotion_core.types import UInt8Array


def crop_largest_face(
    image: UInt8Array, detector: FaceDetector, size_px: int = 48
) -> UInt8Array | None:
    """Cuts out the largest face as FER-2013 shows it; None if no face is found.

    Args:
        image: (H, W, 3) uint8 BGR.
        detector: finds the faces.
        size_px: side S of the crop.

    Returns:
        (S, S) uint8 gray.
    """
    found, rotation_deg = detect_any_rotation(detector, image)
    if not len(found):
        return None
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    largest = found.select([int(np.argmax(sides.prod(axis=1)))])
    crops = crop_faces(image, largest, detector.framing, size_px=size_px, rotation_deg=rotation_deg)
    face: UInt8Array = crops.images[0]
    return face
