import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from emotion_core.errors import ImageError
from emotion_core.images import (
    IMAGE_SUFFIXES,
    MAX_PIXELS,
    decode_image,
    encode_jpeg,
    encode_png,
    load_image,
    resize_image,
)

# Four patches whose place and colour survive lossy formats: red, green / blue, white (RGB).
PATCHES = np.array([[[220, 30, 30], [30, 200, 40]], [[30, 40, 210], [255, 255, 255]]], np.uint8)


def patches_rgb(height: int = 48, width: int = 64) -> np.ndarray:
    return PATCHES.repeat(height // 2, axis=0).repeat(width // 2, axis=1)


def to_bytes(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def heic_bytes(rgb: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(rgb)).save(buffer, quality=90)
    return buffer.getvalue()


def corners(image: np.ndarray) -> np.ndarray:
    """(2, 2, 3) colours in the middle of the four quarters."""
    height, width = image.shape[:2]
    return image[[height // 4, 3 * height // 4]][:, [width // 4, 3 * width // 4]].astype(int)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_formats(form: str) -> None:
    image = decode_image(to_bytes(Image.fromarray(patches_rgb()), form))
    assert image.shape == (48, 64, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert np.abs(corners(image)[..., ::-1] - PATCHES).max() < 25


def test_heic() -> None:
    image = decode_image(heic_bytes(patches_rgb()))
    assert image.shape == (48, 64, 3)
    assert np.abs(corners(image)[..., ::-1] - PATCHES).max() < 25


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(form: str, orientation: int) -> None:
    """The stored picture is what a camera held that way would have written."""
    upright = patches_rgb()
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored))
    decoded = decode_image(to_bytes(image, form, exif=exif))
    assert decoded.shape == (48, 64, 3)
    assert np.abs(corners(decoded)[..., ::-1] - PATCHES).max() < 25


def test_damaged_exif_is_ignored() -> None:
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff" + b"\x01\x12\xff" * 9
    decoded = decode_image(to_bytes(Image.fromarray(patches_rgb()), "JPEG", exif=exif))
    assert decoded.shape == (48, 64, 3)


def test_gray() -> None:
    gray = np.arange(0, 256, dtype=np.uint8).reshape(16, 16)
    decoded = decode_image(to_bytes(Image.fromarray(gray), "PNG"))
    assert (decoded == gray[..., None]).all()


def test_one_bit() -> None:
    bits = np.zeros((8, 16), bool)
    bits[:, 8:] = True
    decoded = decode_image(to_bytes(Image.fromarray(bits), "PNG"))
    assert (decoded[:, :8] == 0).all()
    assert (decoded[:, 8:] == 255).all()


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bit_gray_is_scaled(form: str) -> None:
    deep = np.array([[0, 128, 32768, 65535]] * 4, np.uint16)
    decoded = decode_image(to_bytes(Image.fromarray(deep), form))
    assert decoded[0, :, 0].tolist() == [0, 0, 128, 255]


def sixteen_bit_rgb_png(rgb: np.ndarray) -> bytes:
    """Pillow cannot write 16 bits per channel, so the file is put together here."""
    height, width = rgb.shape[:2]
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in rgb)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_sixteen_bit_colour() -> None:
    deep = patches_rgb().astype(np.uint16) * 257
    decoded = decode_image(sixteen_bit_rgb_png(deep))
    assert np.abs(corners(decoded)[..., ::-1] - PATCHES).max() <= 1


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([0.0, 0.5, 1.0], [0, 128, 255]), ([0.0, 100.0, 255.0], [0, 100, 255])],
)
def test_floats(values: list[float], wanted: list[int]) -> None:
    image = Image.fromarray(np.array([values] * 3, np.float32))
    assert decode_image(to_bytes(image, "TIFF"))[0, :, 0].tolist() == wanted


def test_floats_without_numbers() -> None:
    image = Image.fromarray(np.array([[np.nan, np.inf, 1.0, 0.0]] * 4, np.float32))
    assert decode_image(to_bytes(image, "TIFF"))[0, :, 0].tolist() == [0, 0, 255, 0]


def test_alpha_is_laid_on_white() -> None:
    rgba = np.zeros((10, 20, 4), np.uint8)
    rgba[:, :10] = (200, 0, 0, 255)
    rgba[:, 10:, 3] = 0
    rgba[5:, 10:] = (0, 0, 0, 128)
    decoded = decode_image(to_bytes(Image.fromarray(rgba), "PNG"))
    assert decoded[0, 0].tolist() == [0, 0, 200]
    assert decoded[0, 19].tolist() == [255, 255, 255]
    assert decoded[9, 19].tolist() == [127, 127, 127]


