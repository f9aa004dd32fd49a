"""Run folders whose files are damaged: that run says what is wrong, everything else works."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_core.errors import TrainingError
from emotion_core.jobs.processes import is_alive, usage
from emotion_core.training.config import TrainingConfig
from emotion_core.training.presets import PRESETS
from emotion_core.training.promote import promote_run
from emotion_core.training.queue import RunQueue
from emotion_core.training.run import load_run_config, resume_run
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import list_runs, read_run, shipped_runs

HISTORY = (
    "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n"
    "1,1.9,0.3,1.8,0.35,0.1,60\n"
    "2,1.5,0.45,1.6,0.425,0.05,60\n"
)
DEEP = "[" * 50_000 + "]" * 50_000
DEEP_ENOUGH = '{"a": ' * 300 + "1" + "}" * 300  # json takes it, a walk through it may not


def make_run(root: Path, name: str, state: str = "done", **config: Any) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({**PRESETS["smoke"].to_dict(), **config}))
    (folder / "status.json").write_text(json.dumps({"state": state}))
    (folder / "history.csv").write_text(HISTORY)
    return folder


def text(value: str | bytes | object) -> bytes:
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()


#: (file, its content, what the sentence says)
DAMAGES: tuple[tuple[str, object, str], ...] = (
    ("evaluation.json", {"test": 0.7}, "test: wanted an object"),
    ("evaluation.json", {"test": {"accuracy": "good"}}, "test.accuracy: wanted a number"),
    ("evaluation.json", {"test": {"accuracy": 7}}, "from 0 to 1. Received: 7"),
    ("evaluation.json", [1], "wanted an object"),
    ("evaluation.json", DEEP, "nested too deep"),
    ("evaluation.json", DEEP_ENOUGH, "nested too deep"),
    ("evaluation.json", b"\xff\xfe", "UTF-8"),
    ("evaluation.json", '{"test": {"accur', "wanted JSON"),
    ("evaluation.json", "", "wanted JSON"),
    ("config.json", {"epochs": None}, "epochs: wanted a whole number"),
    ("config.json", {"epochs": 1e300}, "epochs: wanted a whole number"),
    ("config.json", {"architecture": ["a"]}, "architecture: wanted one of"),
    ("config.json", {"created": 1e300}, "created: wanted a moment"),
    ("config.json", '{"created": NaN}', "created: wanted a moment"),
    ("config.json", {"augmentation": 5}, "augmentation: wanted an object"),
    ("config.json", {"versions": [1]}, "versions: wanted an object"),
    ("config.json", {"git_commit": {"a": 1}}, "git_commit: wanted a text"),
    ("config.json", '{"dataset": "\\ud800"}', "no text"),
    ("config.json", [], "wanted an object"),
    ("config.json", b"\xff", "UTF-8"),
    ("config.json", DEEP_ENOUGH, "nested too deep"),
    ("status.json", {"state": "running", "batch": "seven"}, "batch: wanted a whole number"),
    ("status.json", {"state": "running", "pid": -1}, "pid: wanted a whole number"),
    ("status.json", {"state": "running", "pid": 10**30}, "pid: wanted a whole number"),
    ("status.json", {"state": "dancing"}, "state: wanted one of"),
    ("status.json", {"state": ["done"]}, "state: wanted one of"),
    ("status.json", {"state": "running", "eta_s": "soon"}, "eta_s: wanted a number"),
    ("status.json", {"state": "queued", "position": "first"}, "position: wanted"),
    ("status.json", {"state": "failed", "error": {"a": 1}}, "error: wanted a text"),
    ("status.json", '{"state": "runn', "wanted JSON"),
    ("history.csv", HISTORY.replace("2,1.5", "nan,1.5"), "line 3, epoch: wanted a whole number"),
    ("history.csv", HISTORY.replace("2,1.5", "2.5,1.5"), "line 3, epoch: wanted a whole number"),
    ("history.csv", HISTORY.replace("0.35", ""), "line 2, val_accuracy: wanted a number"),
    ("history.csv", HISTORY.replace("0.35", "good"), "Received: 'good'"),
    ("history.csv", HISTORY.replace("0.35", "35"), "val_accuracy: wanted a number from 0 to 1"),
    ("history.csv", HISTORY.replace("0.05,60", "0.05,inf"), "seconds: wanted"),
    ("history.csv", HISTORY[:-10], "line 3, wanted 7 cells. Received: 5"),
    ("history.csv", HISTORY.replace("epoch,", "step,"), "wanted a table with the column epoch"),
    ("history.csv", HISTORY.replace("loss,acc", "epoch,acc"), "a name of its own"),
    ("history.csv", b"\xff\xfe" + HISTORY.encode(), "UTF-8"),
    ("history.csv", "", "an empty file"),
    ("history.csv", '"' + "x" * 200_000, "wanted"),
)  # fmt: skip


@pytest.mark.parametrize(("file", "content", "sentence"), DAMAGES)
def test_a_damaged_file_is_one_line_and_the_other_runs_are_read(
    tmp_path: Path, file: str, content: object, sentence: str
) -> None:
    make_run(tmp_path, "fine")
    (make_run(tmp_path, "broken") / file).write_bytes(text(content))
    runs = {run.name: run for run in list_runs(tmp_path)}
    assert set(runs) == {"fine", "broken"}
    assert (runs["fine"].problem, runs["fine"].best_val_accuracy) == ("", 0.425)
    assert list(runs["broken"].faults) == [file]
    assert sentence in runs["broken"].problem
    assert runs["broken"].problem.startswith(f"{file}: ")
    assert "\n" not in runs["broken"].problem
    assert len(runs["broken"].problem) < 1500
    if file in ("config.json", "status.json"):
        assert runs["broken"].state == "damaged"
    else:
        assert runs["broken"].state == "done"
    runs["broken"].history()
    assert 0 <= runs["broken"].progress <= 1


def test_all_faults_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "a")
    (folder / "config.json").write_text('{"epochs": null, "seed": 1.5, "created": "now"}')
    (folder / "status.json").write_text('{"state": "no", "pid": -1}')
    (folder / "history.csv").write_text("epoch,loss\nx,y\n1,z\n")
    (folder / "evaluation.json").write_text('{"test": 0.7, "validation": 1}')
    problem = read_run(folder).problem
    for name in (
        "epochs",
        "seed",
        "created",
        "state",
        "pid",
        "epoch",
        "loss",
        "test",
        "validation",
    ):
        assert f"{name}: wanted" in problem, name


def test_what_can_be_read_of_a_history_is_shown(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "a")
    (folder / "history.csv").write_text(HISTORY + "x,1,1,1,1,1,1\n4,1.2,,1.5,0.5,0.1,60\n")
    run = read_run(folder)
    assert (run.epoch, run.best_epoch, run.best_val_accuracy) == (3, 4, 0.5)
    assert run.history()["epoch"].tolist() == [1, 2, 4]
    assert "line 4, epoch: wanted" in run.problem
    assert "line 5, accuracy: wanted a number. Received: ''" in run.problem


def test_a_loss_that_ran_away_is_no_fault(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "a")
    (folder / "history.csv").write_text(HISTORY + "3,inf,0.1,nan,0.1,0.1,60\n")
    run = read_run(folder)
    assert (run.problem, run.epoch) == ("", 3)


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device", "dangling"])
@pytest.mark.parametrize("file", ["config.json", "status.json", "history.csv", "evaluation.json"])
def test_what_is_no_file_does_not_hang(
    tmp_path: Path, file: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_run(tmp_path / "runs", "broken") / file
    make_run(tmp_path / "runs", "fine")
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        monkeypatch.chdir(path.parent)  # the name of a socket must be short
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(file)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else tmp_path / "nothing")
    runs = {run.name: run for run in list_runs(tmp_path / "runs")}
    assert set(runs) == {"fine", "broken"}
    assert list(runs["broken"].faults) == [file]
    assert not runs["fine"].faults


@pytest.mark.parametrize("state", ["queued", "running", "stopped", "failed", "done"])
@pytest.mark.parametrize("content", ['{"epochs": null}', "", "[]"])
def test_a_run_without_settings_blocks_nobody(tmp_path: Path, state: str, content: str) -> None:
    queue = RunQueue(tmp_path, start=False)
    queue.enqueue(TrainingConfig(), "synthetic", "later")
    folder = make_run(tmp_path, "broken", state, position=-5)
    (folder / "config.json").write_text(content)
    assert [run.name for run in queue.queued()] == ["later"]
    with pytest.raises(TrainingError, match=r"broken is damaged\. config\.json: "):
        queue.resume("broken")
    with pytest.raises(TrainingError, match="neither waits nor runs"):
        queue.stop("broken")
    queue.delete("broken")
    assert [run.name for run in queue.runs()] == ["later"]


def test_a_damaged_state_is_mended_by_resuming(tmp_path: Path) -> None:
    queue = RunQueue(tmp_path, start=False)
    folder = make_run(tmp_path, "a", "stopped")
    for content in ('{"state": 5}', '{"state": "running", "pid": -1}'):
        (folder / "status.json").write_text(content)
        assert read_run(folder).can_resume
        queue.resume("a")
        assert [run.name for run in queue.queued()] == ["a"]
    (folder / "status.json").unlink()
    os.mkfifo(folder / "status.json")
    queue.resume("a")
    assert read_run(folder).state == "queued"


def test_a_position_that_is_none_does_not_stop_the_queue(tmp_path: Path) -> None:
    queue = RunQueue(tmp_path, start=False)
    (queue.enqueue(TrainingConfig(), "", "a") / "status.json").write_text(
        '{"state": "queued", "position": null}'
    )
    queue.enqueue(TrainingConfig(), "", "b")
    assert {run.name for run in queue.queued()} == {"a", "b"}
    queue.move("b", -1)


def test_the_parent_of_the_runs_cannot_be_deleted(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    queue = RunQueue(tmp_path / "runs", start=False)
    make_run(tmp_path / "runs", "a")
    for name in ("..", ".", ""):
        with pytest.raises(TrainingError, match="There is no run"):
            queue.delete(name)
    outside = make_run(tmp_path / "elsewhere", "kept")
    (tmp_path / "runs" / "link").symlink_to(outside)
    queue.delete("link")
    assert (outside / "config.json").is_file()


def test_damaged_runs_are_not_trained(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "runs", "broken", "queued")
    (folder / "config.json").write_text("{")
    queue = RunQueue(tmp_path / "runs", start=False)
    queue.ensure(queue.runs())
    assert queue.board.jobs() == ()


@pytest.mark.parametrize(
    ("file", "content"), [item[:2] for item in DAMAGES if item[0] in ("config.json", "history.csv")]
)
def test_resuming_and_promoting_say_what_is_wrong(
    tmp_path: Path, file: str, content: object, shapes_set: Any
) -> None:
    folder = make_run(tmp_path, "broken", "stopped", n_training_images=10)
    (folder / "model.keras").write_bytes(b"never opened")
    (folder / file).write_bytes(text(content))
    for action in (
        lambda: resume_run(shapes_set, folder, report=print),
        lambda: promote_run(
            folder, shapes_set, tmp_path / "models", "m", title="T", description="D"
        ),
    ):
        with pytest.raises(TrainingError, match=file):
            action()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 100, "pipe", "object", "many"])
def test_a_damaged_checkpoint_is_said(tmp_path: Path, content: bytes | str) -> None:
    folder = RunFolder(make_run(tmp_path, "a", "stopped"))
    folder.create()
    if isinstance(content, bytes):
        folder.checkpoint.write_bytes(content)
    elif content == "pipe":
        os.mkfifo(folder.checkpoint)
    else:
        values = [1, 2] if content == "many" else -3
        np.savez(folder.checkpoint, epochs_done=np.array(values))
    with pytest.raises(TrainingError, match=r"state\.npz"):
        _ = folder.epochs_done


def test_old_and_new_run_folders_are_read(tmp_path: Path) -> None:
    """Files as versions since the first wrote them: what is missing there is no fault."""
    old = tmp_path / "old"
    old.mkdir()
    (old / "config.json").write_text(
        json.dumps({"architecture": "compact", "epochs": 2, "augmentation": {"flip": True}})
    )
    (old / "history.csv").write_text("epoch,loss,accuracy,val_loss,val_accuracy\n1,1,0.2,1,0.3\n")
    newer = make_run(tmp_path, "newer", "done", a_setting_of_tomorrow={"x": [1]}, dataset=None)
    (newer / "status.json").write_text(
        json.dumps({"state": "done", "eta_s": 0, "error": None, "phase": 3})
    )
    (newer / "evaluation.json").write_text(
        json.dumps({"model": "m", "sha256": "ab", "test": {"accuracy": 0.5, "n": 3}})
    )
    runs = {run.name: run for run in list_runs(tmp_path)}
    assert [run.problem for run in runs.values()] == ["", ""]
    assert (runs["old"].state, runs["old"].best_val_accuracy) == ("stopped", 0.3)
    assert (runs["newer"].state, runs["newer"].test_accuracy) == ("done", 0.5)
    assert load_run_config(old)[0].epochs == 2
    checkpoint = RunFolder(old)
    checkpoint.create()
    checkpoint.keras_checkpoint.write_bytes(b"x")
    checkpoint.checkpoint_info.write_text('{"epochs_done": 2}')
    assert checkpoint.epochs_done == 2
    checkpoint.checkpoint_info.write_text('{"epochs_done": "two"}')
    with pytest.raises(TrainingError, match="epochs_done: wanted a whole number"):
        _ = checkpoint.epochs_done


CARDS: tuple[object, ...] = (
    {"training": 5}, {"training": {"recipe": [1]}}, {"metrics": {"test": 0.7}}, [], "x",
    {"training": {"recipe": {"epochs": None}}}, {"metrics": {"test": {"accuracy": "x"}}},
    {"metrics": {"validation": {"per_class": {"happy": 1}}}},
)  # fmt: skip


@pytest.mark.parametrize("card", CARDS)
def test_the_history_of_a_model_with_a_damaged_card(tmp_path: Path, card: object) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "history.csv").write_text(HISTORY)
    (folder / "card.json").write_text(json.dumps(card))
    (run,) = shipped_runs(tmp_path)
    assert list(run.faults) == ["card.json"]
    assert (run.epoch, run.best_val_accuracy, run.config) == (2, 0.425, {})


def test_the_shipped_models_have_no_faults() -> None:
    models = Path(__file__).resolve().parents[2] / "models"
    runs = shipped_runs(models)
    assert len(runs) >= 4
    assert [run.problem for run in runs] == [""] * len(runs)


@pytest.mark.parametrize("pid", [-1, 0, 10**20, 2**31])
def test_what_is_no_process_number_is_not_alive(pid: int) -> None:
    assert not is_alive(pid)
    assert usage(pid) is None


def test_a_name_that_is_no_valid_text_is_shown_and_can_be_deleted(tmp_path: Path) -> None:
    queue = RunQueue(tmp_path, start=False)
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        make_run(tmp_path, folder.name)
    except OSError:
        pytest.skip("this file system takes valid names only")
    (run,) = queue.runs()
    assert run.name == "caf\\xe9"
    queue.delete(run.name)
    assert queue.runs() == ()


def test_a_folder_of_something_else_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / ".half-made").mkdir()
    (tmp_path / ".half-made" / "config.json").write_text("{}")
    (tmp_path / "file.txt").write_text("x")
    assert list_runs(tmp_path) == ()
