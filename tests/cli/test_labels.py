"""``--labels``: which of a model's heads answers, wherever one does."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.emotions import FER2013
from tests.two_heads import HEADS, ONE, TWO


@pytest.fixture(autouse=True)
def _models(two_headed_models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(two_headed_models))
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))


def _scores(document: dict) -> np.ndarray:
    (photo,) = document["results"]
    (face,) = photo["faces"]
    return np.array([face["scores"][name] for name in FER2013.names])


def test_each_head_answers_and_every_form_says_which(command, astronaut_path: Path) -> None:
    by_head = {
        labels: command("analyze", astronaut_path, "--labels", labels).json for labels in HEADS
    }
    for labels, document in by_head.items():
        assert (document["model"], document["labels"]) == (TWO, labels)
    assert np.abs(_scores(by_head["raters"]) - _scores(by_head["fer2013"])).max() > 0.01
    own = command("analyze", astronaut_path).json
    assert own == by_head["raters"]
    # The older word.
    assert command("analyze", astronaut_path, "--labels", "ferplus").json == own

    table = command("analyze", astronaut_path, "--labels", "fer2013", "--format", "csv").out
    (row,) = csv.DictReader(io.StringIO(table.decode()))
    assert (row["model"], row["labels"]) == (TWO, "fer2013")
    assert list(row)[-3:] == ["model", "labels", "detector"]
    line = command("analyze", astronaut_path, "--labels", "fer2013", "--format", "jsonl").out
    assert json.loads(line)["labels"] == "fer2013"


def test_a_model_without_that_head_says_what_it_has(command, astronaut_path: Path) -> None:
    outcome = command("analyze", astronaut_path, "--model", ONE, "--labels", "raters")
    assert outcome.code == 2
    assert outcome.out == b""
    assert f"the model {ONE} predicts those of fer2013. Received: 'raters'" in outcome.err
    assert command("analyze", astronaut_path, "--model", ONE).json["labels"] == "fer2013"
    unknown = command("analyze", astronaut_path, "--labels", "experts")
    assert unknown.code == 2
    assert "invalid choice: 'experts'" in unknown.err


@pytest.mark.slow
def test_benchmark_times_a_head(command) -> None:
    line = ("benchmark", "--rounds", "1", "--detector", "haar")
    figures = command(*line, "--labels", "fer2013", "--json").json
    assert (figures["model"], figures["labels"]) == (TWO, "fer2013")
    outcome = command(*line, "--model", ONE, "--labels", "raters")
    assert outcome.code == 2
    assert "Received: 'raters'" in outcome.err


def test_evaluate_judges_the_head_of_the_labels(command) -> None:
    outcome = command("evaluate", "--dataset", "synthetic", "--labels", "fer2013", "--json")
    assert outcome.code == 0, outcome.err
    figures = outcome.json
    assert figures["threshold"] == HEADS["fer2013"].threshold
    resting = figures["resting_misread"]  # the drawn faces have votes
    assert 0 < resting["n_votes_8"] <= resting["n"] < figures["n"]
    assert 0 <= resting["majority"] <= 1
    assert set(figures["shifts"]) == {"box", "jpeg", "blur", "low-light", "small", "turned"}
    assert 0 <= figures["ece_shifted"] <= 1
    text = command("evaluate", "--dataset", "synthetic").out.decode()
    assert "on shifted faces" in text
    assert f"resting faces     {100 * resting['majority']:.1f} % of {resting['n']}" in text
    raters = command("evaluate", "--dataset", "synthetic", "--labels", "raters", "--json").json
    assert raters["threshold"] == HEADS["raters"].threshold


def test_models_tell_every_head(command) -> None:
    shown = command("models", "show", TWO).out.decode()
    for words in (
        "Answers (raters):",
        "Uncertain below 60 % (temperature 0.90)",
        "Answers (fer2013):",
        "Uncertain below 40 % (temperature 1.20)",
        "Recall (raters):",
        "happy 97 %",
        "Recall (fer2013):",
        "happy 91 %",
    ):
        assert words in shown
    card = command("models", "show", TWO, "--json").json
    assert set(card["heads"]) == {"raters", "fer2013"}
    lines = command("models", "list").out.decode().splitlines()
    (line,) = (line for line in lines if line.startswith(TWO))
    # Both heads' accuracy; misread faces and calibration of the head that answers.
    for figure in ("71.0 %", "88.0 %", "8.8 %", "4.4 %"):
        assert figure in line
    (line,) = (line for line in lines if line.startswith(ONE))
    assert ModelRegistry().card(ONE).test_figures("fer2013")["n"] == 3589
    assert "71.0 %" not in line


def test_the_library_takes_labels(astronaut_path: Path) -> None:
    from emotion_core import EmotionPipeline, analyze, load_model
    from emotion_core.errors import ModelError

    raters, fer2013 = (analyze(astronaut_path, labels=labels) for labels in ("raters", "fer2013"))
    assert (raters.labels, fer2013.labels) == ("raters", "fer2013")
    assert fer2013.to_dict()["labels"] == "fer2013"
    assert fer2013.to_frame()["labels"].tolist() == ["fer2013"]
    assert analyze(astronaut_path).to_dict() == raters.to_dict()
    opened = load_model(TWO, labels="fer2013")
    assert analyze(astronaut_path, model=opened).to_dict() == fer2013.to_dict()
    assert analyze(astronaut_path, model=opened, labels="fer2013").labels == "fer2013"
    with pytest.raises(ValueError, match="wanted fer2013, for which the model was opened"):
        analyze(astronaut_path, model=opened, labels="raters")
    with pytest.raises(ModelError, match="Received: 'raters'"):
        analyze(astronaut_path, model=ONE, labels="raters")
    pipeline = EmotionPipeline.load(labels="fer2013")
    assert analyze(astronaut_path, pipeline=pipeline).labels == "fer2013"
    with pytest.raises(ValueError, match="no other options beside it"):
        analyze(astronaut_path, pipeline=pipeline, labels="fer2013")
