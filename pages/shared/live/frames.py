"""Frames of WebRTC to pictures and back."""

import av
import numpy as np

from emotion_core.types import UInt8Array

_HIDDEN_BLOCK_PX = 48

#: In the place of a frame that nobody may see and that cannot be read.
GREY = np.full((480, 640, 3), 128, np.uint8)


def picture(frame: av.VideoFrame, *, mirror: bool) -> UInt8Array:
    """(H, W, 3) uint8 BGR of a frame in any pixel format."""
    image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    return np.ascontiguousarray(image[:, ::-1]) if mirror else image


def hidden(image: UInt8Array) -> UInt8Array:
    """A picture in blocks so coarse that no face can be told; where it is, nobody knows."""
    height, width = image.shape[:2]
    blocks = image[::_HIDDEN_BLOCK_PX, ::_HIDDEN_BLOCK_PX]
    large = blocks.repeat(_HIDDEN_BLOCK_PX, axis=0).repeat(_HIDDEN_BLOCK_PX, axis=1)
    return np.ascontiguousarray(large[:height, :width])


def frame_of(image: UInt8Array, source: av.VideoFrame) -> av.VideoFrame:
    """A picture, (H, W, 3) uint8 BGR, as a frame of the same moment as another."""
    frame = av.VideoFrame.from_ndarray(image, format="bgr24")
    if isinstance(source, av.VideoFrame):
        frame.pts, frame.time_base = source.pts, source.time_base
    return frame
