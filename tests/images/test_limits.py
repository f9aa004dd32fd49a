"""Small files that stand for much work or memory are refused by their headers; dear ones that are
taken are decoded without copies of the whole picture.
"""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from emotion_core.errors import ImageError
from emotion_core.images import decode_image, decoding, limits


def _bytes(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_chunks(n: int, *, before: bool) -> bytes:
    """A good picture of 4 x 4 pixels with n empty private chunks before or behind its pixels."""
    idle = _chunk(b"prVt") * n
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0))
        + (idle if before else b"")
        + _chunk(b"IDAT", zlib.compress((b"\0" + bytes(4)) * 4))
        + (b"" if before else idle)
        + _chunk(b"IEND")
    )


def _jpeg_segments(n: int) -> bytes:
    whole = _bytes(Image.new("L", (16, 16), 90), "JPEG")
    return whole[:2] + b"\xff\xfe\x00\x02" * n + whole[2:]


def _gif_blocks(n: int) -> bytes:
    whole = _bytes(Image.new("P", (16, 16)), "GIF")
    at = 13 + (3 << (1 + (whole[10] & 7)))
    return whole[:at] + b"\x21\xfe" + b"\x01A" * n + b"\x00" + whole[at:]


def _tiff_strips(n: int, order: str = "<") -> bytes:
    """4 x 4 gray pixels in strips of one row, and a table of n strips."""
    rows = [(256, 4, [4]), (257, 4, [4]), (258, 3, [8]), (259, 3, [1]), (262, 3, [1])]
    rows += [(273, 4, [8] * n), (277, 3, [1]), (278, 4, [1]), (279, 4, [4] * n)]
    at, entries, extra = 8 + 2 + 12 * len(rows) + 4, b"", b""
    for tag, kind, values in rows:
        raw = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(raw) > 4:
            place, extra = struct.pack(f"{order}I", at + len(extra)), extra + raw
        else:
            place = raw.ljust(4, b"\0")
        entries += struct.pack(f"{order}HHI", tag, kind, len(values)) + place
    start = b"II*\0" if order == "<" else b"MM\0*"
    head = start + struct.pack(f"{order}I", 8) + struct.pack(f"{order}H", len(rows))
    return head + entries + bytes(4) + extra


