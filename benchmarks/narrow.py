"""The flagship with fewer channels in the middle of its blocks, out of its own weights, measured.

The first convolution of a residual block makes channels that only the second one reads. Here those
that carry least are left out: of each the variance after ReLU, by its batch normalisation, times
what the second convolution makes of it (as in Li et al., arXiv 1608.08710, with the layer that
reads them). Their mean goes into the mean of the normalisation that follows.

    python benchmarks/narrow.py flagship --output runs/lean-0

measures each block alone, some widths together, and ``flagship-lean``, on PublicTest, uncalibrated,
without test-time augmentation; what it writes is a place for a training to begin.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from math import erf, pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from emotion_core.classifiers.architectures import LEAN_MIDDLES, build_residual
from emotion_core.classifiers.export import load_keras
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.runtime import softmax
from emotion_core.datasets import (
    VALIDATION,
    EmotionDataset,
    clear_majority,
    load_dataset,
)
from emotion_core.training.teachers import trained_file

WHOLE = (48, 96, 96, 192, 192, 192, 384)
_TOGETHER = ((40, 80, 80, 160, 160, 160, 320), (32, 72, 72, 144, 144, 144, 256))
Array = npt.NDArray[np.float64]


def narrowed(model: Any, middles: Sequence[int]) -> Any:
    """The same network with the channels that carry most.

    Args:
        model: a flagship, whole.
        middles: how many are kept in each block.
    """
    new = build_residual(middles, model.output_shape[-1])
    done = set()
    for old, made, kept in zip(_blocks(model), _blocks(new), middles, strict=True):
        first, first_norm, second, second_norm = (layer.get_weights() for layer in old)
        means, carried = _carried(first_norm, second[0], second_norm)
        order = np.argsort(-carried)
        stay, leave = np.sort(order[:kept]), order[kept:]
        gamma, beta, mean, variance = second_norm
        mean = mean - np.einsum("hwio,i->o", second[0][:, :, leave], means[leave])
        for layer, weights in zip(
            made,
            (
                [first[0][..., stay]],
                [values[stay] for values in first_norm],
                [second[0][:, :, stay]],
                [gamma, beta, mean, variance],
            ),
            strict=True,
        ):
            layer.set_weights(weights)
            done.add(layer.name)
    for old, made in zip(model.layers, new.layers, strict=True):
        if made.weights and made.name not in done:
            made.set_weights(old.get_weights())
    return new


def _blocks(model: Any) -> list[tuple[Any, Any, Any, Any]]:
    """Both 3x3 convolutions of each block, each with the normalisation that reads it."""
    convolutions = [layer for layer in model.layers if getattr(layer, "kernel_size", 0) == (3, 3)]
    norms = [layer._outbound_nodes[0].operation for layer in convolutions]
    both = list(zip(convolutions, norms, strict=True))
    return [(*a, *b) for a, b in zip(both[::2], both[1::2], strict=True)]


def _carried(
    norm: list[npt.NDArray[np.float32]],
    second: npt.NDArray[np.float32],
    second_norm: list[npt.NDArray[np.float32]],
) -> tuple[Array, Array]:
    """Mean of each middle channel after ReLU, and what its variance becomes behind the second."""
    gamma, beta = np.abs(norm[0]).astype(np.float64) + 1e-9, norm[1].astype(np.float64)
    z = beta / gamma
    density = np.exp(-z * z / 2) / sqrt(2 * pi)
    below = 0.5 * (1 + np.array([erf(value / sqrt(2)) for value in z]))
    mean = beta * below + gamma * density
    square = (beta**2 + gamma**2) * below + beta * gamma * density
    scaled = second * second_norm[0] / np.sqrt(second_norm[3] + 1e-3)
    return mean, (square - mean**2) * (scaled.astype(np.float64) ** 2).sum(axis=(0, 1, 3))


def judged(model: Any, validation: EmotionDataset) -> tuple[float, float, float]:
    """Share right and loss by the original labels, and share right by the raters' majority."""
    logits = model.predict(crops_to_tensor(validation.images), batch_size=256, verbose=0)
    n = len(validation.label_set)
    said, raters = softmax(logits[:, :n]), logits[:, n : 2 * n].argmax(axis=1)
    loss = -np.log(said[np.arange(len(said)), validation.labels]).mean()
    majority, clear = clear_majority(validation)
    return (
        float((said.argmax(axis=1) == validation.labels).mean()),
        float(loss),
        float((raters == majority)[clear].mean()),
    )


def main() -> None:
    """Measures each choice of widths and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a flagship with two heads, or a run of one")
    parser.add_argument("--dataset", default=os.environ.get("EMOTION_LENS_DATASET", ""))
    parser.add_argument("--output", type=Path, help="run folder for the flagship-lean")
    args = parser.parse_args()
    validation = load_dataset(args.dataset).split(VALIDATION)
    model = load_keras(trained_file(args.model))
    alone = [
        tuple(kept if i == block else width for i, width in enumerate(WHOLE))
        for block, kept in enumerate(LEAN_MIDDLES)
    ]
    print("| middles | FER-2013 head | its loss | raters' head |\n| --- | --- | --- | --- |")
    for middles in (WHOLE, *alone, *_TOGETHER, LEAN_MIDDLES):
        lean = narrowed(model, middles)
        right, loss, raters = judged(lean, validation)
        print(
            f"| {' '.join(map(str, middles))} | {right:.1%} | {loss:.3f} | {raters:.1%} |",
            flush=True,
        )
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
        lean.save(args.output / "model.keras")


if __name__ == "__main__":
    main()
