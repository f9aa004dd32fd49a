"""Measures where detectors' boxes and landmarks lie inside FER-2013's squares.

    python benchmarks/framing.py [--dataset data/fer2013.parquet] [--n 1000] [--photos DIR] [--json]

FER-2013's pictures are the squares themselves, so finding their faces tells what to add to a
detector's box to get such a square: the medians are the constants of
`emotion_core/faces/framing.py`. Each picture is enlarged four times and laid on gray, which gives
the detectors room around the face. Only Training pictures are used.

With photographs (those that scikit-image and Matplotlib ship, and any in DIR) it also measures how
well the squares of one face by different detectors agree, in the pixels of the photograph.
"""

import argparse
import json
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from photos import photographs  # noqa: E402

from emotion_core.datasets import TRAINING, default_dataset_path, load_dataset  # noqa: E402
from emotion_core.faces import (  # noqa: E402
    build_detector,
    detector_names,
    face_roll_deg,
    face_squares,
)
from emotion_core.geometry import box_iou  # noqa: E402
from emotion_core.types import FaceDetections, Float32Array, UInt8Array  # noqa: E402

ENLARGEMENT = 4
MARGIN = 0.3
SEED = 0


def spread(values: Any) -> dict[str, float]:
    """Median and the range that holds the middle 68 %."""
    low, median, high = np.percentile(values, [16, 50, 84])
    return {
        name: round(float(value), 3)
        for name, value in (("median", median), ("p16", low), ("p84", high))
    }


def fer_canvas(face: UInt8Array) -> tuple[UInt8Array, int, int]:
    """An enlarged picture on gray, the margin and the side of the picture in pixels."""
    side = face.shape[0] * ENLARGEMENT
    margin = int(MARGIN * side)
    large = cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(
        large, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(127,)
    )
    return np.asarray(cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR), dtype=np.uint8), margin, side


def measure_fer(name: str, faces: UInt8Array) -> dict[str, Any]:
    """Where a detector's boxes and landmarks lie, in units of FER-2013's squares."""
    detector = build_detector(name)
    boxes, landmarks = [], []
    for face in faces:
        canvas, margin, side = fer_canvas(face)
        found = detector.detect(canvas)
        if len(found):
            boxes.append((found.boxes[0] - margin) / side)
            landmarks.append((found.landmarks[0] - margin) / side)
    box = np.array(boxes)
    width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    report: dict[str, Any] = {
        "n": len(faces),
        "found": len(box),
        "box_side": spread(np.sqrt(width * height)),
        "box_centre_x": spread((box[:, 0] + box[:, 2]) / 2),
        "box_centre_y": spread((box[:, 1] + box[:, 3]) / 2),
    }
    points = np.array(landmarks, np.float32)
    if points.shape[1]:
        eyes, mouth = points[:, :2].mean(axis=1), points[:, 3:].mean(axis=1)
        between, down = points[:, 1] - points[:, 0], mouth - eyes
        middle, roll = (eyes + mouth) / 2, face_roll_deg(points)
        report |= {
            "landmark_side": spread(np.sqrt((between**2).sum(1) + (down**2).sum(1))),
            "landmark_centre_x": spread(middle[:, 0]),
            "landmark_centre_y": spread(middle[:, 1]),
            "roll_deg": spread(roll),
            "roll_deg_95": [round(float(v), 1) for v in np.percentile(roll, [2.5, 97.5])],
            "roll_deg_std": round(float(roll.std()), 1),
        }
    return report


def _as_boxes(found: FaceDetections, name: str, image: UInt8Array) -> Float32Array:
    framing = build_detector(name).framing
    squares = face_squares(found, framing, (image.shape[1], image.shape[0]))
    half = squares.sides_px[:, None] / 2
    return np.concatenate([squares.centres - half, squares.centres + half], axis=1)


def measure_agreement(names: list[str], images: list[UInt8Array]) -> dict[str, Any]:
    """Overlap of the squares that two detectors give the same face, for each pair."""
    detectors = {name: build_detector(name) for name in names}
    overlaps: dict[tuple[str, str], list[float]] = {pair: [] for pair in combinations(names, 2)}
    sides: dict[tuple[str, str], list[float]] = {pair: [] for pair in overlaps}
    for image in images:
        found = {name: detector.detect(image) for name, detector in detectors.items()}
        squares = {name: _as_boxes(found[name], name, image) for name in names}
        for pair in overlaps:
            same = box_iou(found[pair[0]].boxes, found[pair[1]].boxes)
            for i, row in enumerate(same):
                if row.size and row.max() > 0.25:
                    a, b = squares[pair[0]][i], squares[pair[1]][row.argmax()]
                    overlaps[pair].append(float(box_iou([a], [b])[0, 0]))
                    sides[pair].append(float((a[2] - a[0]) / (b[2] - b[0])))
    return {
        " / ".join(pair): {
            "faces": len(values),
            "iou": spread(values),
            "iou_p5": round(float(np.percentile(values, 5)), 3),
            "side_ratio": spread(sides[pair]),
        }
        for pair, values in overlaps.items()
        if values
    }


def main() -> None:
    """Measures and prints, as the command line asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--dataset", type=Path, default=None)
    parser.add_argument("--n", type=int, default=1000, help="Training pictures to look at")
    parser.add_argument("--photos", type=Path, default=None, help="folder of more photographs")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    # The two Haar presets draw the same boxes.
    names = [name for name in detector_names() if name != "haar-emotion-detection"]
    dataset = load_dataset(arguments.dataset or default_dataset_path())
    is_face = dataset.votes[:, -1] == 0
    training = dataset.images[(dataset.usage == TRAINING) & is_face]
    rows = np.random.default_rng(SEED).permutation(len(training))[: arguments.n]
    report: dict[str, Any] = {"fer2013": {}, "photographs": {}}
    for name in names:
        report["fer2013"][name] = measure_fer(name, training[rows])
        print(f"{name}: done", file=sys.stderr)
    images = list(photographs(arguments.photos))
    report["photographs"] = {"n": len(images), "pairs": measure_agreement(names, images)}
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    for name, values in report["fer2013"].items():
        print(f"{name}: {values.pop('found')} of {values.pop('n')} found")
        for key, value in values.items():
            print(f"  {key:20} {value}")
    print(f"squares of one face on {report['photographs']['n']} photographs")
    for pair, value in report["photographs"]["pairs"].items():
        print(f"  {pair:24} {value}")


if __name__ == "__main__":
    main()
