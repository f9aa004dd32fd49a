"""The largest pictures that are taken, in every form: seconds of processor time and memory.

    python benchmarks/pictures.py

Each is decoded in a process of its own; what the decoder took is above what the process had.
"""

import io
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
_SIDE = 7_000  # 49 million pixels; the limit is 50

_CHILD = """
import re, sys, time
from pathlib import Path
import pillow_heif
from emotion_core.errors import ImageError
from emotion_core.images import load_image

def peak_mb():
    return int(re.search(r"VmHWM:\\\\s+(\\\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

Path("/proc/self/clear_refs").write_text("5")
before, began = peak_mb(), time.process_time()
try:
    load_image(Path(sys.argv[1]))
    word = "taken"
except ImageError:
    word = "refused"
print(f"{time.process_time() - began:.2f} | {peak_mb() - before:.0f} | {word}")
""".replace("\\\\", "\\")


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _heic(image: Image.Image) -> bytes:
    import pillow_heif

    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, format="HEIF", quality=50)
    return file.getvalue()


def _endless_jpeg(image: Image.Image) -> bytes:
    """Ends in the header of a pass, over and over."""
    whole = _saved(image.convert("L"), "JPEG", progressive=True)
    last = whole.rfind(b"\xff\xda")
    header = whole[last : last + 2 + int.from_bytes(whole[last + 2 : last + 4])]
    return whole[:-2] + header * 2000 + whole[-2:]


def _endless_tiff() -> bytes:
    """8 x 8 gray pixels with places for a million strips."""
    n = 1_000_000
    table = struct.pack("<I", 8) * n
    tags = [(256, 1, 8), (257, 1, 8), (258, 1, 8), (259, 1, 1), (262, 1, 1), (277, 1, 1)]
    tags += [(278, 1, 1), (273, n, 134), (279, n, 134)]
    entries = b"".join(struct.pack("<HHII", tag, 4, count, value) for tag, count, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(12) + table


def pictures() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """(what it is, makes it)."""
    Image.MAX_IMAGE_PIXELS = None
    rng = np.random.default_rng(0)
    blocks = np.kron(rng.integers(0, 255, (700, 700, 3), np.uint8), np.ones((10, 10, 1), np.uint8))
    colour = Image.fromarray(blocks)
    turned = Image.Exif()
    turned[274] = 6
    deep = Image.fromarray(np.zeros((_SIDE, _SIDE), np.uint16))
    yield "JPEG", lambda: _saved(colour, "JPEG")
    yield "JPEG, progressive", lambda: _saved(colour, "JPEG", progressive=True)
    yield "JPEG, turned by EXIF", lambda: _saved(colour, "JPEG", exif=turned)
    yield "JPEG, CMYK", lambda: _saved(colour.convert("CMYK"), "JPEG")
    yield "PNG", lambda: _saved(colour, "PNG", compress_level=1)
    yield "PNG, transparent", lambda: _saved(colour.convert("RGBA"), "PNG", compress_level=1)
    yield "PNG, 16 bits", lambda: _saved(deep, "PNG", compress_level=1)
    yield "WebP", lambda: _saved(colour, "WEBP", method=0)
    yield "GIF", lambda: _saved(colour.convert("L"), "GIF")
    yield "BMP", lambda: _saved(colour, "BMP")
    yield "TIFF, LZW", lambda: _saved(colour, "TIFF", compression="tiff_lzw")
    real = Image.fromarray(rng.random((_SIDE, _SIDE), np.float32))
    yield "TIFF, 32-bit float", lambda: _saved(real, "TIFF")
    empty = Image.new("F", (_SIDE, _SIDE))
    yield (
        "TIFF, 32-bit float, 298 kB",
        lambda: _saved(empty, "TIFF", compression="tiff_adobe_deflate"),
    )
    yield "TIFF, a million strips for 64 pixels", _endless_tiff
    yield "JPEG, progressive, 2,000 passes", lambda: _endless_jpeg(colour)
    steps = [Image.new("P", (2000, 1500), i % 256) for i in range(2000)]
    yield (
        "GIF, 2,000 frames",
        lambda: _saved(steps[0], "GIF", save_all=True, append_images=steps[1:]),
    )
    half = colour.crop((0, 0, 5000, 5000))
    yield "HEIC, 25 million pixels", lambda: _heic(half)
    yield "AVIF, 25 million pixels", lambda: _saved(half, "AVIF", speed=10)


def main() -> None:
    """Opens each picture in a process of its own and prints a table."""
    print("| 49 million pixels | file MB | processor s | memory MB | |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in pictures():
            path = Path(folder) / "picture"
            path.write_bytes(make())
            found = subprocess.run(
                [sys.executable, "-c", _CHILD, str(path)],
                cwd=ROOT, capture_output=True, text=True, check=True,
            ).stdout.strip()  # fmt: skip
            print(f"| {name} | {path.stat().st_size / 1e6:.1f} | {found} |", flush=True)


if __name__ == "__main__":
    main()
