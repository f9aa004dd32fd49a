"""What a picture may cost to decode, checked before its pixels are.

Formats that pack well let a file of some kilobytes stand for hours of work or gigabytes of memory:
fifty million pixels of one colour, a JPEG that goes over them a thousand times, a TIFF whose pixels
lie in millions of strips. All of that stands in headers, which are read here. With these limits the
dearest pictures that are still taken cost about a gigabyte and three seconds of one core
(``benchmarks/pictures.py`` measures them).
"""

import re
import struct
from dataclasses import dataclass

from emotion_core.errors import ImageError

MAX_PIXELS: int = 50_000_000
#: 50 million pixels of 16-bit RGBA without compression; no photo needs more.
MAX_BYTES: int = 400_000_000
#: The file, the decoder's own buffers, the decoded picture and the result together.
MAX_WORKING_BYTES: int = 1_000_000_000
#: A progressive JPEG goes over its pixels about ten times, each time for 0.1 s at 50 million.
MAX_PIXEL_PASSES: int = 1_000_000_000
#: Chunks, segments and blocks are read one by one by Python code, at 2-4 microseconds each.
MAX_PIECES: int = 200_000
#: Numbers in a TIFF's tags, at 4 microseconds each: two for each strip or tile. Tiles of 16 x 16
#: pixels make 390,000 of 50 million.
MAX_TIFF_NUMBERS: int = 400_000
#: Run-length BMPs are decoded run by run by Python code.
MAX_RLE_BYTES: int = 10_000_000

_ANEW = "Save it anew from a picture viewer and try again."

# Bytes per pixel in Pillow's memory; colour takes four whatever its channels.
_ONE_BYTE_MODES = frozenset({"1", "L", "P"})
# Bytes per pixel that a decoder holds beside Pillow's picture. WebP: two canvases and the frame.
# HEIC and AVIF: the planes, and the colours made of them.
_DECODER_BYTES = {"WebP": 12, "HEIC": 8, "AVIF": 8}


@dataclass(frozen=True, slots=True)
class Structure:
    """What the pieces of a file say of the work it makes.

    Attributes:
        pieces: chunks, segments, blocks or numbers, as its decoder counts them.
        passes: how often its decoder goes over the pixels.
        buffer_bytes: what its decoder holds beside the picture.
    """

    pieces: int = 0
    passes: int = 1
    buffer_bytes: int = 0


def check_structure(data: bytes, form: str, name: str) -> Structure:
    """Looks through the pieces of a file, without decoding any.

    Args:
        data: content of the file; it may be damaged.
        form: ``JPEG``, ``PNG``, ``GIF``, ``BMP`` or ``TIFF``; others have no such pieces.
        name: what the picture is called in error messages.

    Raises:
        ImageError: there are too many pieces, or an outdated form of compression is used for more
            than a small picture.
    """
    if form == "BMP":
        _check_bmp(data, name)
        return Structure()
    look = {"JPEG": _jpeg, "PNG": _png, "GIF": _gif, "TIFF": _tiff}.get(form)
    if look is None:
        return Structure()
    found = look(data)
    limit = MAX_TIFF_NUMBERS if form == "TIFF" else MAX_PIECES
    if found.pieces > limit:
        raise ImageError(
            f"too complex: {name} is a {form} in more than {limit:,} pieces, which takes long to "
            f"read. {_ANEW}"
        )
    return found


def check_cost(
    structure: Structure, form: str, mode: str, pixels: int, n_bytes: int, name: str
) -> None:
    """Estimates what decoding would take.

    Args:
        structure: what ``check_structure`` found.
        form: the format, ``""`` if unknown.
        mode: Pillow's mode of the picture.
        pixels: width times height.
        n_bytes: of the file.
        name: what the picture is called in error messages.

    Raises:
        ImageError: more memory than ``MAX_WORKING_BYTES`` or more work than ``MAX_PIXEL_PASSES``.
    """
    passes = structure.passes * pixels
    if structure.passes > 1 and passes > MAX_PIXEL_PASSES:
        raise ImageError(
            f"too complex: {name} stores its {pixels / 1e6:.1f} million pixels in "
            f"{structure.passes:,} passes, the limit is {max(1, MAX_PIXEL_PASSES // pixels):,}. "
            f"{_ANEW}"
        )
    in_pillow = 1 if mode in _ONE_BYTE_MODES else 2 if mode.startswith("I;16") else 4
    per_pixel = in_pillow + 3 + _DECODER_BYTES.get(form, 0)
    needed = n_bytes + pixels * per_pixel + structure.buffer_bytes
    if needed > MAX_WORKING_BYTES:
        raise ImageError(
            f"too large: reading {name} would take {needed / 1e9:.1f} GB of memory, the limit is "
            f"{MAX_WORKING_BYTES / 1e9:g} GB. Make it smaller and try again."
        )


# Any marker but the restarts, which stand in the pixels, and the zero that follows a real 255.
_JPEG_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SEQUENTIAL = frozenset({0xC0, 0xC1, 0xC9})
_JPEG_SCAN, _JPEG_END, _JPEG_BARE = 0xDA, 0xD9, 0x01


