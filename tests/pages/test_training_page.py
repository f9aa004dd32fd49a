"""The training page without a browser and without training: what it starts, shows and asks."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion_core.classifiers.registry import MODELS_ROOT
from emotion_core.datasets import LABEL_SOURCES, build_synthetic, write_dataset
from emotion_core.errors import ModelError
from emotion_core.jobs import JobBoard, JobState
from emotion_core.jobs.store import JobFolder
from emotion_core.paths import HOME_ENV
from emotion_core.training.presets import PRESETS
from emotion_core.training.promotion import start_promotion
from emotion_core.training.queue import RunQueue
from emotion_core.training.runs import read_run
from pages.parts.common.settings import MODEL_KEY

ROOT = Path(__file__).resolve().parents[2]
HISTORY = """\
epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds
1,1.9,0.3,1.8,0.35,0.1,10
2,1.5,0.45,1.6,0.425,0.05,10
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh machine: no run, no data set, and nobody who trains."""
    monkeypatch.setenv(HOME_ENV, str(tmp_path))
    monkeypatch.delenv("EMOTION_LENS_DATASET", raising=False)
    monkeypatch.setattr(JobBoard, "ensure_supervisor", lambda board: False)
    yield tmp_path
    st.cache_resource.clear()


@pytest.fixture
def open_page() -> Iterator[Callable[[], AppTest]]:
    opened: list[AppTest] = []

    def open_now() -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        opened.append(app.switch_page("pages/training.py").run())
        return app

    yield open_now
    for app in opened:
        assert not app.exception


@pytest.fixture
def make_run(home: Path) -> Callable[..., Path]:
    """Makes a run folder in a state, without having trained."""

    def make(name: str, state: str, *, history: str = "", **status: Any) -> Path:
        folder = home / "runs" / name
        (folder / "checkpoint").mkdir(parents=True)
        config = {**PRESETS["smoke"].to_dict(), "dataset": "synthetic", "created": time.time()}
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "status.json").write_text(json.dumps({"state": state, **status}))
        if history:
            (folder / "history.csv").write_text(history)
        return folder

    return make


def _texts(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.header)
    parts = [element.value for kind in kinds for element in kind]
    return "\n".join([*parts, *(element.proto.body for element in app.get("html"))])


def _config(home: Path, run: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((home / "runs" / run / "config.json").read_text())
    return config


def test_a_fresh_machine_trains_on_drawn_faces_in_one_click(
    open_page: Callable[[], AppTest], home: Path
) -> None:
    app = open_page()
    assert "Nothing has been trained here yet" in _texts(app)
    app.button(key="train_first").click().run()
    (run,) = RunQueue().queued()
    assert _config(home, run.name)["dataset"] == "synthetic"
    assert _config(home, run.name)["architecture"] == PRESETS["smoke"].architecture
    assert "Nothing has been trained here yet" not in _texts(app)
    assert "Waiting: 1 run" in _texts(app)


def test_a_preset_fills_the_form_and_what_is_changed_is_trained(
    open_page: Callable[[], AppTest], home: Path
) -> None:
    app = open_page()
    app.segmented_control(key="train_preset").set_value("emotion-detection").run()
    assert app.number_input(key="train_epochs").value == 50
    assert app.selectbox(key="train_architecture").value == "emotion-cnn"
    app.number_input(key="train_epochs").set_value(7)
    app.slider(key="train_augmentation.mixup").set_value(0.2)
    app.number_input(key="train_seed").set_value(5).run()
    assert "You have changed settings since" in _texts(app)
    app.text_input(key="train_name").set_value("mine").run()
    app.button(key="train_start").click().run()
    config = _config(home, "mine")
    assert (config["epochs"], config["seed"], config["batch_size"]) == (7, 5, 64)
    assert config["augmentation"]["mixup"] == 0.2
    assert config["leak_free"] is False  # as the preset has it
    assert "**mine**" in _texts(app)


def test_settings_without_a_field_come_from_the_preset(
    open_page: Callable[[], AppTest], home: Path
) -> None:
    app = open_page()
    app.segmented_control(key="train_preset").set_value("compact").run()
    app.text_input(key="train_name").set_value("c").run()
    app.button(key="train_start").click().run()
    config, preset = _config(home, "c"), PRESETS["compact"]
    assert (config["ema"], config["progressive_resizing_px"]) == (
        preset.ema,
        preset.progressive_resizing_px,
    )


def test_labels_are_those_that_the_data_set_has(
    open_page: Callable[[], AppTest], home: Path
) -> None:
    app = open_page()
    app.segmented_control(key="train_preset").set_value("compact").run()
    assert app.selectbox(key="train_labels").options == ["FER-2013 (original)"]
    assert "You have changed settings since" not in _texts(app.run())
    drawn = build_synthetic(per_class=4)
    votes = np.zeros((len(drawn), 10), np.int64)
    votes[:, 0] = 10
    (home / "data").mkdir()
    write_dataset(replace(drawn, votes=votes), home / "data" / "voted.parquet")
    app = open_page()
    app.selectbox(key="train_dataset").set_value(str(home / "data" / "voted.parquet")).run()
    assert len(app.selectbox(key="train_labels").options) == len(LABEL_SOURCES)


def test_a_run_learns_from_other_networks(
    open_page: Callable[[], AppTest], make_run: Callable[..., Path], home: Path
) -> None:
    other = make_run("other", "done", history=HISTORY)
    (other / "model.keras").write_bytes(b"a network")
    kind = json.loads((other / "config.json").read_text())["architecture"]
    app = open_page()
    app.selectbox(key="train_architecture").set_value(kind).run()
    assert "other" in app.selectbox(key="train_init_from").options
    app.selectbox(key="train_init_from").set_value("other")
    app.multiselect(key="train_teachers").set_value(["compact", "other"])
    app.slider(key="train_teacher_weight").set_value(0.3)
    app.text_input(key="train_name").set_value("pupil").run()
    app.button(key="train_start").click().run()
    config = _config(home, "pupil")
    assert (config["init_from"], config["teacher_weight"]) == ("other", 0.3)
    assert config["teachers"] == ["compact", "other"]


def test_a_taken_name_is_said_and_nothing_is_lost(
    open_page: Callable[[], AppTest], make_run: Callable[..., Path]
) -> None:
    make_run("mine", "done", history=HISTORY)
    app = open_page()
    app.text_input(key="train_name").set_value("mine").run()
    app.button(key="train_start").click().run()
    assert any("A run named mine exists" in error.value for error in app.error)
    assert app.text_input(key="train_name").value == "mine"


def test_degraded_faces_mixed_precision_and_the_raters_teachers(
    open_page: Callable[[], AppTest], home: Path
) -> None:
    drawn = build_synthetic(per_class=4)
    votes = np.zeros((len(drawn), 10), np.int64)
    votes[:, 0] = 10
    (home / "data").mkdir()
    write_dataset(replace(drawn, votes=votes), home / "data" / "voted.parquet")
    app = open_page()
    app.selectbox(key="train_dataset").set_value(str(home / "data" / "voted.parquet")).run()
    assert "On other processors it is slower" in app.toggle(key="train_mixed_precision").help
    app.toggle(key="train_mixed_precision").set_value(True)
    app.slider(key="train_augmentation.degradation").set_value(0.3)
    assert "train_rater_teachers" not in {choice.key for choice in app.multiselect}
    app.selectbox(key="train_labels").set_value("multi-task").run()
    app.multiselect(key="train_rater_teachers").set_value(["compact"])
    app.multiselect(key="train_teachers").set_value(["emotion-cnn"])
    app.text_input(key="train_name").set_value("both").run()
    app.button(key="train_start").click().run()
    config = _config(home, "both")
    assert (config["labels"], config["mixed_precision"]) == ("multi-task", True)
    assert config["augmentation"]["degradation"] == 0.3
    assert (config["rater_teachers"], config["teachers"]) == (["compact"], ["emotion-cnn"])
    # With one head there is nobody whom they could teach.
    app.selectbox(key="train_labels").set_value("raters").run()
    app.text_input(key="train_name").set_value("one").run()
    app.button(key="train_start").click().run()
    assert _config(home, "one")["rater_teachers"] == []


def test_the_preview_follows_the_form(open_page: Callable[[], AppTest]) -> None:
    app = open_page()

    def picture() -> str:
        (image,) = app.get("image")
        return str(image.proto.imgs[0].url)

    before = picture()
    app.slider(key="train_augmentation.contrast").set_value(0.0).run()
    changed = picture()
    assert changed != before
    app.slider(key="train_augmentation.degradation").set_value(1.0).run()
    assert picture() != changed
    changed = picture()
    app.button(key="train_preview_more").click().run()
    assert picture() != changed


def test_waiting_runs_change_places_and_leave(
    open_page: Callable[[], AppTest], make_run: Callable[..., Path]
) -> None:
    for position, name in enumerate(("a", "b"), 1):
        make_run(name, "queued", position=position)
    app = open_page()
    app.button(key="up_b").click().run()
    assert [run.name for run in RunQueue().queued()] == ["b", "a"]
    app.button(key="out_b").click().run()
    assert [run.name for run in RunQueue().queued()] == ["a"]


def test_a_dead_run_says_why_and_can_be_resumed(
    open_page: Callable[[], AppTest], make_run: Callable[..., Path]
) -> None:
    make_run("dead", "running", history=HISTORY, pid=2**30, process_started=1.0)
    make_run("full", "failed", history=HISTORY, error="The disk is full.")
    app = open_page()
    assert "The process ended without a message" in _texts(app)
    assert "The disk is full." in _texts(app)
    app.button(key="resume_dead").click().run()
    assert [run.name for run in RunQueue().queued()] == ["dead"]


def test_deleting_asks_first(
    open_page: Callable[[], AppTest], make_run: Callable[..., Path]
) -> None:
    folder = make_run("old", "done", history=HISTORY)
    app = open_page()
    assert "Delete **old** with its weights and history?" in _texts(app)
    app.button(key="delete_old").click().run()
    assert not folder.exists()


def test_a_running_run_shows_its_figures_and_stops(
    open_page: Callable[[], AppTest], make_run: Callable[..., Path]
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        make_run(
            "now", "running", history=HISTORY, pid=process.pid, batch=3, batches=20,
            process_started=psutil.Process(process.pid).create_time(), eta_s=300,
            updated=time.time(), samples_per_s=321.4,
        )  # fmt: skip
        app = open_page()
        texts = _texts(app)
        for words in ("Training now", "5 min", "321 /s", "42.5 %", "validation, epoch 2"):
            assert words in texts
        assert len(app.get("vega_lite_chart")) == 2
        app.button(key="stop_now").click().run()
        assert process.wait(timeout=30) != 0
    finally:
        process.kill()
        process.wait()


def test_a_finished_run_is_offered_as_a_model_and_bad_names_are_refused(
    open_page: Callable[[], AppTest], make_run: Callable[..., Path]
) -> None:
    make_run("a", "done", history=HISTORY)
    with_model = make_run("Good-1", "done", history=HISTORY)
    (with_model / "model.keras").write_bytes(b"weights")
    app = open_page()
    assert app.text_input(key="promote_name_Good-1").value == "good-1"
    words = app.text_area(key="promote_words_Good-1").value
    assert "synthetic data set" in words
    assert not [button for button in app.button if button.key == "promote_a"]
    app.text_input(key="promote_name_Good-1").set_value("../up").run()
    app.button(key="promote_Good-1").click().run()
    assert any("lower-case letters" in error.value for error in app.error)
    app.text_input(key="promote_name_Good-1").set_value("compact").run()
    app.button(key="promote_Good-1").click().run()
    assert any("already is a model 'compact'" in error.value for error in app.error)


def test_a_promoted_run_leads_to_the_photos_page_with_its_model(
    open_page: Callable[[], AppTest],
    make_run: Callable[..., Path],
) -> None:
    folder = make_run("r", "done", history=HISTORY)
    (folder / "model.keras").write_bytes(b"weights")
    state = {"model": "emotion-cnn", "pid": 2**30, "started": 1.0}
    (folder / "promotion.json").write_text(json.dumps(state))
    assert (MODELS_ROOT / "emotion-cnn").is_dir()
    app = open_page()
    assert "Model **emotion-cnn** is in place" in _texts(app)
    app.button(key="photos_emotion-cnn").click().run()
    assert app.selectbox(key=MODEL_KEY).value == "emotion-cnn"


def test_a_failed_promotion_says_why(
    open_page: Callable[[], AppTest], make_run: Callable[..., Path]
) -> None:
    folder = make_run("r", "done", history=HISTORY)
    (folder / "model.keras").write_bytes(b"weights")
    board, run = RunQueue().board, read_run(folder)
    start_promotion(board, run, "never-made", "T", "D.", flip_tta=True)
    with pytest.raises(ModelError, match="is being promoted already"):
        start_promotion(board, run, "never-made", "T", "D.", flip_tta=True)
    (job,) = board.jobs()
    JobFolder(job.folder).write_status(JobState.FAILED, error="The exported model disagrees.")
    app = open_page()
    assert any("promoted. The exported model disagrees." in e.value for e in app.error)


DAMAGES = {
    "evaluation.json": '{"test": 0.7}',
    "config.json": '{"epochs": null}',
    "status.json": '{"state": "running", "pid": -1, "batch": "x"}',
    "history.csv": HISTORY.replace("0.425", ""),
    "promotion.json": '{"model": 5, "pid": "x"}',
}


@pytest.mark.parametrize("file", DAMAGES)
def test_a_damaged_run_is_one_line_and_the_others_stand(
    open_page: Callable[[], AppTest], make_run: Callable[..., Path], file: str
) -> None:
    make_run("fine", "done", history=HISTORY)
    make_run("waits", "queued", position=1)
    folder = make_run("broken", "done", history=HISTORY)
    (folder / file).write_text(DAMAGES[file])
    (folder / "model.keras").write_bytes(b"never opened")
    app = open_page()
    assert not app.error
    assert "**fine** · finished" in _texts(app)
    assert "Waiting: 1 run" in _texts(app)
    assert "**broken** · " in _texts(app)
    said = [warning.value for warning in app.warning]
    if file == "promotion.json":
        assert said == []  # nothing that anybody needs; the run can be promoted again
    else:
        assert len(said) == 1
        assert said[0].startswith(f"{file}: ")
    app.button(key="delete_broken").click().run()
    assert not folder.exists()


def test_the_form_takes_its_ranges_from_the_settings(open_page: Callable[[], AppTest]) -> None:
    app = open_page()
    epochs = app.number_input(key="train_epochs")
    assert (epochs.min, epochs.max) == (1, 10_000)
    rate = app.number_input(key="train_learning_rate")
    assert (rate.min, rate.max) == (1e-12, 10)
    assert app.slider(key="train_augmentation.shift").max == 0.3


@pytest.mark.slow
def test_the_networks_sizes_are_true(open_page: Callable[[], AppTest]) -> None:
    from emotion_core.classifiers.architectures import ARCHITECTURES, build_model

    said = open_page().selectbox(key="train_architecture").help
    millions = {name: build_model(name).count_params() / 1e6 for name in ARCHITECTURES}
    sizes = (f"{name} {m:.1f}" if m > 0.1 else f"{name} {m:.2f}" for name, m in millions.items())
    assert f"in millions: {', '.join(sizes)}." in said
