"""The frames that are timed: 640x480, with one face and with five."""

import importlib.util
from pathlib import Path

import numpy as np

from emotion_core.cli.common import UsageError
from emotion_core.faces import build_detector
from emotion_core.images import load_image, resize_image
from emotion_core.types import UInt8Array

WIDTH, HEIGHT = 640, 480

# Photographs of faces that come with packages of requirements-dev.txt: NASA's portraits of
# Eileen Collins and of Grace Hopper (US Navy), both in the public domain.
_PACKAGED = (
    ("skimage", "data/astronaut.png"),
    ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
)
# A tile shows a face with this many times its box's size around it, like a face in a group.
_TILE_SCALE = 2.0
# Widths of the tiles of both rows. They fill the frame: an even patch costs a cascade nothing.
_TILE_WIDTHS = ((213, 213, 214), (320, 320))


def benchmark_photos(photo: Path | None) -> list[Path]:
    """The photos to make frames of.

    Raises:
        UsageError: none was given and none comes with the installed packages.
    """
    if photo is not None:
        return [photo]
    found = []
    for package, inside in _PACKAGED:
        # Found, not imported: importing these packages takes a second.
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            if (Path(folder) / inside).is_file():
                found.append(Path(folder) / inside)
    if not found:
        raise UsageError(
            "There is no photo of a face to measure with. Give one with --photo FILE, or "
            "`pip install -r requirements-dev.txt`, which brings two."
        )
    return found


def build_frames(photos: list[Path]) -> dict[str, UInt8Array]:
    """{"one": frame, "five": frame}, each (480, 640, 3) uint8 BGR.

    One: the first photo, cut to fill the frame around its largest face. Five: faces of the photos
    in turn, every second one mirrored, three above two, each with what surrounds it.

    Raises:
        ImageError: a photo cannot be read.
        UsageError: no face is found in a photo.
    """
    portraits = [
        (image, _largest_face(image, path)) for path in photos for image in [load_image(path)]
    ]
    image, box = portraits[0]
    frames = {"one": _cut(image, box, (WIDTH, HEIGHT), box_scale=None)}
    rows: list[UInt8Array] = []
    number = 0
    for widths in _TILE_WIDTHS:
        tiles = []
        for width in widths:
            image, box = portraits[number % len(portraits)]
            size = (width, HEIGHT // len(_TILE_WIDTHS))
            tile = _cut(image, box, size, box_scale=_TILE_SCALE)
            tiles.append(tile[:, ::-1] if number % 2 else tile)
            number += 1
        rows.append(np.hstack(tiles))
    frames["five"] = np.vstack(rows)
    return frames


def _largest_face(image: UInt8Array, path: Path) -> tuple[float, ...]:
    boxes = build_detector().detect(image).boxes
    if not len(boxes):
        raise UsageError(f"No face found in {path.name}. Give --photo FILE with a clear face.")
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return tuple(float(v) for v in boxes[int(areas.argmax())])


def _cut(
    image: UInt8Array,
    box: tuple[float, ...],
    size: tuple[int, int],
    *,
    box_scale: float | None,
) -> UInt8Array:
    """A cut of the photo around a face, scaled to the size.

    Args:
        image: (H, W, 3).
        box: the face.
        size: (width, height) of the result.
        box_scale: the cut's shorter side as a multiple of the face's longer one; None: as large
            a cut as the photo allows.
    """
    height, width = image.shape[:2]
    aspect = size[0] / size[1]
    largest = min(width, height * aspect)  # the widest cut of this shape that fits
    wanted = largest
    if box_scale is not None:
        side = max(box[2] - box[0], box[3] - box[1]) * box_scale
        wanted = min(largest, side * max(1.0, aspect))
    cut_width, cut_height = wanted, wanted / aspect
    left = min(max((box[0] + box[2] - cut_width) / 2, 0), width - cut_width)
    top = min(max((box[1] + box[3] - cut_height) / 2, 0), height - cut_height)
    return resize_image(image, size, box=(left, top, left + cut_width, top + cut_height))