def _jpeg(data: bytes) -> Structure:
    """Segments up to the picture's end: thumbnails and films may follow it.

    Source: ITU-T T.81, Annex B. More than one pass means that all coefficients are held, two bytes
    each.
    """
    at, pieces, passes, coefficients, in_one_pass = 2, 0, 0, 0, 0
    while pieces <= MAX_PIECES:
        marker = _JPEG_MARKER.search(data, at)
        if marker is None or data[marker.end() - 1] == _JPEG_END:
            break
        kind, at = data[marker.end() - 1], marker.end()
        pieces += 1
        if kind == _JPEG_BARE:
            continue
        if kind in _JPEG_FRAMES and len(data) > at + 8:
            height, width, channels = struct.unpack_from(">HHB", data, at + 3)
            coefficients = height * width * channels
            in_one_pass = channels if kind in _JPEG_SEQUENTIAL else 0
        if kind == _JPEG_SCAN:
            passes += 1
            if in_one_pass and data[at + 2 : at + 3] == bytes([in_one_pass]):
                break  # all channels at once: the decoder reads no other pass
        at += max(2, int.from_bytes(data[at : at + 2]))
    return Structure(pieces, max(1, passes), 2 * coefficients if passes > 1 else 0)


def _png(data: bytes) -> Structure:
    """Chunks. Source: PNG specification, 5.3: length, type, content, checksum."""
    at, pieces = 8, 0
    while at + 8 <= len(data) and pieces <= MAX_PIECES:
        at += 12 + int.from_bytes(data[at : at + 4])
        pieces += 1
    return Structure(pieces)


def _gif(data: bytes) -> Structure:
    """Blocks before the first picture; what follows it is not read.

    Source: GIF89a specification: extensions begin with 0x21, the first picture with 0x2C.
    """
    at, pieces = 13, 0
    if len(data) > 10 and data[10] & 0x80:  # a table of colours follows the header
        at += 3 << (1 + (data[10] & 7))
    while data[at : at + 1] == b"\x21" and pieces <= MAX_PIECES:
        at += 2
        pieces += 1
        while at < len(data) and data[at] and pieces <= MAX_PIECES:
            at += 1 + data[at]
            pieces += 1
        at += 1
    return Structure(pieces)


def _check_bmp(data: bytes, name: str) -> None:
    """Source: the BITMAPINFOHEADER: compression at byte 30, where 1 and 2 are run lengths."""
    if len(data) > MAX_RLE_BYTES and int.from_bytes(data[30:34], "little") in (1, 2):
        raise ImageError(
            f"too large: {name} is a run-length BMP of {len(data) / 1e6:.0f} MB, the limit of "
            f"these is {MAX_RLE_BYTES // 1_000_000} MB. {_ANEW}"
        )


# Bytes of one value per TIFF type. Bytes and text (1, 2, 6, 7) become no numbers.
_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_TIFF_SIZES |= {16: 8, 17: 8, 18: 8}
_TIFF_BYTES = frozenset({1, 2, 6, 7})
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES, _ROWS = 256, 257, 258, 259, 277, 278
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_JPEG_IN_TIFF = frozenset({6, 7})


def _tiff(data: bytes) -> Structure:
    """The first page's tags: how many numbers, and how large the strips or tiles are.

    Source: TIFF 6.0, section 2; BigTIFF has the same with longer fields.
    """
    order: str = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    try:
        (at,) = struct.unpack_from(f"{order}Q" if big else f"{order}I", data, 8 if big else 4)
        (n_tags,) = struct.unpack_from(f"{order}Q" if big else f"{order}H", data, at)
        at += 8 if big else 2
        numbers, tags = 0, {}
        entry = f"{order}HHQ" if big else f"{order}HHI"
        for i in range(min(n_tags, 65_535)):
            tag, kind, count = struct.unpack_from(entry, data, at + i * (20 if big else 12))
            numbers += 0 if kind in _TIFF_BYTES else count
            place = at + i * (20 if big else 12) + (12 if big else 8)
            if count * _TIFF_SIZES.get(kind, 1) > (8 if big else 4):
                (place,) = struct.unpack_from(f"{order}Q" if big else f"{order}I", data, place)
            if kind in (1, 3, 4):
                letter = {1: "B", 3: "H", 4: "I"}[kind]
                (tags[tag],) = struct.unpack_from(f"{order}{letter}", data, place)
    except (struct.error, OverflowError):  # cut off; the decoder says so in its own words
        return Structure()
    pixels = min(tags.get(_WIDTH, 0) * tags.get(_HEIGHT, 0), MAX_PIXELS)
    compression = tags.get(_COMPRESSION, 1)
    if compression == 1:
        return Structure(numbers)
    strip = tags.get(_WIDTH, 0) * min(tags.get(_ROWS, 1 << 32), tags.get(_HEIGHT, 0))
    tile = tags.get(_TILE_WIDTH, 0) * tags.get(_TILE_HEIGHT, 0)
    # Four bytes at least: what is stored as light and colour is turned to RGBX.
    per_pixel = max(4, tags.get(_BITS, 8) * tags.get(_SAMPLES, 1) // 8)
    passes = 1
    if compression in _JPEG_IN_TIFF:
        # Strips may share their bytes, so the longest stream counts for all of them.
        passes = max(part.count(b"\xff\xda") for part in data.split(b"\xff\xd8"))
    return Structure(numbers, max(1, passes), min(tile or strip, pixels) * per_pixel)
