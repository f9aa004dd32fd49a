"""Real runs on drawn shapes: they learn, repeat, stop, resume and become a model."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_core.classifiers.export import export_litert
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.datasets import TEST, TRAINING, EmotionDataset
from emotion_core.errors import ModelError, TrainingError
from emotion_core.training.augmentation import Augmentation
from emotion_core.training.config import TrainingConfig
from emotion_core.training.promote import promote_run
from emotion_core.training.run import resume_run, start_run, training_rows
from emotion_core.training.run_folder import RunFolder, merit
from emotion_core.training.runs import read_run, shipped_runs
from tests.training.conftest import draw_shapes

# Keras 3.15 saves TensorFlow variables in a way that NumPy 2 warns about.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # TensorFlow builds a graph per run; with every core taken that alone takes minutes.
    pytest.mark.timeout(900),
]

CONFIG = TrainingConfig(
    architecture="emotion-cnn",
    epochs=4,
    batch_size=16,
    optimizer="adam",
    learning_rate=0.001,
    ema=0.9,
    augmentation=Augmentation(flip=False, rotation_deg=3, shift=0.02, scale=0.02),
)


def quiet(_: str) -> None:
    pass


def history(folder: Path) -> list[dict[str, float]]:
    """Without the time, which differs from run to run."""
    rows = RunFolder(folder).read_history()
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


def same_weights(one: Path, other: Path) -> bool:
    """Whether two runs ended with the same bits: weights, averages and optimizer."""
    with np.load(RunFolder(one).checkpoint) as a, np.load(RunFolder(other).checkpoint) as b:
        return a.files == b.files and all(np.array_equal(a[name], b[name]) for name in a.files)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "straight"
    start_run(CONFIG, draw_shapes(), path, report=quiet)
    return path


@pytest.mark.slow
def test_a_run_learns_and_leaves_its_files(run_dir: Path) -> None:
    rows = history(run_dir)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert rows[-1]["loss"] < 0.7 * rows[0]["loss"]
    assert rows[-1]["learning_rate"] < rows[0]["learning_rate"]
    status = json.loads((run_dir / "status.json").read_text())
    assert status["state"] == "done"
    config = json.loads((run_dir / "config.json").read_text())
    assert config["n_training_images"] == 280
    assert config["dataset_sha256"] == "shapes"
    assert config["versions"]["keras"]
    assert (run_dir / "model.keras").is_file()


@pytest.mark.slow
def test_a_folder_with_a_run_is_not_overwritten(run_dir: Path) -> None:
    with pytest.raises(TrainingError, match="already holds a run"):
        start_run(CONFIG, draw_shapes(), run_dir, report=quiet)


@pytest.mark.slow
def test_stop_and_resume_give_what_an_uninterrupted_run_gives(
    run_dir: Path, tmp_path: Path
) -> None:
    """SIGTERM in the middle of an epoch, then resume: the same history, the same bits."""
    folder = tmp_path / "cut"

    def stop_after_first_epoch(line: str) -> None:
        if line.startswith("epoch 1/"):
            os.kill(os.getpid(), signal.SIGTERM)

    start_run(CONFIG, draw_shapes(), folder, report=stop_after_first_epoch)
    assert json.loads((folder / "status.json").read_text())["state"] == "stopped"
    first = history(folder)
    assert [row["epoch"] for row in first] == [1]
    assert first[0] == history(run_dir)[0]
    resume_run(draw_shapes(), folder, report=quiet)
    assert history(folder) == history(run_dir)
    assert json.loads((folder / "status.json").read_text())["state"] == "done"
    assert same_weights(folder, run_dir)


@pytest.mark.slow
def test_mixed_precision_resumes_as_exactly_and_serves_plain_weights(
    run_dir: Path, tmp_path: Path
) -> None:
    import keras

    from emotion_core.classifiers.export import load_keras
    from emotion_core.training import fit

    config, data = CONFIG.with_values({"mixed_precision": True, "epochs": 2}), draw_shapes(210)
    if not fit._calculates_in_bfloat16():
        with pytest.raises(TrainingError, match="mixed_precision: wanted a graphics card"):
            start_run(config, data, tmp_path / "refused", report=quiet)
        pytest.skip("no bfloat16 here; ONEDNN_MAX_CPU_ISA=ALL tries it where the processor has it")
    start_run(config, data, tmp_path / "straight", report=quiet)
    cut = tmp_path / "cut"

    def stop_after_first_epoch(line: str) -> None:
        if line.startswith("epoch 1/"):
            os.kill(os.getpid(), signal.SIGTERM)

    start_run(config, data, cut, report=stop_after_first_epoch)
    assert len(history(cut)) == 1
    resume_run(data, cut, report=quiet)
    assert history(cut) == history(tmp_path / "straight")
    assert same_weights(cut, tmp_path / "straight")
    assert history(cut)[-1]["loss"] < history(cut)[0]["loss"]
    # Only while it is built: what is made next calculates as always.
    assert keras.config.dtype_policy().name == "float32"
    model = load_keras(cut / "model.keras")
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert model.get_layer("logits").compute_dtype == "float32"


def test_the_best_epoch_is_that_of_the_mean_of_both_heads() -> None:
    assert merit({"val_accuracy": 0.6}) == 0.6
    assert merit({"val_accuracy": 0.6, "val_raters_accuracy": 0.8}) == pytest.approx(0.7)
    rows = [
        {"val_accuracy": 0.7, "val_raters_accuracy": 0.5},
        {"val_accuracy": 0.65, "val_raters_accuracy": 0.9},
    ]
    assert max(rows, key=merit) is rows[1]


@pytest.mark.slow
def test_resume_wants_the_same_data(run_dir: Path) -> None:
    data = draw_shapes(seed=1)
    other = EmotionDataset(data.images, data.labels, data.usage, data.votes, data.rows, "other")
    with pytest.raises(TrainingError, match="started with the data set shapes"):
        resume_run(other, run_dir, report=quiet)


def test_resume_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"wanted a run with config\.json"):
        resume_run(draw_shapes(), tmp_path / "none", report=quiet)


def test_a_failing_run_is_marked_failed(tmp_path: Path) -> None:
    data = draw_shapes()
    only_training = data.select(data.usage == TRAINING)
    with pytest.raises(TrainingError, match="Wanted images in Training and PublicTest"):
        start_run(CONFIG, only_training, tmp_path / "run", report=quiet)
    status = json.loads((tmp_path / "run" / "status.json").read_text())
    assert status["state"] == "failed"
    assert "PublicTest" in status["error"]


def test_leak_free_drops_exact_and_mirrored_copies() -> None:
    data = draw_shapes()
    images = data.images.copy()
    images[0] = images[300]
    images[1] = images[400][:, ::-1]
    leaky = EmotionDataset(images, data.labels, data.usage, data.votes, data.rows, "shapes")
    assert training_rows(leaky, leak_free=False).rows.tolist() == list(range(280))
    assert training_rows(leaky, leak_free=True).rows.tolist() == list(range(2, 280))


@pytest.mark.slow
def test_promoted_run_is_a_whole_model(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    card = promote_run(
        run_dir,
        draw_shapes(),
        tmp_path,
        "shapes",
        title="Shapes",
        description="Tells bars apart.",
        flip_tta=False,
        report=quiet,
    )
    registry = ModelRegistry(tmp_path)
    assert registry.verify("shapes") == []
    assert registry.card("shapes") == card
    assert card.metrics["test"]["n"] == 70
    assert card.training["parity_agreement"] >= 0.98
    assert list(card.heads) == ["fer2013"]
    assert card.head().temperature > 0
    assert 0 <= card.metrics["test"]["ece_shifted"] <= 1
    assert card.metrics["test"]["resting_misread"] is None  # nobody voted
    data = draw_shapes().split(TEST)
    scores = registry.open("shapes").predict(data.images)
    accuracy = float((scores.labels == data.labels).mean())
    assert accuracy == pytest.approx(card.metrics["test"]["accuracy"])
    assert read_run(run_dir).test_accuracy == pytest.approx(accuracy)
    assert "Shapes" in (tmp_path / "shapes" / "README.md").read_text()
    with pytest.raises(ModelError, match="exists"):
        promote_run(
            run_dir, draw_shapes(), tmp_path, "shapes", title="S", description="S", report=quiet
        )


@pytest.mark.slow
def test_a_served_network_that_contradicts_the_trained_one_is_refused(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))

    def export_another(model: Any, path: Path) -> Path:
        import keras

        another = keras.models.clone_model(model)
        another.set_weights([-weights for weights in model.get_weights()])
        return export_litert(another, path)

    monkeypatch.setattr("emotion_core.classifiers.export.export_litert", export_another)
    with pytest.raises(ModelError, match="contradicts the trained one on at most 2 %"):
        promote_run(
            run_dir, draw_shapes(), tmp_path, "wrong", title="W", description="W", report=quiet
        )
    assert not (tmp_path / "wrong").exists()


@pytest.mark.slow
def test_a_promoted_fine_tuning_keeps_its_base_stage(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    base, tuned = len(history(run_dir)), tmp_path / "tuned"
    start_run(
        CONFIG.with_values({"epochs": 1, "init_from": str(run_dir)}),
        draw_shapes(), tuned, report=quiet,
    )  # fmt: skip
    assert read_run(tuned).epochs_text == f"{base + 1} epochs ({base} + 1)"
    card = promote_run(
        tuned, draw_shapes(), tmp_path / "models", "bars", title="B", description="B", report=quiet
    )
    assert card.training["stages"] == [base, 1]
    (shipped,) = shipped_runs(tmp_path / "models")
    assert shipped.epochs_text == f"{base + 1} epochs ({base} + 1)"
    whole = shipped.whole_history()
    assert whole["val_accuracy"].tolist()[:base] == pytest.approx(
        [row["val_accuracy"] for row in history(run_dir)]
    )
    assert whole["stage"].tolist() == [1] * base + [2]
    text = (tmp_path / "models" / "bars" / "README.md").read_text()
    assert f"for {base + 1} epochs ({base} + 1)" in text


@pytest.mark.slow
def test_faces_grow_in_the_last_epochs_and_signal_handlers_are_put_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    resizing = CONFIG.with_values(
        {
            "architecture": "mini-xception",
            "epochs": 2,
            "progressive_resizing_px": 40,
            "full_size_fraction": 0.5,
        }
    )
    start_run(resizing, draw_shapes(210), tmp_path / "run", report=quiet)
    assert [row["epoch"] for row in history(tmp_path / "run")] == [1, 2]
    assert signal.getsignal(signal.SIGTERM) == before
