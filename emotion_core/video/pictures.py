"""A decoded frame as the picture that a player shows: upright, square pixels, 8 bits, BGR."""

import contextlib
import functools
import struct
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorTrc, VideoReformatter

from emotion_core.types import UInt8Array

_HDR = frozenset({int(ColorTrc.SMPTE2084), int(ColorTrc.ARIB_STD_B67)})
_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_NO_LOCK: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
# Without a word on its colours, a large picture is taken for HD television, as browsers do.
_HD_LINES = 720

# Pixels are at most so many times as wide as high, or as high as wide; what a damaged header says
# beyond would make pictures of gigabytes.
_WIDEST = 4

# (a, b, c, d) of the display matrix, signs only -> (degrees counter-clockwise as FFmpeg tells it,
# what makes it upright). Source: FFmpeg, libavutil/display.h; rows are (a, b, u), (c, d, v).
_Turn = Callable[[Any], Any]
_TURNS: dict[tuple[int, int, int, int], tuple[int, _Turn]] = {
    (0, 1, -1, 0): (-90, lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE)),
    (-1, 0, 0, -1): (180, lambda image: cv2.rotate(image, cv2.ROTATE_180)),
    (0, -1, 1, 0): (90, lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE)),
    (-1, 0, 0, 1): (0, lambda image: cv2.flip(image, 1)),
    (1, 0, 0, -1): (0, lambda image: cv2.flip(image, 0)),
    (0, 1, 1, 0): (-90, cv2.transpose),
    (0, -1, -1, 0): (90, lambda image: cv2.rotate(cv2.transpose(image), cv2.ROTATE_180)),
}


def turn_of(frame: av.VideoFrame) -> tuple[int, _Turn | None]:
    """(degrees clockwise that a player turns the picture: 0, 90, 180 or 270; what does it).

    A picture that is turned by other angles or not at all is left as it is.
    """
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return 0, None
    a, b, _, c, d, *_ = struct.unpack("<9i", bytes(matrix)[:36])
    largest = max(abs(a), abs(b), abs(c), abs(d))
    if largest == 0:
        return 0, None
    signs = tuple(round(value / largest) for value in (a, b, c, d))
    degrees, turn = _TURNS.get(signs, (0, None))
    return -degrees % 360, turn


@functools.lru_cache(maxsize=4)
def _hdr_reformatter(*_: object) -> tuple[VideoReformatter, threading.Lock]:
    """One for all frames of a kind: its tables of colours take seconds to make."""
    return VideoReformatter(), threading.Lock()


class PictureMaker:
    """Makes pictures of the frames of one video, one at a time.

    Args:
        pixel_ratio: width of a pixel by its height; None for square ones.
    """

    def __init__(self, pixel_ratio: Fraction | None = None) -> None:
        usual = pixel_ratio is not None and 1 / _WIDEST <= pixel_ratio <= _WIDEST
        self._ratio = pixel_ratio if usual and pixel_ratio is not None else Fraction(1)
        self._reformatter = VideoReformatter()
        self._seen: tuple[int, int, int] | None = None
        self._turn: _Turn | None = None

    def picture(self, frame: av.VideoFrame) -> UInt8Array:
        """(H, W, 3) uint8 BGR of a frame in any pixel format, upright, of square pixels."""
        width, height = self.square_size(frame.width, frame.height)
        options: dict[str, Any] = {}
        reformatter, lock = self._reformatter, _NO_LOCK
        if frame.color_trc in _HDR:
            # Scaled tones and primaries, not only tagged: otherwise faces look washed out.
            options["dst_color_trc"] = ColorTrc.IEC61966_2_1
            options["dst_color_primaries"] = ColorPrimaries.BT709
            reformatter, lock = _hdr_reformatter(
                frame.format.name, frame.width, frame.height, frame.color_trc, (width, height)
            )
        if frame.colorspace == _UNSPECIFIED and frame.height >= _HD_LINES:
            options["src_colorspace"] = "ITU709"
        if frame.interlaced_frame:
            with lock:
                plain = reformatter.reformat(frame, format="bgr24", threads=1, **options)
            image = _one_field(np.asarray(plain.to_ndarray(), np.uint8), (width, height))
        else:
            with lock:
                plain = reformatter.reformat(
                    frame, width=width, height=height, format="bgr24", threads=1, **options
                )
            image = np.asarray(plain.to_ndarray(), np.uint8)
        turn = self._turn_of(frame)
        return np.ascontiguousarray(image if turn is None else turn(image), np.uint8)

    def _turn_of(self, frame: av.VideoFrame) -> _Turn | None:
        """As ``turn_of``, which is asked again only when something about the frames changes.

        Its look at the side data ties the frame into a circle with them (PyAV 18), and so keeps
        hundreds of megabytes of frames until Python looks for such circles.
        """
        now = (frame.rotation, frame.width, frame.height)
        if now != self._seen:
            self._seen, (_, self._turn) = now, turn_of(frame)
        return self._turn

    def square_size(self, width: int, height: int) -> tuple[int, int]:
        """The longer way: no line of pixels is lost."""
        if self._ratio >= 1:
            return max(1, round(width * self._ratio)), height
        return width, max(1, round(height / self._ratio))


def _one_field(image: UInt8Array, size: tuple[int, int]) -> UInt8Array:
    """The upper field alone, at full height: the other one is of another moment.

    Spatial on purpose: a filter that looks at the frames around would need all of them, and give
    another picture after seeking.
    """
    field = image[::2]
    scale = np.array(
        [[image.shape[1] / size[0], 0, 0], [0, image.shape[0] / size[1] / 2, 0]], np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(field, scale, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
