"""Bytes to an upright BGR picture.

Every limit (``limits``) is checked on the file's header, before pixels are decoded.
"""

import io
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from emotion_core.errors import ImageError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import open_regular, refusal
from emotion_core.images.limits import (
    MAX_BYTES,
    MAX_PIXELS,
    check_cost,
    check_structure,
)
from emotion_core.types import UInt8Array

PillowImage = Image.Image

IMAGE_SUFFIXES: frozenset[str] = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif"),
        *(".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"),
    )
)

# The formats that are tried. Leaving the others out also keeps Pillow from starting Ghostscript.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF")
_WANTED = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"

# How files of these formats start (WebP, AVIF and HEIC: see `picture_form`).
_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
}
# Source: ISO/IEC 14496-12 and 23008-12: a HEIC file's first box, "ftyp", lists one of these.
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}

# Source: Exif 2.3, tag 274 (Orientation): what turns the stored picture upright.
_ORIENTATION_TAG = 274
_UPRIGHT: dict[int, Callable[[UInt8Array], Any]] = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.rotate(cv2.transpose(image), cv2.ROTATE_180),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
# Pixels that are turned to BGR at a time: whole rows, small enough for the processor's cache.
_STRIP_PIXELS = 500_000

# `warnings.catch_warnings` is not thread-safe, and several sessions decode at once.
_warnings_lock = threading.Lock()


@contextmanager
def _quiet_decoders() -> Iterator[None]:
    """Keeps the decoders' remarks on odd files to themselves; what matters they raise.

    Only their own warnings are silenced: should another thread change the filters meanwhile,
    nothing else can get lost.
    """
    with _warnings_lock, warnings.catch_warnings():
        for source in (r"PIL\.", r"pillow_heif", r"emotion_core\.images"):
            warnings.filterwarnings("ignore", module=source)
        yield


def _pixels(width: int, height: int) -> str:
    return f"{width} x {height} = {width * height / 1e6:.1f} million pixels"


