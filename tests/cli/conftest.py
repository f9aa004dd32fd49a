"""Runs commands in this process or in one of their own, and makes folders of photos."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.cbook
import numpy as np
import pytest
import skimage.data
from PIL import Image

from emotion_core.cli import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Outcome:
    """What a command left behind."""

    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def command(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Outcome]:
    """Runs ``python -m emotion_core`` with arguments, in this process."""

    def run(*arguments: str | Path) -> Outcome:
        capfdbinary.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse ends the program by itself
            code = stop.code if isinstance(stop.code, int) else 0
        out, err = capfdbinary.readouterr()
        return Outcome(code, out, err.decode("utf-8"))

    return run


@pytest.fixture
def start_command() -> Callable[..., "subprocess.Popen[bytes]"]:
    """Starts ``python -m emotion_core`` with arguments as a process of its own."""

    def start(*arguments: str | Path, **options: Any) -> "subprocess.Popen[bytes]":
        line = [sys.executable, "-m", "emotion_core", *map(str, arguments)]
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": ROOT, **options}
        environment = {**os.environ, **settings.pop("env", {})}
        return subprocess.Popen(line, env=environment, **settings)

    return start


@pytest.fixture(scope="session")
def astronaut() -> Image.Image:
    """512x512, one smiling face (Eileen Collins, NASA)."""
    return Image.fromarray(skimage.data.astronaut())


@pytest.fixture(scope="session")
def hopper() -> Image.Image:
    """512x600, one face (Grace Hopper, US Navy)."""
    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        return Image.open(io.BytesIO(file.read())).convert("RGB")


@pytest.fixture
def astronaut_path(astronaut: Image.Image, tmp_path: Path) -> Path:
    path = tmp_path / "astronaut.jpg"
    astronaut.save(path, quality=95)
    return path


@dataclass(frozen=True)
class MixedFolder:
    """30 files as people have them, a hidden file and a folder with one more photo.

    What is in none of the lists shows one face, except group.jpg, which shows eight.
    """

    path: Path
    not_images: tuple[str, ...] = ("notes.txt", "page.jpg", "table.csv", "zip.jpg")
    damaged: tuple[str, ...] = ("cut.jpg", "cut.png", "empty.png")
    faceless: tuple[str, ...] = ("dot.png", "stripe.png", "gray.bmp", "noise.webp", "black.png")

    @property
    def broken(self) -> set[str]:
        return {*self.not_images, *self.damaged}


@pytest.fixture(scope="session")
def mixed_folder(
    tmp_path_factory: pytest.TempPathFactory, astronaut: Image.Image, hopper: Image.Image
) -> MixedFolder:
    """The folder of ``MixedFolder``; tests only read it."""
    folder = tmp_path_factory.mktemp("mixed")
    face = astronaut.crop((110, 0, 350, 240))
    group = Image.new("RGB", (960, 480), "gray")
    for number in range(8):
        tile = face if number % 2 else hopper.crop((110, 40, 400, 330)).resize((240, 240))
        group.paste(tile, (number % 4 * 240, number // 4 * 240))

    # Turned on its side in the file; the orientation tag says how to hold it.
    exif = Image.Exif()
    exif[274] = 6
    astronaut.rotate(90).save(folder / "turned.jpg", exif=exif, quality=95)
    astronaut.rotate(180).save(folder / "upside-down.jpg", quality=95)
    astronaut.convert("CMYK").save(folder / "print.jpg", quality=95)
    astronaut.convert("L").save(folder / "gray.jpg", quality=95)
    astronaut.convert("P").save(folder / "palette.png")
    astronaut.convert("RGBA").save(folder / "alpha.png")
    astronaut.save(folder / "photo.webp")
    astronaut.save(folder / "photo.tiff")
    astronaut.save(folder / "photo.bmp")
    astronaut.save(folder / "wrong-suffix.txt.jpg", "PNG")
    astronaut.save(folder / "no-suffix", "JPEG", quality=95)
    astronaut.save(folder / "näme with spaces.jpg", quality=95)
    astronaut.resize((160, 160)).save(folder / "small.jpg", quality=95)
    face.save(folder / "moving.gif", save_all=True, append_images=[hopper.resize((240, 240))])
    deep = np.asarray(astronaut.convert("L")).astype(np.uint16) * 257
    Image.fromarray(deep).save(folder / "deep.png")
    hopper.save(folder / "hopper.jpg", quality=95)
    hopper.save(folder / "progressive.jpg", quality=90, progressive=True)
    group.save(folder / "group.jpg", quality=95)

    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    Image.new("RGB", (4000, 6), "white").save(folder / "stripe.png")
    Image.new("L", (300, 200), 128).save(folder / "gray.bmp")
    Image.new("1", (64, 64)).save(folder / "black.png")
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "noise.webp", lossless=True)

    whole = (folder / "hopper.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 3])
    (folder / "cut.png").write_bytes((folder / "alpha.png").read_bytes()[:5000])
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("Remember the milk.", encoding="utf-8")
    (folder / "page.jpg").write_text("<html>Not found</html>", encoding="utf-8")
    (folder / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "zip.jpg").write_bytes(b"PK\x03\x04" + bytes(200))

    (folder / ".hidden.jpg").write_bytes(whole)
    (folder / "more").mkdir()
    hopper.save(folder / "more" / "deeper.jpg", quality=95)
    return MixedFolder(folder)
