"""Killed at every step: what is found afterwards is the old or the new, whole, and it loads."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.datasets import load_dataset
from emotion_core.datasets.audit.quality import picture_quality
from emotion_core.datasets.audit.storage import load_report
from emotion_core.files.unfinished import clean_below
from emotion_core.training.queue import RunQueue
from emotion_core.training.run import load_run_config
from emotion_core.training.runs import list_runs, read_run, shipped_runs
from tests.files.operations import NEW, OLD

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process per step"),
]
ROOT = Path(__file__).resolve().parents[2]
#: What is found in a folder: "old", "new" or "" for neither.
Look = Callable[[Path], str]


def state_of_model(folder: Path) -> str:
    registry = ModelRegistry(folder / "models")
    if not registry.names():
        return ""
    assert registry.names() == ("mine",)
    assert registry.verify("mine") == []
    card = registry.card("mine")
    assert len(registry.open("mine").predict(np.zeros((2, 48, 48), np.uint8))) == 2
    files = {path.name for path in (registry.root / "mine").iterdir()}
    readme = (registry.root / "mine" / "README.md").read_text()
    assert f"`{card.architecture}`" in readme
    assert len(shipped_runs(registry.root)) == 0  # what is hidden is no model
    if card.architecture == "emotion-cnn":
        assert files == {"card.json", "model.tflite", "README.md"}, "left over from the old network"
        return "new"
    assert files >= {"card.json", "model.tflite"}
    return "old" if "recipe.json" in files else "added"


def state_of_data(folder: Path) -> str:
    found = load_dataset(folder / "data" / "set.parquet").images
    return {OLD.images.tobytes(): "old", NEW.images.tobytes(): "new"}[found.tobytes()]


def state_of_export(folder: Path) -> str:
    if not (folder / "exports" / "faces").exists():
        return ""
    pictures = sorted((folder / "exports" / "faces").rglob("*.png"))
    assert len(pictures) == 5
    assert all(path.read_bytes().endswith(b"IEND\xaeB`\x82") for path in pictures)
    return "new"


def state_of_run(folder: Path) -> str:
    runs = list_runs(folder / "runs")
    if not runs:
        assert not (folder / "runs" / "one").exists(), "a name that is taken by nothing"
        return ""
    assert [run.name for run in runs] == ["one"]
    load_run_config(folder / "runs" / "one")
    return "new"


def state_of_queue(folder: Path) -> str:
    found = state_of_run(folder)
    if found:
        assert [run.name for run in RunQueue(folder / "runs", start=False).queued()] == ["one"]
    return found


def state_of_history(folder: Path) -> str:
    path = folder / "data" / "histories" / "theirs"
    if not path.exists():
        return ""
    run = read_run(path)
    assert (run.state, run.epoch, len(run.history())) == ("imported", 1, 1)
    return "new"


def state_of_audit(folder: Path) -> str:
    brightness = load_report(folder / "audits" / "one").rows["brightness"].to_numpy()
    kept = {
        "old": picture_quality(OLD.images).brightness,
        "new": picture_quality(NEW.images).brightness,
    }
    return next(name for name, values in kept.items() if np.array_equal(values, brightness))


@pytest.mark.parametrize(
    ("name", "look", "states"),
    [
        ("add", state_of_model, {"", "added"}),
        ("promote", state_of_model, {"old", "new"}),
        pytest.param(
            "promote in two steps", state_of_model, {"old", "new"}, marks=pytest.mark.long
        ),
        ("import", state_of_data, {"old", "new"}),
        ("export", state_of_export, {"", "new"}),
        ("enqueue", state_of_queue, {"", "new"}),
        ("start", state_of_run, {"", "new"}),
        ("delete", state_of_queue, {"", "new"}),
        ("keep history", state_of_history, {"", "new"}),
        ("audit", state_of_audit, {"old", "new"}),
    ],
)
def test_a_kill_at_any_step_leaves_the_old_or_the_new(
    name: str, look: Look, states: set[str], tmp_path: Path
) -> None:
    line = [sys.executable, "-m", "tests.files.operations", name, str(tmp_path)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    folders = sorted(tmp_path.iterdir())
    assert len(folders) > 3
    found = []
    for folder in folders:
        # As the next start of the app: nobody writes here any more.
        if name != "promote in two steps":  # a look at the models is enough for that
            clean_below(folder)
        found.append(look(folder))
        clean_below(folder)
        left = [path for path in folder.rglob("*") if ".emotion-lens-" in path.name]
        assert left == [], f"killed at step {folder.name}"
    assert set(found) == states
    assert found[0] != found[-1]