def _check_size(name: str, size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise ImageError(f"zero-size: {name} is {width} x {height} pixels.")
    if width * height > max_pixels:
        raise ImageError(
            f"too large: {name} has {_pixels(width, height)}, the limit is "
            f"{max_pixels / 1e6:g} million. Make it smaller and try again."
        )


def picture_form(data: bytes) -> str:
    """The picture format that a file's first bytes promise, "" if none; 64 bytes are enough."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        # A generic main brand (mif1) may stand before the one that tells; they come in fours.
        brands = {data[i : i + 4] for i in range(8, min(int.from_bytes(data[:4]), 64), 4)}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        return "HEIC" if brands & _HEIF_BRANDS else ""
    return next((form for start, form in _SIGNATURES.items() if data.startswith(start)), "")


def _damaged(name: str, form: str, error: Exception) -> ImageError:
    # Pillow's own text for this names the memory buffer that the bytes lie in.
    unknown = isinstance(error, UnidentifiedImageError)
    reason = "damaged header" if unknown else " ".join(str(error).split())[:100]
    return ImageError(
        f"truncated or damaged: {name} starts as {form or 'a picture'} but cannot be read to its "
        f"end ({reason}). Get the file again, or save it anew from a picture viewer."
    )


def _open(data: bytes, form: str) -> Image.Image:
    if form == "HEIC":
        import pillow_heif  # takes 60 ms, which start-up need not pay

        # Opened directly: registering the plug-in would change Pillow for the whole process.
        heif: Image.Image = pillow_heif.HeifImageFile(io.BytesIO(data))
        return heif
    return Image.open(io.BytesIO(data), formats=_FORMATS)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # damaged metadata raises anything; the pixels are good without it
        return 1
    return value if isinstance(value, int) else 1


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """(first row, whole rows from there) of a picture, from top to bottom."""
    rows = max(1, _STRIP_PIXELS // image.width)
    if rows >= image.height:
        yield 0, image
        return
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _white(image: Image.Image) -> float:
    """Which value of a picture of 32-bit integers or floats is white.

    There is no agreement: 0-1, 0-255 and 0-65535 are all in use.
    """
    top = 0.0
    for _, strip in _strips(image):
        values = np.asarray(strip)
        top = max(top, float(values.max(where=np.isfinite(values), initial=0)))
    return next((white for white in (1.0, 255.0, 65535.0) if top <= white), top)


def _finite(values: "np.ndarray[Any, Any]") -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Numbers of whatever type, without what is none."""
    wide = values.astype(np.float64)
    if values.dtype.kind == "f":
        np.nan_to_num(wide, copy=False, posinf=0.0, neginf=0.0)
    return wide


def _strip_to_bgr(strip: Image.Image, white: float) -> Any:
    if strip.mode.startswith("I;16"):
        deep = np.asarray(strip).astype(np.uint32)
        return cv2.cvtColor(((deep * 255 + 32767) // 65535).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    if strip.mode in ("I", "F"):
        values = _finite(np.asarray(strip))
        values *= 255 / white
        np.rint(np.clip(values, 0, 255, out=values), out=values)
        return cv2.cvtColor(values.astype(np.uint8), cv2.COLOR_GRAY2BGR)
    if strip.has_transparency_data:
        rgba = strip.convert("RGBA")
        strip = Image.new("RGB", rgba.size, "white")
        strip.paste(rgba, mask=rgba.getchannel("A"))
    elif strip.mode != "RGB":
        strip = strip.convert("RGB")
    return cv2.cvtColor(np.asarray(strip), cv2.COLOR_RGB2BGR)


def _to_bgr(image: Image.Image) -> UInt8Array:
    """A decoded picture in one array.

    In strips, so that no second copy of it is made on the way: that halves the memory and, because
    the processor's cache holds a strip, the time.
    """
    white = _white(image) if image.mode in ("I", "F") else 1.0
    bgr = np.empty((image.height, image.width, 3), np.uint8)
    for top, strip in _strips(image):
        bgr[top : top + strip.height] = _strip_to_bgr(strip, white)
    return bgr


def decode_image(data: bytes, *, name: str = "picture", max_pixels: int = MAX_PIXELS) -> UInt8Array:
    """Decodes a picture file and turns it upright.

    Reads JPEG, PNG, WebP, GIF (first frame), BMP, TIFF (first page), HEIC and AVIF; gray, palette,
    CMYK, 1-bit and 16-bit pictures; transparent parts are laid on white.

    Args:
        data: content of the file.
        name: what the picture is called in error messages.
        max_pixels: larger pictures are refused before they are decoded.

    Returns:
        (H, W, 3) uint8 BGR, upright by the file's EXIF orientation.

    Raises:
        ImageError: empty, not an image, truncated or damaged, of zero size, or beyond one of the
            limits of pixels, memory and time in ``limits``.
    """
    if len(data) == 0:
        raise ImageError(f"empty: {name} has 0 bytes.")
    bgr, orientation = _decode(data, name, max_pixels)
    # Here, where the decoder's copy of the pixels is gone.
    return _upright(bgr, orientation)


def from_pillow(
    image: Image.Image, *, name: str = "picture", max_pixels: int = MAX_PIXELS
) -> UInt8Array:
    """A Pillow image as `decode_image` would give it: upright, transparent parts laid on white.

    Raises:
        ImageError: the file behind it is damaged (Pillow reads it late), or beyond the limit.
    """
    _check_size(name, image.size, max_pixels)
    try:
        image.load()
        return _upright(_to_bgr(image), _orientation(image))
    except Exception as error:  # as with files
        raise _damaged(name, image.format or "", error) from error


def _upright(bgr: UInt8Array, orientation: int) -> UInt8Array:
    turn = _UPRIGHT.get(orientation)
    return bgr if turn is None else np.asarray(turn(bgr), dtype=np.uint8)


def _decode(data: bytes, name: str, max_pixels: int) -> tuple[UInt8Array, int]:
    """The pixels as they are stored, and the EXIF orientation."""
    form = picture_form(data)
    structure = check_structure(data, form, name)
    with _quiet_decoders():
        try:
            image = _open(data, form)
        except Image.DecompressionBombError:
            raise ImageError(
                f"too large: {name} has more pixels than can be decoded safely, the limit is "
                f"{max_pixels / 1e6:g} million. Make it smaller and try again."
            ) from None
        except Exception as error:  # decoders raise anything on damaged headers
            if form:
                raise _damaged(name, form, error) from error
            raise ImageError(
                f"not an image: {name} is no {_WANTED} file that can be read."
            ) from error
        with image:
            _check_size(name, image.size, max_pixels)
            pixels = image.width * image.height
            check_cost(structure, form, image.mode, pixels, len(data), name)
            try:
                image.load()
                return _to_bgr(image), _orientation(image)
            except MemoryError as error:
                raise ImageError(
                    f"too large: {name} has {_pixels(*image.size)}, for which this machine has no "
                    "memory left. Make it smaller and try again."
                ) from error
            except Exception as error:  # and on damaged pixels
                raise _damaged(name, form, error) from error


def decode_gray_png(data: bytes) -> UInt8Array | None:
    """(H, W) uint8 of an 8-bit gray PNG; None for every other file, and for a damaged one.

    The pixels are Pillow's, in half the time, which counts for a data set of 36,000 pictures.
    """
    # Source: PNG specification, IHDR: width, height, bit depth 8, colour type 0.
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[24:26] != b"\x08\x00":
        return None
    if int.from_bytes(data[16:20]) * int.from_bytes(data[20:24]) > MAX_PIXELS:
        return None
    try:
        gray = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        return None
    return None if gray is None else np.asarray(gray, dtype=np.uint8)


def load_image(path: Path, *, max_pixels: int = MAX_PIXELS) -> UInt8Array:
    """Reads a picture file; see `decode_image`.

    Raises:
        ImageError: the file cannot be read, or what `decode_image` raises.
    """
    name = readable(path.name)
    if reason := refusal(path):
        raise ImageError(f"cannot be read: {name} ({reason}).")
    with open_regular(path, ImageError) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            raise ImageError(
                f"too large: {name} has {size / 1e6:.0f} MB, the limit is {MAX_BYTES / 1e6:.0f} MB."
            )
        try:
            data = file.read(MAX_BYTES)  # it may grow meanwhile, or tell no size
        except OSError as error:
            raise ImageError(f"cannot be read: {name} ({error.strerror}).") from error
    return decode_image(data, name=name, max_pixels=max_pixels)
