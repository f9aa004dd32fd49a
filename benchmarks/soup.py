"""The mean of the weights of several runs that began with the same network, measured.

Runs of one last stage from other seeds end in one valley, and the middle of it predicts better
than each (Wortsman et al., arXiv 2203.05482), at no cost when it is served.

    python benchmarks/soup.py runs/a runs/b runs/c
    python benchmarks/soup.py runs/a runs/b runs/c --output runs/soup

With --output the mean becomes a run of its own, with settings and history of the last one, that
`models promote` takes. Figures are of PublicTest: accuracy, and the loss at the best temperature.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from emotion_core.classifiers.export import load_keras
from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.classifiers.runtime import softmax
from emotion_core.datasets import (
    VALIDATION,
    EmotionDataset,
    clear_majority,
    load_dataset,
)
from emotion_core.evaluation import fit_temperature
from emotion_core.files.atomic_files import write_json
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.teachers import trained_file
from emotion_core.types import Float32Array, Int64Array


def logits(model: Any, images: np.ndarray) -> tuple[Float32Array, Float32Array]:
    """(N, K) outputs for the images, and the mean with those for their mirror images."""
    plain, mirrored = (
        np.asarray(model.predict(crops_to_tensor(faces), batch_size=512, verbose=0), np.float32)
        for faces in (images, np.ascontiguousarray(images[:, :, ::-1]))
    )
    return plain, np.asarray((plain + mirrored) / 2, np.float32)


def figures(outputs: Float32Array, truth: Int64Array) -> str:
    """Accuracy and loss of one head."""
    probabilities = softmax(outputs, fit_temperature(outputs, truth))
    loss = -np.log(probabilities[np.arange(len(truth)), truth] + 1e-12).mean()
    return f"{100 * (outputs.argmax(axis=1) == truth).mean():.2f} % | {loss:.4f}"


def report(title: str, model: Any, validation: EmotionDataset) -> None:
    """Prints a model's row, seen once and with its mirror image."""
    n, (majority, clear) = len(validation.label_set), clear_majority(validation)
    for how, found in zip(("once", "TTA"), logits(model, validation.images), strict=True):
        own, raters = found[:, :n], found[clear, n : 2 * n]
        print(
            f"| {title}, {how} | {figures(own, validation.labels)} | "
            f"{figures(raters, majority[clear])} |",
            flush=True,
        )


def main() -> None:
    """Measures every run and the mean of all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="+", help="run folders or names, of two heads")
    parser.add_argument("--dataset", default=os.environ.get("EMOTION_LENS_DATASET", ""))
    parser.add_argument("--output", type=Path, metavar="RUN", help="run folder for the mean")
    args = parser.parse_args()
    validation = load_dataset(args.dataset).split(VALIDATION)
    print(
        "| weights | FER-2013 head | loss | raters' head | loss |\n| --- | --- | --- | --- | --- |"
    )
    models = [load_keras(trained_file(run)) for run in args.runs]
    for run, model in zip(args.runs, models, strict=True):
        report(Path(run).name, model, validation)
    weights = [
        np.mean(parts, axis=0) for parts in zip(*(m.get_weights() for m in models), strict=True)
    ]
    models[0].set_weights(weights)
    report("mean of all", models[0], validation)
    if args.output:
        last, new = trained_file(args.runs[-1]).parent, RunFolder(args.output)
        new.create()
        shutil.copyfile(last / "history.csv", new.history)
        settings = RunFolder(last).read_config()
        write_json(new.config, {**settings, "averaged_runs": [Path(r).name for r in args.runs]})
        models[0].save(new.model)


if __name__ == "__main__":
    main()
