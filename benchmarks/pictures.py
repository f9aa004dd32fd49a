"""The largest pictures that are taken, in every form: seconds of processor time and memory.

    python benchmarks/pictures.py

Each is decoded in a process of its own; what the decoder took is above what the process had.
"""

import io
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
    half = colour.crop((0, 0, 5000, 5000))
    yield "HEIC, 25 million pixels", lambda: _heic(half)
    yield "AVIF, 25 million pixels", lambda: _saved(half, "AVIF", speed=10)


def main() -> None:
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
