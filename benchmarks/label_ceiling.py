"""How well FER-2013's own labels can be foretold at all: by ten raters, by networks, by both.

    python benchmarks/label_ceiling.py fer2013 flagship compact

Multinomial logistic regression from FER+ votes, from what models say of a face and its mirror
image (of every head they have), and from both, to the labels of PublicTest, 10-fold: each face is
judged by a regression that has not seen it. What raters and networks together foretell is what
is known at least, no proof that there is no more; one network that is to do better has to know
more than all of these.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from averaging import mean_logits, parsed  # noqa: E402

from emotion_core.classifiers.registry import ModelRegistry  # noqa: E402
from emotion_core.datasets import VALIDATION, EmotionDataset, load_dataset  # noqa: E402
from emotion_core.errors import EmotionLensError  # noqa: E402
from emotion_core.evaluation import evaluated_model  # noqa: E402
from emotion_core.types import Float32Array, Int64Array  # noqa: E402

_FOLDS, _STRENGTH = 10, 0.05
# What nobody voted for is unlikely, not impossible.
_LEAST_SHARE = 0.03


def said(registry: ModelRegistry, name: str, rows: EmotionDataset) -> Float32Array:
    """(N, C) mean logits of a model's heads for the faces and their mirror images, side by side."""
    heads = []
    for labels in registry.card(name).heads:
        model = evaluated_model(registry, name, labels)
        heads.append(mean_logits(model, model.open(), rows.label_set, rows.images, mirrored=True))
    return np.concatenate(heads, axis=1)


def foretold(inputs: Float32Array, truth: Int64Array) -> tuple[float, float]:
    """Accuracy and loss of regressions on faces that they have not seen."""
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    regression = LogisticRegression(C=_STRENGTH, max_iter=2000)
    probabilities = cross_val_predict(
        regression, inputs / inputs.std(), truth, cv=folds, method="predict_proba"
    )
    right = probabilities[np.arange(len(truth)), truth]
    return float((probabilities.argmax(axis=1) == truth).mean()), float(-np.log(right).mean())


def main() -> None:
    """Measures and prints, as the command line asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("models", nargs="+", help="names of models")
    arguments = parsed(parser)
    registry = ModelRegistry()
    try:
        rows = load_dataset(Path(arguments.dataset)).split(VALIDATION)
        if not rows.has_votes:
            sys.exit("Wanted a data set with FER+ votes. This one has none.")
        networks = {name: said(registry, name, rows) for name in arguments.models}
    except EmotionLensError as error:
        sys.exit(str(error))
    shares = rows.votes / np.maximum(rows.votes.sum(axis=1, keepdims=True), 1)
    votes = np.log(shares + _LEAST_SHARE).astype(np.float32)
    together = np.concatenate(list(networks.values()), axis=1)
    inputs = {
        "ten raters": votes,
        **networks,
        "all of these networks": together,
        "networks and raters": np.concatenate([together, votes], axis=1),
    }
    found = {name: foretold(columns, rows.labels) for name, columns in inputs.items()}
    if arguments.json:
        report = {name: {"accuracy": right, "loss": loss} for name, (right, loss) in found.items()}
        print(json.dumps(report, indent=2))
        return
    print("| from | accuracy % | loss |\n| --- | --- | --- |")
    for name, (right, loss) in found.items():
        print(f"| {name} | {100 * right:.2f} | {loss:.4f} |")


if __name__ == "__main__":
    main()
