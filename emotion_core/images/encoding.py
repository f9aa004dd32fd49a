"""Pictures in other sizes, and as bytes of a file."""

import base64

import cv2
import numpy as np
from PIL import Image

from emotion_core.errors import ImageError
from emotion_core.types import UInt8Array

# Source: JPEG_MAX_DIMENSION of libjpeg's jmorecfg.h.
_MAX_JPEG_SIDE_PX = 65_500


def resize_image(
    image: UInt8Array,
    size_px: tuple[int, int],
    *,
    box: tuple[float, float, float, float] | None = None,
) -> UInt8Array:
    """A picture, or a part of it, in another size; smoothed where it gets smaller.

    Args:
        image: (H, W, 3) or (H, W) uint8.
        size_px: (width, height) of the result.
        box: the part, xyxy pixels; None is the whole picture.
    """
    method = Image.Resampling.LANCZOS
    # reducing_gap: large pictures are first halved, which is faster and cannot be seen.
    small = Image.fromarray(image).resize(size_px, method, box=box, reducing_gap=2.0)
    return np.array(small, dtype=np.uint8)


def _encode(suffix: str, image: UInt8Array, parameters: list[int]) -> bytes:
    if image.size == 0 or image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise ValueError(
            f"image: wanted (H, W, 3) or (H, W) uint8. Received: {image.shape} {image.dtype}"
        )
    ok, buffer = cv2.imencode(suffix, image, parameters)
    if not ok:
        raise ValueError(f"image: cannot be written as {suffix}. Received: {image.shape}")
    return bytes(buffer)


def encode_jpeg(image: UInt8Array, quality: int = 90) -> bytes:
    """A picture (H, W, 3) uint8 BGR or (H, W) gray as a JPEG file; quality is 1-100.

    Raises:
        ImageError: it is too long for one.
    """
    if max(image.shape[:2]) > _MAX_JPEG_SIDE_PX:
        height, width = image.shape[:2]
        raise ImageError(
            f"too long for a JPEG, which has at most {_MAX_JPEG_SIDE_PX:,} pixels to a side. "
            f"Received: {width} x {height}. Cut it into parts."
        )
    return _encode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])


def encode_png(image: UInt8Array) -> bytes:
    """A picture (H, W, 3) uint8 BGR or (H, W) gray as a PNG file."""
    return _encode(".png", image, [])


def data_uri(content: bytes, form: str = "jpeg") -> str:
    """A picture's file as an address that holds it, for an ``img`` of a page.

    Args:
        content: of the file.
        form: its subtype of ``image/``.
    """
    return f"data:image/{form};base64,{base64.b64encode(content).decode('ascii')}"