def test_gray_with_alpha() -> None:
    la = np.full((6, 6, 2), 0, np.uint8)
    la[:, 3:, 1] = 255
    decoded = decode_image(to_bytes(Image.fromarray(la, "LA"), "PNG"))
    assert decoded[0, 0].tolist() == [255, 255, 255]
    assert decoded[0, 5].tolist() == [0, 0, 0]


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_palette_with_transparency(form: str) -> None:
    image = Image.new("P", (12, 8), 0)
    image.putpalette([10, 20, 30, 200, 0, 0])
    image.paste(1, (6, 0, 12, 8))
    decoded = decode_image(to_bytes(image, form, transparency=0))
    assert decoded[0, 0].tolist() == [255, 255, 255]
    assert decoded[0, 11].tolist() == [0, 0, 200]


def test_rgb_with_a_transparent_colour() -> None:
    image = Image.fromarray(patches_rgb())
    decoded = decode_image(to_bytes(image, "PNG", transparency=tuple(PATCHES[0, 0].tolist())))
    assert corners(decoded)[0, 0].tolist() == [255, 255, 255]
    assert corners(decoded)[0, 1].tolist() == PATCHES[0, 1][::-1].tolist()


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk(form: str) -> None:
    image = Image.fromarray(patches_rgb()).convert("CMYK")
    decoded = decode_image(to_bytes(image, form))
    assert np.abs(corners(decoded)[..., ::-1] - PATCHES).max() < 30


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_of_several_frames(form: str) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    data = to_bytes(frames[0], form, save_all=True, append_images=frames[1:])
    assert np.abs(decode_image(data)[5, 5].astype(int) - (0, 0, 255)).max() < 10


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_thin_pictures(size: tuple[int, int]) -> None:
    assert decode_image(to_bytes(Image.new("RGB", size), "PNG")).shape == (size[1], size[0], 3)


def test_empty() -> None:
    with pytest.raises(ImageError, match=r"^empty: a\.jpg"):
        decode_image(b"", name="a.jpg")


@pytest.mark.parametrize(
    "data",
    [
        b"hello, this is text",
        b"%PDF-1.7 ...",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"\x00" * 100,
        b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + b"\x00" * 40,
    ],
)
def test_not_an_image(data: bytes) -> None:
    with pytest.raises(ImageError, match=r"^not an image: notes\.txt"):
        decode_image(data, name="notes.txt")


NOISE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize("share", [0.2, 0.66, 0.98])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIC"])
def test_truncated(form: str, share: float) -> None:
    data = heic_bytes(NOISE) if form == "HEIC" else to_bytes(Image.fromarray(NOISE), form)
    assert decode_image(data).shape == (64, 64, 3)
    with pytest.raises(ImageError, match=rf"(?i)^truncated or damaged: .* starts as {form} "):
        decode_image(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
        b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40,
        b"\x00\x00\x00\x18ftypavif" + b"\x00" * 40,
    ],
)
def test_only_the_start_of_a_picture(data: bytes) -> None:
    with pytest.raises(ImageError, match=r"^truncated or damaged: a\.jpg"):
        decode_image(data, name="a.jpg")


def test_zero_size() -> None:
    png = bytearray(to_bytes(Image.new("RGB", (4, 4)), "PNG"))
    png[16:20] = struct.pack(">I", 0)
    png[29:33] = struct.pack(">I", zlib.crc32(bytes(png[12:29])))
    with pytest.raises(ImageError, match=r"zero-size|damaged"):
        decode_image(bytes(png))


def test_pixel_limit_is_checked_before_decoding() -> None:
    whole = to_bytes(Image.new("L", (200, 100)), "PNG")
    broken = whole[:60]  # the header only: decoding it would say "truncated"
    with pytest.raises(ImageError, match="too large: big has 200 x 100"):
        decode_image(broken, name="big", max_pixels=19_999)
    assert decode_image(whole, max_pixels=20_000).shape == (100, 200, 3)


def bomb_png(width: int, height: int) -> bytes:
    """A header of that size without the pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = b"IHDR" + header
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body
    return start + struct.pack(">I", zlib.crc32(body)) + struct.pack(">I", 100) + b"IDAT" + b"x" * 9


@pytest.mark.parametrize("side", [7_100, 10_000, 12_000, 20_000, 60_000])
def test_decompression_bombs(side: int) -> None:
    """Below, within and above the sizes at which Pillow itself warns and raises."""
    limit = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ImageError, match=r"^too large: bomb"):
        decode_image(bomb_png(side, side), name="bomb")
    assert limit == Image.MAX_IMAGE_PIXELS


def test_warnings_of_the_decoder_stay_inside() -> None:
    """Pillow warns above 89 million pixels; here that is within the caller's limit."""
    before = list(warnings.filters)
    with pytest.raises(ImageError, match="truncated or damaged"):
        decode_image(bomb_png(10_000, 10_000), max_pixels=200_000_000)
    assert warnings.filters == before


