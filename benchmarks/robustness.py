"""Accuracy on corrupted pictures, of our models and of other people's, on the same pictures.

    python benchmarks/robustness.py [--split validation] [--models NAME ...] [--peers NAME ...]
                                    [--labels ferplus] [--dataset PATH] [--json [FILE]]

Every model sees the same at most 1,500 faces as they are and in 31 ways corrupted: blur, noise,
brightness, occlusion, rotation and low resolution in steps, those of the evaluation page. Peers'
networks are fed ready crops as their own code feeds them; their detectors have no part in it.
What a peer needs is built in build/peers once; one that cannot be had is left out, with a word.
Predictions are kept, ours where `evaluate` keeps them, so a second run only does what is new.
"""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from robustness_peers import BUILD, BUILDERS, PeerError, peer_model  # noqa: E402

from emotion_core.classifiers.registry import ModelRegistry  # noqa: E402
from emotion_core.datasets import load_dataset  # noqa: E402
from emotion_core.errors import EmotionLensError  # noqa: E402
from emotion_core.evaluation import (  # noqa: E402
    LABELS,
    SPLITS,
    EvaluatedModel,
    EvaluationSplit,
    build_evaluation_split,
    evaluated_model,
)
from emotion_core.evaluation.cache import LogitsCache  # noqa: E402
from emotion_core.evaluation.corruptions import CORRUPTIONS  # noqa: E402
from emotion_core.evaluation.robustness import (  # noqa: E402
    RobustnessPoint,
    RobustnessTest,
    robustness_figures,
)
from emotion_core.evaluation.test_set_log import record_access  # noqa: E402
from emotion_core.files.atomic_files import write_atomic  # noqa: E402

_PEER_PREDICTIONS = BUILD / "predictions"


def measure(model: EvaluatedModel, rows: EvaluationSplit, cache: LogitsCache) -> dict[str, Any]:
    """A model's figures under all conditions."""
    with tqdm(desc=model.name, unit="condition", disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return figures(RobustnessTest(model, rows, cache).run(progress=progress))


def figures(points: tuple[RobustnessPoint, ...]) -> dict[str, Any]:
    """Means over the levels of each kind and over all corrupted conditions, and every curve."""
    clean = next(p for p in points if p.level == CORRUPTIONS[p.corruption].clean_level)
    corrupted = [p for p in points if p.level != CORRUPTIONS[p.corruption].clean_level]
    by_kind = {
        name: [p.accuracy for p in corrupted if p.corruption == name] for name in CORRUPTIONS
    }
    return {
        "n": clean.n,
        "clean": clean.accuracy,
        "clean_ci95": list(clean.accuracy_ci95),
        "means": {name: float(np.mean(values)) for name, values in by_kind.items()},
        "mean": float(np.mean([p.accuracy for p in corrupted])),
        "curves": robustness_figures(points),
    }


def as_table(models: dict[str, dict[str, Any]]) -> str:
    """Markdown: accuracy in %, one row per model, the best mean first."""
    titles = [kind.title.lower() for kind in CORRUPTIONS.values()]
    n_corrupted = sum(len(kind.levels) for kind in CORRUPTIONS.values())
    head = ["model", "clean (95 % interval)", *titles, f"mean of all {n_corrupted}"]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for name, row in sorted(models.items(), key=lambda item: -item[1]["mean"]):
        low, high = (f"{100 * bound:.1f}" for bound in row["clean_ci95"])
        means = [f"{100 * row['means'][kind]:.1f}" for kind in CORRUPTIONS]
        cells = [name, f"{100 * row['clean']:.1f} ({low} to {high})", *means]
        lines.append(f"| {' | '.join(cells)} | {100 * row['mean']:.1f} |")
    return "\n".join(lines)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """All figures, ours first."""
    registry = ModelRegistry()
    # Found out before minutes go by: a name that does not exist.
    names = args.models or registry.names()
    ours = [evaluated_model(registry, name, args.labels) for name in names]
    dataset = load_dataset(args.dataset)
    split, labels = args.split, args.labels
    rows = build_evaluation_split(dataset, split, labels)
    models: dict[str, dict[str, Any]] = {}
    left_out: dict[str, str] = {}
    for model in ours:
        models[model.name] = {"peer": False, **measure(model, rows, LogitsCache())}
        record_access(by="command line", model=model, dataset=dataset, split=split, labels=labels)
    for name in args.peers:
        try:
            with ExitStack() as stack:
                model = peer_model(name, stack)
                predictions = measure(model, rows, LogitsCache(_PEER_PREDICTIONS))
        except PeerError as error:
            left_out[name] = str(error)
            print(f"{name} is left out. {error}", file=sys.stderr)
        else:
            models[model.name] = {"peer": True, **predictions}
    return {
        "dataset": dataset.name,
        "dataset_sha256": dataset.sha256,
        "split": split,
        "labels": labels,
        "models": models,
        "left_out": left_out,
    }


def main() -> None:
    """Measures and prints, as the command line asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", metavar="PATH", help="default: EMOTION_LENS_DATASET")
    parser.add_argument("--split", choices=sorted(SPLITS), default="validation")
    parser.add_argument("--labels", choices=LABELS, default="fer2013")
    parser.add_argument("--models", nargs="+", metavar="NAME", help="ours (default: all)")
    parser.add_argument(
        "--peers",
        nargs="*",
        choices=BUILDERS,
        default=list(BUILDERS),
        help="other people's (default: all; none after the option: none)",
    )
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="every curve, to FILE or to stdout"
    )
    args = parser.parse_args()
    try:
        found = run(args)
        text = json.dumps(found, indent=2)
        if args.json == "-":
            print(text)
            return
        if args.json:
            write_atomic(Path(args.json), f"{text}\n".encode())
    except EmotionLensError as error:
        sys.exit(str(error))
    print(as_table(found["models"]))


if __name__ == "__main__":
    main()
