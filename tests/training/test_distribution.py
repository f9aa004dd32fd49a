"""A run on two processes of this machine gives what one process gives. Needs JAX."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emotion_core.datasets import EmotionDataset
from emotion_core.datasets.parquet_writer import write_dataset
from emotion_core.errors import TrainingError
from emotion_core.training import distribution
from emotion_core.training.config import TrainingConfig
from emotion_core.training.distribution import Part, check_divides, join_cluster, own_folder
from emotion_core.training.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]


def test_rows_are_shared_out_once_each() -> None:
    rows = np.arange(12)
    parts = [rows[Part(i, 3).rows(12)] for i in range(3)]
    np.testing.assert_array_equal(np.concatenate(parts), rows)
    assert {len(part) for part in parts} == {4}


def test_batches_must_divide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution, "_part", Part(0, 3))
    check_divides(TrainingConfig(batch_size=96))
    with pytest.raises(TrainingError, match="multiple of the 3 processes"):
        check_divides(TrainingConfig(batch_size=128))


def test_only_process_0_writes_the_run_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    run.create()
    with own_folder(run.path) as mine:
        assert mine == run.path
    monkeypatch.setattr(distribution, "_part", Part(1, 2))
    with own_folder(run.path) as mine:
        assert mine != run.path
        assert (mine / "checkpoint").is_dir()
    assert not mine.exists()


def test_what_cannot_join_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TrainingError, match="wanted 0 to 1"):
        join_cluster("127.0.0.1:1", 2, 2)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    with pytest.raises(TrainingError, match="KERAS_BACKEND=jax"):
        join_cluster("127.0.0.1:1", 0, 2)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(TrainingError, match="pip install jax"):
        join_cluster("127.0.0.1:1", 0, 2)


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="pip install jax")
@pytest.mark.timeout(600)
def test_two_processes_give_what_one_gives(shapes_set: EmotionDataset, tmp_path: Path) -> None:
    """Start, then resume for one more epoch: dropout, averages and checkpoint are in it."""
    write_dataset(shapes_set, tmp_path / "shapes.parquet")
    config = TrainingConfig(
        architecture="emotion-cnn", epochs=2, batch_size=70, optimizer="adam", learning_rate=1e-3
    ).with_values({"ema": 0.5})
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps(config.to_dict()))

    def start(folder: str, *cluster: str) -> "subprocess.Popen[str]":
        line = [sys.executable, "-m", "emotion_core", "train", "--recipe", str(recipe)]
        line += ["--dataset", str(tmp_path / "shapes.parquet"), "--run-dir", str(tmp_path / folder)]
        return subprocess.Popen(
            [*line, *cluster],
            env={**os.environ, "KERAS_BACKEND": "jax"},
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    single = start("one")
    assert single.wait() == 0, single.communicate()[1]
    both = [
        start("two", "--coordinator", address, "--processes", "2", "--process", str(i))
        for i in range(2)
    ]
    said = [process.communicate()[1] for process in both]
    single.communicate()
    assert [process.returncode for process in both] == [0, 0], said
    one, two = (RunFolder(tmp_path / name) for name in ("one", "two"))
    assert [row["epoch"] for row in two.read_history()] == [1, 2]
    for row, other in zip(one.read_history(), two.read_history(), strict=True):
        for name in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"):
            assert other[name] == pytest.approx(row[name], abs=2e-3), name
    with np.load(one.checkpoint) as a, np.load(two.checkpoint) as b:
        for name in a.files:
            np.testing.assert_allclose(a[name], b[name], atol=2e-3)
    assert not list(tmp_path.glob("*.tmp"))
