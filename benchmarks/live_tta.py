"""Whether averaging a face with its mirror image pays where time averages, too.

    python benchmarks/live_tta.py [--model NAME ...] [--faces N] [--json]

Labelled sequences stand in for video: every face of PublicTest becomes 30 frames, one second, in
which it drifts by up to 3 of its 48 pixels, tilts by up to 4 degrees and changes its light a
little, and half of the faces are mirrored. Scores are smoothed as the live page does, and the last
frame is judged. Beside it stands the same for a single frame, as on photos. Both ways see the same
frames. The comparison is paired: how many faces only one of the two gets right, and how likely
that is by chance (sign test).
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scipy.stats import binomtest  # noqa: E402

from emotion_core.classifiers.registry import ModelRegistry, load_model  # noqa: E402
from emotion_core.classifiers.runtime import quick_form  # noqa: E402
from emotion_core.datasets import VALIDATION, load_dataset  # noqa: E402
from emotion_core.paths import DATASET_ENV  # noqa: E402
from emotion_core.smoothing import ScoreSmoother  # noqa: E402
from emotion_core.types import EmotionScores, UInt8Array  # noqa: E402

_FRAMES, _RATE = 30, 30
_DRIFT_PX, _TILT_DEG, _LIGHT = 3.0, 4.0, 0.08
_BATCH = 16


def sequence(face: UInt8Array, generator: np.random.Generator) -> UInt8Array:
    """(T, S, S) uint8: a face that moves a little."""
    side = face.shape[0]
    times = np.linspace(0, 2 * np.pi, _FRAMES)
    # Slow and smooth, in a direction and at a pace of its own.
    phases, paces = generator.uniform(0, 2 * np.pi, 4), generator.uniform(0.5, 1.5, 4)
    dx, dy, tilt, light = np.sin(phases[:, None] + paces[:, None] * times)
    picture = face[:, ::-1].copy() if generator.random() < 0.5 else face
    frames = np.empty((_FRAMES, side, side), np.uint8)
    for i in range(_FRAMES):
        centre = ((side - 1) / 2, (side - 1) / 2)
        warp = np.asarray(cv2.getRotationMatrix2D(centre, _TILT_DEG * tilt[i], 1.0), np.float64)
        warp[:, 2] += _DRIFT_PX * np.array([dx[i], dy[i]])
        moved = cv2.warpAffine(picture, warp, (side, side), borderMode=cv2.BORDER_REPLICATE)
        frames[i] = np.clip(moved * (1 + _LIGHT * light[i]), 0, 255).astype(np.uint8)
    return frames


def last_of(scores: EmotionScores) -> tuple[int, int]:
    """The label after the last frame, smoothed as the live page does, and how often it changed."""
    smoother, track = ScoreSmoother(), np.array([1], np.int64)
    labels = []
    for i, row in enumerate(scores.probabilities):
        one = EmotionScores(row[None], scores.label_set, scores.threshold)
        labels.append(int(smoother.update(one, track, i / _RATE).labels[0]))
    return labels[-1], int(np.count_nonzero(np.diff(labels)))


def measure(model: str, images: UInt8Array, labels: np.ndarray) -> dict[str, Any]:
    """Both ways of one model on the same sequences."""
    # The sequences have FER-2013's labels, so the head for those answers.
    classifier = load_model(model, labels=ModelRegistry().card(model).answering("fer2013"))
    ways = {"averaged": classifier, "once": quick_form(classifier)}
    kinds = ("photo", "live")
    right: dict[str, list[bool]] = {f"{kind} {way}": [] for kind in kinds for way in ways}
    changes = dict.fromkeys(ways, 0)
    generator = np.random.default_rng(0)
    for start in range(0, len(images), _BATCH):
        films = [sequence(face, generator) for face in images[start : start + _BATCH]]
        for way, reader in ways.items():
            scores = reader.predict(np.concatenate(films))
            for i, truth in enumerate(labels[start : start + _BATCH]):
                rows = scores.probabilities[i * _FRAMES : (i + 1) * _FRAMES]
                film = EmotionScores(rows, scores.label_set, scores.threshold)
                label, changed = last_of(film)
                changes[way] += changed
                right[f"live {way}"].append(label == truth)
                right[f"photo {way}"].append(int(rows[-1].argmax()) == truth)
    figures: dict[str, Any] = {"model": model, "faces": len(images)}
    for kind in kinds:
        averaged, once = (np.array(right[f"{kind} {way}"]) for way in ways)
        only = int((averaged & ~once).sum()), int((once & ~averaged).sum())
        figures[kind] = {
            "accuracy_averaged": round(float(averaged.mean()), 4),
            "accuracy_once": round(float(once.mean()), 4),
            "only_averaged_right": only[0],
            "only_once_right": only[1],
            "p": round(float(binomtest(only[0], max(1, sum(only))).pvalue), 4),
        }
    figures["label_changes_per_minute"] = {
        way: round(60 * n / len(images), 1) for way, n in changes.items()
    }
    return figures


def main() -> None:
    """Prints one line of JSON per model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", nargs="*", default=["flagship", "compact"])
    parser.add_argument("--dataset", default=os.environ.get(DATASET_ENV))
    parser.add_argument("--faces", type=int, default=1200, help="a part of PublicTest")
    options = parser.parse_args()
    data = load_dataset(options.dataset)
    rows = np.flatnonzero(data.usage == VALIDATION)
    rows = np.sort(np.random.default_rng(0).permutation(rows)[: options.faces])
    for model in options.model:
        print(json.dumps(measure(model, data.images[rows], data.labels[rows])), flush=True)


if __name__ == "__main__":
    main()
