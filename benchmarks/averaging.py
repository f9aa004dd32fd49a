"""What averaging gives on PublicTest: several models together, or one over augmented faces.

    python benchmarks/averaging.py flagship compact [RUN_FOLDER ...] [--changes] [--json]

Models are asked as they are served; runs, as trained, about every face and its mirror image.
Log-probabilities are averaged. "Loss" is the negative log-likelihood at the temperature that is
best for it there, so it is a little too good. --changes asks each about faces that are softened,
enlarged, turned and shifted instead of about groups of models.
"""

import argparse
import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from emotion_core.classifiers.registry import ModelRegistry  # noqa: E402
from emotion_core.classifiers.runtime import softmax  # noqa: E402
from emotion_core.datasets import load_dataset  # noqa: E402
from emotion_core.emotions import LabelSet  # noqa: E402
from emotion_core.errors import EmotionLensError  # noqa: E402
from emotion_core.evaluation import (  # noqa: E402
    EvaluatedModel,
    EvaluationSplit,
    build_evaluation_split,
    evaluated_model,
    evaluated_run,
    fit_temperature,
)
from emotion_core.evaluation.evaluated_model import Outputs, fitted  # noqa: E402
from emotion_core.types import Float32Array, UInt8Array  # noqa: E402

#: Outer share of a three-tap kernel, in both directions. A twelfth softens as much as moving by a
#: random part of a pixel with linear interpolation does.
SOFTENED = (0.03, 0.06, 1 / 12, 0.12, 0.16)

#: Size, angle in degrees, shift to the right and down in pixels.
MOVED = {
    "90 %": (0.9, 0, 0, 0),
    "95 %": (0.95, 0, 0, 0),
    "105 %": (1.05, 0, 0, 0),
    "110 %": (1.1, 0, 0, 0),
    "115 %": (1.15, 0, 0, 0),
    "120 %": (1.2, 0, 0, 0),
    "turned by 5°": (1, 5, 0, 0),
    "2 px to the right": (1, 0, 2, 0),
    "2 px down": (1, 0, 0, 2),
    "a quarter of a pixel both ways": (1, 0, 0.25, 0.25),
}


def changed_faces(images: UInt8Array) -> Iterator[tuple[str, UInt8Array]]:
    """Names of changes, and the (N, S, S) faces changed so."""
    yield "unchanged", images
    for side in SOFTENED:
        kernel = np.array([side, 1 - 2 * side, side], np.float32)
        soft = [cv2.sepFilter2D(image.astype(np.float32), -1, kernel, kernel) for image in images]
        yield f"softened, kernel {side:.2f}", np.rint(soft).clip(0, 255).astype(np.uint8)
    middle = (images.shape[1] - 1) / 2
    for name, (size, angle, right, down) in MOVED.items():
        matrix = cv2.getRotationMatrix2D((middle, middle), angle, size)
        matrix[:, 2] += np.array((right, down))
        moved = [
            cv2.warpAffine(image, matrix, image.shape, borderMode=cv2.BORDER_REPLICATE)
            for image in images
        ]
        yield name, np.asarray(moved, np.uint8)


def mean_logits(
    model: EvaluatedModel, ask: Outputs, label_set: LabelSet, images: UInt8Array, *, mirrored: bool
) -> Float32Array:
    """(N, C) float32 of the faces, or the mean with those of their mirror images."""
    views = [images, np.ascontiguousarray(images[:, :, ::-1])] if mirrored else [images]
    logits = [model.logits(ask(fitted(view, model.size_px)), label_set) for view in views]
    return np.asarray(np.mean(logits, axis=0), np.float32)


def log_probabilities(
    model: EvaluatedModel,
    ask: Outputs,
    rows: EvaluationSplit,
    images: UInt8Array,
    *,
    mirrored: bool,
) -> Float32Array:
    """(N, C) float32, of the rows' labels; ``ask`` is the model, opened."""
    probabilities = softmax(mean_logits(model, ask, rows.label_set, images, mirrored=mirrored))
    return np.asarray(np.log(probabilities + 1e-12), np.float32)


def figures(logits: Float32Array, rows: EvaluationSplit) -> dict[str, float]:
    """Accuracy, and the loss at the best temperature."""
    temperature = fit_temperature(logits, rows.truth)
    right = softmax(logits, temperature)[np.arange(len(logits)), rows.truth]
    return {
        "accuracy": float((logits.argmax(axis=1) == rows.truth).mean()),
        "loss": float(-np.log(right).mean()),
        "temperature": temperature,
    }


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments of a measurement on FER-2013, with where that is and whether as JSON."""
    parser.add_argument("--dataset", default=os.environ.get("EMOTION_LENS_DATASET"))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.dataset:
        parser.error("--dataset: wanted FER-2013. EMOTION_LENS_DATASET does not name it either.")
    return arguments


def main() -> None:
    """Measures and prints, as the command line asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("models", nargs="+", help="names of models, or run folders")
    parser.add_argument("--changes", action="store_true", help="augmented faces, model by model")
    arguments = parsed(parser)

    registry = ModelRegistry()
    predictions: dict[str, Float32Array] = {}
    try:
        rows = build_evaluation_split(load_dataset(Path(arguments.dataset)), "validation")
        faces = rows.images.images[rows.judged]
        for name in arguments.models:
            shipped = name in registry.names()
            if shipped:
                model = evaluated_model(registry, name, rows.labels)
            else:
                model = evaluated_run(Path(name))
            ask, sets = model.open(), [("", faces)]
            if arguments.changes:
                sets = [(f", {change}", images) for change, images in changed_faces(faces)]
            for change, images in sets:
                predictions[model.name + change] = log_probabilities(
                    model, ask, rows, images, mirrored=not shipped
                )
    except EmotionLensError as error:
        sys.exit(str(error))

    largest = 1 if arguments.changes else len(predictions)
    report = {
        " + ".join(group): figures(np.mean([predictions[one] for one in group], axis=0), rows)
        for n in range(1, largest + 1)
        for group in itertools.combinations(predictions, n)
    }
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    print("| asked | accuracy % | loss | temperature |\n| --- | --- | --- | --- |")
    for name, found in report.items():
        cells = f"{100 * found['accuracy']:.2f} | {found['loss']:.4f} | {found['temperature']:.2f}"
        print(f"| {name} | {cells} |")


if __name__ == "__main__":
    main()