MANY = limits.MAX_PIECES


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (_png_chunks(MANY, before=True), "PNG"),
        (_png_chunks(MANY, before=False), "PNG"),
        (_jpeg_segments(MANY), "JPEG"),
        (_gif_blocks(MANY), "GIF"),
        (_tiff_strips(limits.MAX_TIFF_NUMBERS // 2), "TIFF"),
        (_tiff_strips(limits.MAX_TIFF_NUMBERS // 2, ">"), "TIFF"),
    ],
    ids=["png before", "png behind", "jpeg", "gif", "tiff", "tiff big-endian"],
)
def test_a_small_picture_in_endless_pieces_is_refused(data: bytes, form: str) -> None:
    """16 MB of such a TIFF took 18 s, 12 MB of such a PNG 3 s, and nothing says where it ends."""
    with pytest.raises(ImageError, match=rf"^too complex: a\.x is a {form} in more than .* pieces"):
        decode_image(data, name="a.x")


@pytest.mark.parametrize(
    "data",
    [
        _png_chunks(900, before=True),
        _jpeg_segments(900),
        _gif_blocks(900),
        _tiff_strips(900),
        _tiff_strips(900, ">"),
    ],
    ids=["png", "jpeg", "gif", "tiff", "tiff big-endian"],
)
def test_a_thousand_pieces_are_usual(data: bytes) -> None:
    assert decode_image(data).shape[2] == 3


def _passes(extra: int, size: tuple[int, int] = (2000, 1000)) -> bytes:
    """A gray progressive JPEG whose last pass comes a number of times more."""
    whole = _bytes(Image.new("L", size, 90), "JPEG", progressive=True)
    last = whole[whole.rfind(b"\xff\xda") : -2]
    return whole[:-2] + last * extra + whole[-2:]


def test_a_jpeg_that_goes_over_its_pixels_without_end_is_refused() -> None:
    """49 million pixels and 2,000 passes in 308 KB took 9 s, of which the decoder did a few."""
    limit = limits.MAX_PIXEL_PASSES // 2_000_000
    with pytest.raises(ImageError, match=r"^too complex: a\.jpg stores its 2\.0 million pixels in"):
        decode_image(_passes(limit), name="a.jpg")
    assert decode_image(_passes(10)).shape == (1000, 2000, 3)


def test_what_follows_a_jpeg_does_not_count() -> None:
    """Phones put a film or a second picture behind it."""
    film = b"\xff\xda\x00\x02" * 5_000
    assert decode_image(_passes(0) + film).shape == (1000, 2000, 3)


def test_the_same_inside_a_tiff() -> None:
    """Strips may all lie on the same bytes, so the longest of them counts."""
    whole = _bytes(Image.new("L", (2000, 1000), 90), "TIFF", compression="jpeg")
    # The decoder never gets to see these.
    with pytest.raises(ImageError, match=r"^too complex: a\.tif stores its 2\.0 million pixels in"):
        decode_image(whole + b"\xff\xd8" + b"\xff\xda" * 501, name="a.tif")
    assert decode_image(whole + (b"\xff\xd8" + b"\xff\xda" * 9) * 500).shape == (1000, 2000, 3)


def test_a_large_run_length_bmp_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = (b"\x08\x05\x00\x00") * 8 + b"\x00\x01"
    header = struct.pack("<IiiHHIIiiII", 40, 8, 8, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    start = b"BM" + struct.pack("<IHHI", 1078 + len(pixels), 0, 0, 1078)
    data = start + header + bytes(1024) + pixels
    assert decode_image(data).shape == (8, 8, 3)
    monkeypatch.setattr(limits, "MAX_RLE_BYTES", 1000)
    with pytest.raises(ImageError, match=r"^too large: a\.bmp is a run-length BMP"):
        decode_image(data, name="a.bmp")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_memory_is_estimated_before_decoding(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    options = {"compression": "tiff_lzw"} if form == "TIFF" else {}
    data = _bytes(Image.new("RGB", (300, 200)), form, **options)
    monkeypatch.setattr(limits, "MAX_WORKING_BYTES", 300 * 200 * 7)
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(ImageError, match=r"^too large: reading a\.x would take .* of memory"):
        decode_image(data, name="a.x")


def test_the_largest_pictures_of_common_forms_are_within_the_memory() -> None:
    """50 million pixels, as the limits see them, with files as large as those of noise."""
    for form, mode, n_bytes, structure in (
        ("JPEG", "RGB", 40_000_000, limits.Structure(passes=10, buffer_bytes=300_000_000)),
        ("JPEG", "CMYK", 60_000_000, limits.Structure(passes=10, buffer_bytes=400_000_000)),
        ("PNG", "RGBA", 200_000_000, limits.Structure()),
        ("PNG", "RGB", 300_000_000, limits.Structure()),
        ("TIFF", "RGB", 200_000_000, limits.Structure(buffer_bytes=200_000_000)),
        ("TIFF", "F", 200_000_000, limits.Structure(buffer_bytes=200_000_000)),
        ("TIFF", "RGBA", 400_000_000, limits.Structure()),
        ("WebP", "RGB", 40_000_000, limits.Structure()),
        ("HEIC", "RGB", 40_000_000, limits.Structure()),
        ("AVIF", "RGBA", 40_000_000, limits.Structure()),
    ):
        limits.check_cost(structure, form, mode, 50_000_000, n_bytes, "a")


def _pictures() -> dict[str, bytes]:
    rng = np.random.default_rng(3)
    gray = rng.integers(0, 256, (40, 30), dtype=np.uint8)
    rgb = Image.fromarray(rng.integers(0, 256, (40, 30, 3), dtype=np.uint8))
    rgba = Image.fromarray(rng.integers(0, 256, (40, 30, 4), dtype=np.uint8))
    floats = rng.random((40, 30), dtype=np.float32) * 9
    floats[3, 4], floats[5, 6], floats[7, 8] = np.nan, np.inf, -4
    floats[39, 29] = 250  # decides what is white, in the last strip
    return {
        "gray": _bytes(Image.fromarray(gray), "PNG"),
        "gray, alpha": _bytes(rgba.convert("LA"), "PNG"),
        "bits": _bytes(Image.fromarray(gray).convert("1"), "PNG"),
        "colour": _bytes(rgb, "PNG"),
        "one colour transparent": _bytes(rgb, "PNG", transparency=rgb.getpixel((3, 3))),
        "alpha": _bytes(rgba, "PNG"),
        "palette": _bytes(rgb.convert("P"), "PNG"),
        "palette, transparent": _bytes(rgb.convert("P"), "PNG", transparency=7),
        "16 bits": _bytes(Image.fromarray(gray.astype(np.uint16) * 257), "PNG"),
        "floats": _bytes(Image.fromarray(floats), "TIFF"),
        "integers": _bytes(Image.fromarray(gray.astype(np.int32) * 9000 - 50), "TIFF"),
        "print": _bytes(rgb.convert("CMYK"), "TIFF"),
        "turned": _bytes(rgb, "PNG", exif=_turned(6)),
    }


def _turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = orientation
    return exif


@pytest.mark.parametrize("kind", _pictures())
def test_strips_make_the_same_picture(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    data = _pictures()[kind]
    whole = decode_image(data)
    for pixels in (1, 7 * 30, 39 * 30):
        monkeypatch.setattr(decoding, "_STRIP_PIXELS", pixels)
        assert (decode_image(data) == whole).all()


@pytest.mark.parametrize("mode", ["F", "I", "I;16", "RGBA"])
def test_no_copy_of_the_whole_picture_is_made(mode: str) -> None:
    """A float TIFF of 298 KB took 1.6 GB: 32 bytes and more for each of its 49 million pixels."""
    side = 2500
    image = Image.new(mode, (side, side))
    data = _bytes(image, "TIFF", compression="tiff_adobe_deflate")
    tracemalloc.start()
    try:
        result = decode_image(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.shape == (side, side, 3)
    # The result has three bytes per pixel; Pillow's own copy is not seen here.
    assert peak < 4.5 * side * side
