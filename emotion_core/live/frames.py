"""Frames of WebRTC to pictures and back."""

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from emotion_core.types import UInt8Array

_HIDDEN_BLOCK_PX = 48

#: In the place of a frame that nobody may see and that cannot be read.
GREY = np.full((480, 640, 3), 128, np.uint8)


class FrameConverter:
    """Converts the frames of one connection, one at a time.

    Left to itself, every frame makes a converter of its own with threads of its own, and those of
    the last frame of each connection stay until Python happens to collect it.
    """

    def __init__(self) -> None:
        self._to_picture = VideoReformatter()
        self._to_video = VideoReformatter()

    def picture(self, frame: av.VideoFrame, *, mirror: bool) -> UInt8Array:
        """(H, W, 3) uint8 BGR of a frame in any pixel format."""
        plain = self._to_picture.reformat(frame, format="bgr24", threads=1)
        image = np.asarray(plain.to_ndarray(), np.uint8)
        return np.ascontiguousarray(image[:, ::-1]) if mirror else image

    def frame(self, image: UInt8Array, source: av.VideoFrame) -> av.VideoFrame:
        """A picture as a frame that can be encoded, of the same moment as another.

        Args:
            image: (H, W, 3) uint8 BGR.
            source: the frame of that moment.
        """
        plain = av.VideoFrame.from_ndarray(image, format="bgr24")
        made = self._to_video.reformat(plain, format="yuv420p", threads=1)
        if isinstance(source, av.VideoFrame) and source.time_base is not None:
            made.pts, made.time_base = source.pts, source.time_base
        return made


def hidden(image: UInt8Array) -> UInt8Array:
    """A picture in blocks so coarse that no face can be told; where it is, nobody knows."""
    height, width = image.shape[:2]
    blocks = image[::_HIDDEN_BLOCK_PX, ::_HIDDEN_BLOCK_PX]
    large = blocks.repeat(_HIDDEN_BLOCK_PX, axis=0).repeat(_HIDDEN_BLOCK_PX, axis=1)
    return np.ascontiguousarray(large[:height, :width])
