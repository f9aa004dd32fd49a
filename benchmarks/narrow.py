"""The flagship with fewer channels in the middle of its blocks, out of its own weights, measured.

The first convolution of a residual block makes channels that only the second one reads. Here those
that carry least are left out: of each the variance after ReLU, by its batch normalisation, times
what the second convolution makes of it (as in Li et al., arXiv 1608.08710, with the layer that
reads them). Their mean goes into the mean of the normalisation that follows.

    python benchmarks/narrow.py flagship --output runs/flagship-lean-0

(with ``EMOTION_LENS_MODELS`` at the models of 17ecd28, whose flagship was whole) measures each
block alone, some widths together, and ``flagship-lean``, on PublicTest, without test-time
augmentation, losses at the best temperature. What it writes is a run of its own, with the settings
and the history of the model that it came from: `models promote` takes it, and a training can begin
with it.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from math import erf, pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from soup import figures, logits

from emotion_core.classifiers.architectures import LEAN_MIDDLES, build_residual
from emotion_core.classifiers.card import load_card
from emotion_core.classifiers.export import load_keras
from emotion_core.datasets import VALIDATION, clear_majority, load_dataset
from emotion_core.files.atomic_files import write_json
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.stages import BASE_HISTORY
from emotion_core.training.teachers import trained_file

WHOLE = (48, 96, 96, 192, 192, 192, 384)
_LESS = 6  # the share of each block's channels that is left out where a block is judged alone
_TOGETHER = (
    (40, 80, 80, 160, 160, 160, 320),
    (32, 80, 80, 160, 160, 160, 288),
    (32, 72, 72, 144, 144, 144, 256),
    (48, 80, 96, 160, 160, 160, 256),
    (48, 88, 96, 160, 160, 176, 256),
    (48, 96, 96, 144, 152, 176, 224),
)
Array = npt.NDArray[np.float64]


def narrowed(model: Any, middles: Sequence[int]) -> Any:
    """The same network with the channels that carry most.

    Args:
        model: a flagship, whole.
        middles: how many are kept in each block.
    """
    new = build_residual(middles, n_classes=model.output_shape[-1])
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


def keep_as_run(model: Any, source: Path, output: Path) -> None:
    """Writes a run of its own, with settings and history of a model's folder."""
    card, run = load_card(source), RunFolder(output)
    run.create()
    model.save(run.model)
    for name in (BASE_HISTORY, "history.csv"):
        if (source / name).is_file():
            shutil.copyfile(source / name, output / name)
    write_json(
        run.config,
        {
            **card.training["recipe"],
            "architecture": "flagship-lean",
            "n_training_images": card.training["n_images"],
            "dataset_sha256": card.training["dataset_sha256"],
        },
    )


def main() -> None:
    """Measures each choice of widths and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a flagship with two heads, by its name in models/")
    parser.add_argument("--dataset", default=os.environ.get("EMOTION_LENS_DATASET", ""))
    parser.add_argument("--output", type=Path, help="run folder for the flagship-lean")
    args = parser.parse_args()
    validation = load_dataset(args.dataset).split(VALIDATION)
    source = trained_file(args.model)
    if (kind := load_card(source.parent).architecture) != "flagship":
        parser.error(f"{args.model}: wanted a whole flagship. This is one of the kind {kind}.")
    model = load_keras(source)
    alone = [
        tuple(kept - kept // _LESS * (i == block) for i, kept in enumerate(WHOLE))
        for block in range(len(WHOLE))
    ]
    n, (majority, clear) = len(validation.label_set), clear_majority(validation)
    print(
        "| middles | FER-2013 head | loss | raters' head | loss |\n| --- | --- | --- | --- | --- |"
    )
    for middles in (WHOLE, *alone, *_TOGETHER, LEAN_MIDDLES):
        lean = narrowed(model, middles)
        found = next(iter(logits(lean, validation.images)))
        own = figures(found[:, :n], validation.labels)
        raters = figures(found[clear, n : 2 * n], majority[clear])
        print(f"| {' '.join(map(str, middles))} | {own} | {raters} |", flush=True)
    if args.output:
        keep_as_run(lean, source.parent, args.output)


if __name__ == "__main__":
    main()
