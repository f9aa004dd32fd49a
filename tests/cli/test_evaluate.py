"""``evaluate`` from the outside: figures equal to scikit-learn's, options, looks, corrections."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.datasets import VALIDATION, Corrections, load_dataset

ROOT = Path(__file__).resolve().parents[2]
_REAL = Path(os.environ.get("EMOTION_LENS_DATASET") or "../shared/data/fer2013.parquet")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Evaluations of these tests are kept in a folder of their own."""
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    return tmp_path


def check_against_scikit_learn(figures: dict, dataset: str, usage: str) -> None:
    """Classifies the split anew, in other batches, and computes everything independently."""
    data = load_dataset(dataset).split(usage)
    classifier = ModelRegistry().open(figures["model"], labels="fer2013")
    probabilities = np.concatenate(
        [
            classifier.predict(data.images[i : i + 100]).probabilities
            for i in range(0, len(data), 100)
        ]
    )
    predicted, names = probabilities.argmax(axis=1), list(figures["per_class"])
    assert figures["n"] == len(data)
    assert figures["accuracy"] == pytest.approx(sk.accuracy_score(data.labels, predicted))
    macro = sk.f1_score(data.labels, predicted, average="macro", labels=range(7), zero_division=0)
    assert figures["macro_f1"] == pytest.approx(macro)
    assert figures["confusion"] == (
        sk.confusion_matrix(data.labels, predicted, labels=range(7)).tolist()
    )
    table = sk.classification_report(
        data.labels, predicted, labels=range(7), target_names=names, output_dict=True,
        zero_division=0,
    )  # fmt: skip
    for name in names:
        for ours, theirs in (("precision",) * 2, ("recall",) * 2, ("f1", "f1-score")):
            assert figures["per_class"][name][ours] == pytest.approx(table[name][theirs])
    covered = probabilities.max(axis=1) >= figures["threshold"]
    assert figures["coverage"] == pytest.approx(covered.mean())


def test_figures_equal_scikit_learn_on_the_synthetic_set(command) -> None:
    outcome = command("evaluate", "--dataset", "synthetic", "--split", "validation", "--json")
    assert outcome.code == 0
    check_against_scikit_learn(outcome.json, "synthetic", VALIDATION)
    assert "test_set_accesses" not in outcome.json
    # The second time nothing is computed; the figures are the same.
    again = command("evaluate", "--dataset", "synthetic", "--split", "validation", "--json")
    assert again.out == outcome.out


@pytest.mark.slow
@pytest.mark.skipif(not _REAL.is_file(), reason="FER-2013 is not here")
def test_figures_equal_scikit_learn_and_the_card_on_fer2013(command) -> None:
    outcome = command("evaluate", "--dataset", str(_REAL), "--split", "validation", "--json")
    check_against_scikit_learn(outcome.json, str(_REAL), VALIDATION)
    card = ModelRegistry().card(outcome.json["model"])
    # Another processor may round an answer the other way.
    assert outcome.json["accuracy"] == pytest.approx(
        card.metrics["validation"]["accuracy"], abs=0.002
    )
    assert outcome.json["n_unseen"] == card.metrics["validation"]["n_unseen"]


@pytest.mark.slow
def test_every_access_to_test_images_is_logged(command) -> None:
    counts = []
    for labels in ("fer2013", "ferplus"):
        outcome = command(
            "evaluate", "--dataset", "synthetic", "--split", "test", "--labels", labels, "--json"
        )
        counts.append(outcome.json["test_set_accesses"])
        assert "Test-set access log" in outcome.err
    assert counts == [1, 2]


@pytest.mark.slow
def test_two_models_and_corrupted_pictures(
    command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emotion_core.evaluation.robustness.MAX_IMAGES", 60)
    names = ModelRegistry().names()
    target = home / "figures.json"
    outcome = command(
        "evaluate", "--dataset", "synthetic", "--split", "validation", "--model", names[0],
        "--compare", names[-1], "--robustness", "--json", "--output", target,
    )  # fmt: skip
    assert outcome.code == 0
    assert outcome.out == b""
    text = command(
        "evaluate", "--dataset", "synthetic", "--split", "validation", "--model", names[0],
        "--compare", names[-1], "--robustness",
    ).out.decode()  # fmt: skip
    figures = json.loads(target.read_text(encoding="utf-8"))
    compared = figures["compared"]
    shared = compared["both_right"] + compared["only_first"]
    assert shared / figures["n"] == pytest.approx(figures["accuracy"])
    assert f"McNemar p = {compared['p_exact']:.3g}" in text
    curve = figures["robustness"]["blur"]
    assert curve["n"] == 60
    assert curve["levels"] == [0, 0.5, 1, 1.5, 2, 3]
    assert f"n = 60)  0: {100 * curve['accuracy'][0]:.1f} %" in text
    assert "low-resolution (pixels a side" in text


@pytest.mark.slow
def test_corrections_change_what_is_right(command) -> None:
    def figures(*options: str) -> dict:
        line = ("evaluate", "--dataset", "synthetic", "--split", "validation", "--json", *options)
        return command(*line).json

    before = figures()
    assert figures("--corrections") == before  # there are none yet
    data = load_dataset("synthetic").split(VALIDATION)
    corrections = Corrections.load("synthetic")
    corrections.exclude(data.rows[:5].tolist())
    other = "happy" if data.labels[9] != 3 else "sad"
    corrections.relabel([int(data.rows[9])], other)
    corrections.save()
    after = figures("--corrections")
    assert after["n"] == before["n"] - 5
    support = {name: row["support"] for name, row in after["per_class"].items()}
    expected = np.bincount(data.labels[5:], minlength=7)
    expected[data.labels[9]] -= 1
    assert support[other] == expected[list(support).index(other)] + 1
    assert figures() == before


def test_a_missing_data_set_is_told(command, home: Path) -> None:
    outcome = command("evaluate", "--dataset", home / "none.parquet")
    assert outcome.code == 2
    assert "none.parquet" in outcome.err
    assert command("evaluate", "--dataset", "synthetic", "--model", "nope").code == 2
    assert command("evaluate", "--split", "holdout").code == 2


def test_neither_the_command_nor_the_page_loads_tensorflow() -> None:
    """It would take seconds and hundreds of megabytes of the dashboard."""
    code = (
        "import sys, emotion_core.cli.evaluate, pages.parts.evaluation.sections; "
        "print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
