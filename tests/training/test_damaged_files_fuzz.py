"""Files of runs, recipes and histories, altered at random from a fixed seed: each is read or
refused with one sentence, and never ends in anything else.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_core.errors import TrainingError
from emotion_core.training.events import Scalar
from emotion_core.training.history_import import read_history
from emotion_core.training.presets import PRESETS, load_recipe
from emotion_core.training.run import load_run_config
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import read_run, shipped_runs
from emotion_core.training.tensorboard import write_scalars

CARD = Path(__file__).resolve().parents[2] / "models" / "compact" / "card.json"
ROUNDS = 150
HISTORY = (
    "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,val_f1_happy\n"
    "1,1.9,0.3,1.8,0.35,0.1,60,0.2\n2,1.5,0.45,1.6,0.425,0.05,60,0.4\n"
)
SETTINGS = {
    **PRESETS["compact"].to_dict(), "dataset": "synthetic", "created": 1.7e9,
    "n_training_images": 10, "git_commit": "ab", "versions": {"keras": "3"},
}  # fmt: skip
STATUS = {
    "state": "running", "pid": 1, "process_started": 1.0, "updated": 1.7e9, "epoch": 1,
    "epochs": 2, "batch": 3, "batches": 4, "samples_per_s": 10.5, "eta_s": 5, "error": "",
}  # fmt: skip
EVALUATION = {"validation": {"accuracy": 0.5}, "test": {"accuracy": 0.4, "n": 5}}
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2.5, 1e300, float("nan"), float("inf"), 10**40, "", "text", "\ud800", "\0",
    [], [1], [[]], {}, {"a": 1}, "=1", "a" * 5000, -0.0, "1",
)  # fmt: skip


def altered_value(value: Any, dice: random.Random) -> Any:
    """A value with one part somewhere replaced, dropped or doubled."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        key = dice.choice(list(value))
        changed = {**value, key: altered_value(value[key], dice)}
        if dice.random() < 0.1:
            del changed[key]
        return changed
    if isinstance(value, list | tuple) and value and dice.random() < 0.5:
        return [altered_value(value[0], dice), *value]
    return dice.choice(ODD)


def altered_bytes(data: bytes, dice: random.Random) -> bytes:
    """Bytes cut off, flipped, inserted or doubled."""
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        kind = dice.randrange(5)
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            data = data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
        elif kind == 2:
            data = data[:at] + dice.choice(
                (b"\xff", b",", b"\n", b'"', b"nan", b"-", b"9" * 400, b"[")
            )
        elif kind == 3:
            data = data[:at] + data[at // 2 :]
        else:
            data = data[:at] + data[at + dice.randint(1, 9) :]
    return data


def written(value: Any, dice: random.Random) -> bytes:
    changed = altered_value(value, dice) if dice.random() < 0.7 else value
    data = json.dumps(changed).encode()
    return data if changed is not value else altered_bytes(data, dice)


def refused_or_read(read: Callable[[], object]) -> None:
    try:
        read()
    except TrainingError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said
    assert len(said) < 3000
    said.encode("utf-8")


def test_run_folders(tmp_path: Path) -> None:
    dice = random.Random(16)
    folder = RunFolder(tmp_path / "run")
    folder.create()
    for _ in range(ROUNDS):
        folder.config.write_bytes(written(SETTINGS, dice))
        folder.status.write_bytes(written(STATUS, dice))
        folder.evaluation.write_bytes(written(EVALUATION, dice))
        folder.history.write_bytes(altered_bytes(HISTORY.encode(), dice))
        run = read_run(folder.path)
        run.problem.encode("utf-8")
        run.history()
        assert 0 <= run.progress <= 1
        for read in (
            lambda: load_run_config(folder.path),
            folder.read_history,
            folder.load_status,
            folder.load_evaluation,
        ):
            refused_or_read(read)


def test_checkpoints(tmp_path: Path) -> None:
    dice, folder = random.Random(17), RunFolder(tmp_path)
    folder.create()
    np.savez(folder.checkpoint, epochs_done=np.int64(3), weight_0=np.zeros(4))
    whole = folder.checkpoint.read_bytes()
    for _ in range(ROUNDS):
        folder.checkpoint.write_bytes(altered_bytes(whole, dice))
        refused_or_read(lambda: folder.epochs_done)


def test_recipes(tmp_path: Path) -> None:
    dice, path = random.Random(18), tmp_path / "recipe.json"
    for _ in range(ROUNDS):
        path.write_bytes(written({"preset": "compact", **PRESETS["compact"].to_dict()}, dice))
        refused_or_read(lambda: load_recipe(path))


def test_cards_of_models(tmp_path: Path) -> None:
    dice, folder = random.Random(19), tmp_path / "model"
    folder.mkdir()
    (folder / "history.csv").write_text(HISTORY)
    card = json.loads(CARD.read_text())
    card = {name: card[name] for name in ("training", "metrics")}
    for _ in range(ROUNDS):
        (folder / "card.json").write_bytes(written(card, dice))
        (run,) = shipped_runs(tmp_path)
        run.problem.encode("utf-8")


@pytest.mark.parametrize("name", ["a.csv", "a.json", "events.out.tfevents.1"])
def test_histories_from_elsewhere(tmp_path: Path, name: str) -> None:
    dice, path = random.Random(20), tmp_path / name
    if name == "a.csv":
        whole = HISTORY.encode()
    elif name == "a.json":
        whole = json.dumps({"loss": [1.0, 2.0], "accuracy": [0.1, 0.2], "lr": [1, 2]}).encode()
    else:
        write_scalars(
            path, [Scalar(f"epoch_{n}", i, 0.5) for i in range(3) for n in ("loss", "accuracy")]
        )
        whole = path.read_bytes()
    for _ in range(ROUNDS):
        path.write_bytes(
            written(json.loads(whole), dice) if name == "a.json" else altered_bytes(whole, dice)
        )
        refused_or_read(lambda: read_history(path))
