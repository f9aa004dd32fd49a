"""``evaluate``: judges a model on one split of a data set."""

import argparse
import json
from pathlib import Path
from typing import Any

from tqdm import tqdm

from emotion_core.classifiers.card import KERAS_FILE
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.runtime import Classifier
from emotion_core.cli.common import EXIT_DONE, Subparsers
from emotion_core.datasets import load_dataset
from emotion_core.emotions import FER2013
from emotion_core.evaluation.report import SPLITS, evaluate_classifier
from emotion_core.wording import percent

_EXAMPLE = """\
python -m emotion_core evaluate --model compact --split test
python -m emotion_core evaluate --model compact --split test --labels ferplus --json"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "evaluate",
        help="judge a model on a data set",
        description="Accuracy with its interval, per-class figures, confusion matrix and "
        "calibration of the model as it is served.",
        example=_EXAMPLE,
    )
    judged = parser.add_mutually_exclusive_group()
    judged.add_argument("--model", metavar="NAME", help="a folder of models/ (default: the app's)")
    judged.add_argument(
        "--run",
        metavar="DIR",
        type=Path,
        help="the best epoch of a run, uncalibrated, without shipping it",
    )
    parser.add_argument("--dataset", type=Path, help="Parquet file (default: EMOTION_LENS_DATASET)")
    parser.add_argument("--split", choices=sorted(SPLITS), default="test")
    parser.add_argument(
        "--labels",
        choices=("fer2013", "ferplus"),
        default="fer2013",
        help="ferplus: against the FER+ majority, on the rows where it is clear",
    )
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Prints the figures."""
    classifier: Classifier
    if args.run:
        # Here, because it needs TensorFlow.
        from emotion_core.classifiers.export import KerasClassifier

        name = args.run.name
        classifier = KerasClassifier(args.run / KERAS_FILE, FER2013)
    else:
        registry = ModelRegistry()
        name = args.model or registry.default_name()
        classifier = registry.open(name)
    dataset = load_dataset(args.dataset)
    with tqdm(desc=f"{name} on {args.split}", unit="face", disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        figures = evaluate_classifier(
            classifier, dataset, args.split, labels=args.labels, progress=progress
        )
    figures = {"model": name, **figures}
    print(json.dumps(figures, indent=2) if args.json else _text(figures))
    return EXIT_DONE


def _text(figures: dict[str, Any]) -> str:
    low, high = figures["accuracy_ci95"]
    lines = [
        f"{figures['model']} on {figures['split']} ({figures['labels']} labels), "
        f"n = {figures['n']:,}",
        f"accuracy          {100 * figures['accuracy']:.1f} % "
        f"(95 % interval {100 * low:.1f} % to {100 * high:.1f} %)",
        f"macro-F1          {100 * figures['macro_f1']:.1f} %",
        f"calibration error {100 * figures['ece']:.1f} %",
    ]
    if figures["accuracy_unseen"] is not None:
        lines.append(
            f"not in Training   {100 * figures['accuracy_unseen']:.1f} % "
            f"(n = {figures['n_unseen']:,})"
        )
    if figures["accuracy_covered"] is not None:
        lines.append(
            f"when certain      {100 * figures['accuracy_covered']:.1f} % "
            f"({percent(figures['coverage'])} of faces, threshold "
            f"{percent(figures['threshold'])})"
        )
    lines.append("")
    lines.append(f"{'':10}precision  recall      F1  support")
    for name, row in figures["per_class"].items():
        lines.append(
            f"{name:10}{row['precision']:9.3f}{row['recall']:8.3f}{row['f1']:8.3f}"
            f"{row['support']:9,}"
        )
    return "\n".join(lines)
