"""Bytes to an upright BGR picture, and back to bytes.

Every limit is checked on the file's header, before pixels are decoded. What stays within them is
decoded in about 1 GB of memory and 3 seconds at most (``benchmarks/pictures.py``).
"""

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from emotion_core.errors import ImageError
from emotion_core.files import readable
from emotion_core.outside_files import open_regular, refusal
from emotion_core.types import UInt8Array

MAX_PIXELS: int = 50_000_000
#: 50 million pixels of 16-bit RGBA without compression are 400 MB; no photo needs more.
MAX_BYTES: int = 500_000_000

#: A TIFF above ``_LARGE_TIFF_PIXELS`` that has more pixels than this per byte holds no photo, but
#: can keep a decoder busy for ten seconds. A blank page that was scanned has about 500.
MAX_TIFF_PIXELS_PER_BYTE: int = 1_000
_LARGE_TIFF_PIXELS = 10_000_000

IMAGE_SUFFIXES: frozenset[str] = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif"),
        *(".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"),
    )
)

# The formats that are tried. Leaving the others out also keeps Pillow from starting Ghostscript.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF")
_WANTED = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"

# How files of these formats start (WebP, AVIF and HEIC: see `_form`).
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
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Rows of a deep picture that are turned into 8 bits at once.
_BLOCK_ROWS = 64

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


def _check_density(name: str, form: str, size: tuple[int, int], n_bytes: int) -> None:
    pixels = size[0] * size[1]
    if form == "TIFF" and pixels > max(_LARGE_TIFF_PIXELS, MAX_TIFF_PIXELS_PER_BYTE * n_bytes):
        raise ImageError(
            f"too large: {name} says that it has {_pixels(*size)}, but only {n_bytes:,} bytes. "
            "No photo is that empty. Save it anew from a picture viewer."
        )


def _form(data: bytes) -> str:
    """The format that a file's first bytes promise, "" if none."""
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


def _upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # damaged metadata raises anything; the pixels are good without it
        orientation = 1
    method = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if method is None else image.transpose(method)


def _deep_gray(image: Image.Image) -> UInt8Array:
    """8-bit gray of a picture with 16 or 32 bits per pixel.

    Some rows at a time: numbers in between take eight times the room of the result.
    """
    values = np.asarray(image)
    gray = np.empty(values.shape, np.uint8)
    blocks = [slice(i, i + _BLOCK_ROWS) for i in range(0, len(values), _BLOCK_ROWS)]
    if image.mode.startswith("I;16"):
        for rows in blocks:
            gray[rows] = (values[rows].astype(np.uint32) * 255 + 32767) // 65535
        return gray
    # 32-bit integers and floats have no agreed white: 0-1, 0-255 and 0-65535 are all in use.
    top = max(_finite(values[rows]).max() for rows in blocks)
    white = next((w for w in (1.0, 255.0, 65535.0) if top <= w), top)
    for rows in blocks:
        gray[rows] = np.clip(_finite(values[rows]) / white * 255, 0, 255).round()
    return gray


def _finite(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)


def _to_bgr(image: Image.Image) -> UInt8Array:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return np.asarray(cv2.cvtColor(_deep_gray(image), cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.new("RGB", rgba.size, "white")
        image.paste(rgba, mask=rgba.getchannel("A"))
    elif image.mode != "RGB":
        image = image.convert("RGB")
    bgr = np.array(image, dtype=np.uint8)
    cv2.cvtColor(bgr, cv2.COLOR_RGB2BGR, dst=bgr)
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
        ImageError: empty, not an image, truncated or damaged, of zero size, or too large.
    """
    if len(data) == 0:
        raise ImageError(f"empty: {name} has 0 bytes.")
    form = _form(data)
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
            _check_density(name, form, image.size, len(data))
            try:
                image.load()
                return _to_bgr(_upright(image))
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
    """A picture (H, W, 3) uint8 BGR or (H, W) gray as a JPEG file; quality is 1-100."""
    return _encode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])


def encode_png(image: UInt8Array) -> bytes:
    """A picture (H, W, 3) uint8 BGR or (H, W) gray as a PNG file."""
    return _encode(".png", image, [])
