"""A contact strip: some pictures of a video side by side, taken while it is read."""

from pathlib import Path

import cv2
import numpy as np

from emotion_core.errors import ImageError
from emotion_core.files.atomic_files import write_atomic
from emotion_core.images import decode_image, encode_jpeg
from emotion_core.types import Frame, UInt8Array

#: Pictures of a strip, and their height.
PICTURES, HEIGHT_PX = 12, 90
# Wide ones are cut: twelve panoramas would be as wide as a wall.
_WIDEST = 16 / 9
# From one picture to the next where nobody knows how long the video is.
_STEP_S = 20.0


class Strip:
    """Keeps pictures in a folder until the strip is made, so that a kill loses none.

    Args:
        folder: where they stand meanwhile.
        from_s: where the reading begins.
        to_s: where it ends; None where nobody knows.
    """

    def __init__(self, folder: Path, from_s: float, to_s: float | None) -> None:
        self._folder = folder
        self._from_s = from_s
        known = to_s is not None and to_s > from_s
        self._step_s = (to_s - from_s) / PICTURES if known and to_s is not None else _STEP_S
        self._last = -1

    def add(self, frame: Frame) -> None:
        """Takes a frame, if it is time for one.

        Raises:
            OutputError: it cannot be written.
        """
        number = int((frame.timestamp_s - self._from_s) / self._step_s)
        if number <= self._last:
            return
        self._last = number
        path = self._folder / f"strip-{number:06d}.jpg"
        if not path.exists():
            write_atomic(path, encode_jpeg(small_picture(frame.image, HEIGHT_PX), 80))

    def write(self, path: Path) -> None:
        """Makes the strip of the pictures there are; without any, none.

        Raises:
            OutputError: it cannot be written.
        """
        found = sorted(self._folder.glob("strip-*.jpg"))
        if not found:
            return
        chosen = np.unique(np.linspace(0, len(found) - 1, min(PICTURES, len(found))).round())
        pictures = []
        for number in chosen.astype(int):
            try:
                pictures.append(decode_image(found[number].read_bytes(), name=found[number].name))
            except ImageError:  # a picture less is no reason to fail
                continue
        if pictures:
            write_atomic(path, encode_jpeg(np.hstack(pictures), 80))


def small_picture(image: UInt8Array, height_px: int) -> UInt8Array:
    """A picture (H, W, 3) in another height; the middle of a wide one."""
    height, width = image.shape[:2]
    kept = min(width, round(height * _WIDEST))
    left = (width - kept) // 2
    size = (max(1, round(kept * height_px / height)), height_px)
    part = image[:, left : left + kept]
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
