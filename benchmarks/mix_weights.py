"""Two networks of one family as one with two heads: the mean of their weights, measured.

A network that was trained on from another's weights often still predicts well half way between
the two (Wortsman et al., arXiv 2109.01903). This takes a model that learned FER-2013's own labels
and one that went on from it with FER+ votes, mixes everything but their last layers, and puts
these side by side: a place for a training with ``labels: multi-task`` to begin.

    python benchmarks/mix_weights.py flagship ferplus
    python benchmarks/mix_weights.py flagship ferplus --share 0.5 --output runs/multi-task-0

Figures are of PublicTest, uncalibrated, with horizontal-flip test-time augmentation.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from emotion_core.classifiers.architectures import build_model
from emotion_core.classifiers.export import load_keras
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.datasets import (
    VALIDATION,
    EmotionDataset,
    clear_majority,
    load_dataset,
)
from emotion_core.training.teachers import trained_file

_BATCH = 256


def mixed(first: str, second: str, share: float) -> Any:
    """A network with the outputs of both.

    Args:
        first: name of a model or run that learned the original labels.
        second: one that learned the votes.
        share: weight of the second in the mean of what is before the last layer.
    """
    architecture = ModelRegistry().card(first).architecture
    one, other = (load_keras(trained_file(name)).get_weights() for name in (first, second))
    before = [(1 - share) * a + share * b for a, b in zip(one[:-2], other[:-2], strict=True)]
    heads = [np.concatenate(pair, axis=-1) for pair in zip(one[-2:], other[-2:], strict=True)]
    model = build_model(architecture, size_px=48, n_classes=heads[-1].shape[-1])
    model.set_weights(before + heads)
    return model


def accuracies(model: Any, validation: EmotionDataset) -> tuple[float, float]:
    """Share of right answers: of the first head, and of the second by the clear majority."""
    n, tensor = len(validation.label_set), crops_to_tensor(validation.images)
    logits = np.concatenate(
        [
            sum(
                np.asarray(model.predict_on_batch(faces))
                for faces in (tensor[i : i + _BATCH], tensor[i : i + _BATCH, :, ::-1])
            )
            for i in range(0, len(tensor), _BATCH)
        ]
    )
    majority, clear = clear_majority(validation)
    answers, raters = logits[:, :n].argmax(axis=1), logits[:, n : 2 * n].argmax(axis=1)
    return (
        float((answers == validation.labels).mean()),
        float((raters == majority)[clear].mean()),
    )


def main() -> None:
    """Measures each mixture and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", help="a model that learned the original labels")
    parser.add_argument("second", help="one of the same architecture that learned the votes")
    parser.add_argument("--dataset", default=os.environ.get("EMOTION_LENS_DATASET", ""))
    parser.add_argument("--share", type=float, nargs="*", default=[0, 0.25, 0.5, 0.75, 1])
    parser.add_argument("--output", type=Path, help="run folder for the model of the last share")
    args = parser.parse_args()
    validation = load_dataset(args.dataset).split(VALIDATION)
    print("| share of the second | FER-2013 head | raters' head |\n| --- | --- | --- |")
    for share in args.share:
        model = mixed(args.first, args.second, share)
        one, other = accuracies(model, validation)
        print(f"| {share:g} | {100 * one:.1f} % | {100 * other:.1f} % |", flush=True)
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
        model.save(args.output / "model.keras")


if __name__ == "__main__":
    main()
