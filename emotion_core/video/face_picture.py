"""A face of a video as a small picture, for lists."""

from pathlib import Path

import numpy as np

from emotion_core.images import encode_jpeg
from emotion_core.types import Float32Array
from emotion_core.video.seeking import FrameSeeker
from emotion_core.video.strip import small_picture

#: Side of the picture.
SIDE_PX = 96
_MARGIN = 0.2


def face_pictures(path: Path, faces: list[tuple[float, Float32Array]]) -> list[bytes]:
    """Faces, each as a JPEG of about `SIDE_PX`.

    Args:
        path: of the video.
        faces: of each its time in seconds and its box, (4,) xyxy pixels.

    Raises:
        VideoError: the video cannot be read.
    """
    pictures = []
    with FrameSeeker(path) as seeker:
        for time_s, box in faces:
            image = seeker.frame_at(time_s).image
            x0, y0, x1, y1 = (float(value) for value in box)
            half = (0.5 + _MARGIN) * max(x1 - x0, y1 - y0)
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            height, width = image.shape[:2]
            left, right = max(0, int(x - half)), min(width, int(x + half) + 1)
            top, bottom = max(0, int(y - half)), min(height, int(y + half) + 1)
            crop = image[top:bottom, left:right]
            if not crop.size:  # a box outside of the frame
                crop = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
            pictures.append(encode_jpeg(small_picture(crop, SIDE_PX), 85))
    return pictures