def test_default_limit() -> None:
    assert MAX_PIXELS == 50_000_000


WHOLE = {
    form: to_bytes(Image.fromarray(patches_rgb(16, 16)), form)
    for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
} | {"HEIC": heic_bytes(patches_rgb(16, 16))}


def decodes_or_refuses(data: bytes) -> None:
    try:
        image = decode_image(data, max_pixels=1_000_000)
    except ImageError:
        return
    assert image.ndim == 3
    assert image.size > 0


@given(st.binary(max_size=400))
def test_random_bytes(data: bytes) -> None:
    decodes_or_refuses(data)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_cut_files(form: str, data: st.DataObject) -> None:
    whole = WHOLE[form]
    decodes_or_refuses(whole[: data.draw(st.integers(0, len(whole)))])


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_altered_files(form: str, data: st.DataObject) -> None:
    altered = bytearray(WHOLE[form])
    for _ in range(data.draw(st.integers(1, 8))):
        altered[data.draw(st.integers(0, len(altered) - 1))] = data.draw(st.integers(0, 255))
    decodes_or_refuses(bytes(altered))


def test_load_image(tmp_path: Path) -> None:
    path = tmp_path / "face.PNG"
    path.write_bytes(WHOLE["PNG"])
    assert load_image(path).shape == (16, 16, 3)


def test_load_image_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"cannot be read: gone\.jpg \(No such file"):
        load_image(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match="cannot be read"):
        load_image(tmp_path)
    (tmp_path / "notes.jpg").write_text("not a picture")
    with pytest.raises(ImageError, match=r"not an image: notes\.jpg"):
        load_image(tmp_path / "notes.jpg")


def test_load_image_refuses_huge_files(tmp_path: Path) -> None:
    path = tmp_path / "huge.tiff"
    with path.open("wb") as file:
        file.truncate(600_000_000)  # sparse: takes no space
    with pytest.raises(ImageError, match=r"too large: huge\.tiff has 600 MB"):
        load_image(path)


@pytest.mark.parametrize("shape", [(20, 30, 3), (20, 30)])
def test_encoding(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 77, np.uint8)
    assert (decode_image(encode_png(image)) == 77).all()
    assert np.abs(decode_image(encode_jpeg(image)).astype(int) - 77).max() <= 2


def test_what_is_too_long_for_a_jpeg_is_told() -> None:
    assert encode_jpeg(np.zeros((1, 65_500), np.uint8))
    with pytest.raises(ImageError, match=r"65,500 pixels to a side\. Received: 65501 x 1"):
        encode_jpeg(np.zeros((1, 65_501), np.uint8))


def test_png_keeps_colours() -> None:
    bgr = np.ascontiguousarray(patches_rgb()[..., ::-1])
    assert (decode_image(encode_png(bgr)) == bgr).all()


@pytest.mark.parametrize("image", [np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5, 3))])
def test_encoding_refuses(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Received"):
        encode_png(image)


def test_suffixes() -> None:
    assert {".jpg", ".png", ".heic", ".avif", ".tiff", ".webp"} <= IMAGE_SUFFIXES
    assert all(s.startswith(".") and s == s.lower() for s in IMAGE_SUFFIXES)


@pytest.mark.parametrize("shape", [(40, 60, 3), (40, 60)])
def test_resize(shape: tuple[int, ...]) -> None:
    image = np.zeros(shape, np.uint8)
    image[:, 30:] = 200  # the right half is bright
    half = resize_image(image, (30, 20))
    assert half.shape == (20, 30, *shape[2:])
    assert abs(half.mean() - image.mean()) < 2
    right = resize_image(image, (10, 10), box=(30, 0, 60, 40))
    assert (right[:, 3:] == 200).all()  # the filter blends the edge with what lies beside it


def test_resize_smooths_fine_stripes() -> None:
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    small = resize_image(stripes, (8, 8))
    assert np.abs(small.astype(int) - 127).max() < 30


def test_a_picture_that_memory_does_not_hold_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise MemoryError

    data = encode_png(np.zeros((20, 30, 3), np.uint8))
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    with pytest.raises(ImageError, match="this machine has no memory left"):
        decode_image(data)
