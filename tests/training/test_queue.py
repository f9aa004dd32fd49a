"""The queue: order, stop, resume and delete by hand; then real processes, one of them killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from emotion_core.datasets import EmotionDataset
from emotion_core.datasets.parquet_writer import write_dataset
from emotion_core.errors import JobError, TrainingError
from emotion_core.jobs.processes import (
    KILLED,
    is_alive,
    own_identity,
    reason_of_exit,
    usage,
)
from emotion_core.jobs.supervisor import Supervisor
from emotion_core.training.augmentation import Augmentation
from emotion_core.training.config import TrainingConfig
from emotion_core.training.failures import (
    OUT_OF_MEMORY,
    VANISHED,
    reason_of_death,
    reason_of_error,
)
from emotion_core.training.queue import RunQueue
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import RunInfo, list_runs, read_run, shipped_runs

CONFIG = TrainingConfig(
    architecture="emotion-cnn", epochs=3, batch_size=16, optimizer="adam", learning_rate=0.001
)
MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture
def queue(tmp_path: Path) -> RunQueue:
    """A queue that starts no processes."""
    return RunQueue(tmp_path / "runs", start=False)


def names(runs: tuple[RunInfo, ...]) -> list[str]:
    return [run.name for run in runs]


def test_runs_wait_in_the_order_that_they_came_in(queue: RunQueue) -> None:
    assert queue.runs() == ()
    for name in ("b", "a", "c"):
        folder = queue.enqueue(CONFIG, "synthetic", name)
    assert folder == queue.root / "c"
    assert names(queue.queued()) == ["b", "a", "c"]
    assert [run.position for run in queue.queued()] == [1, 2, 3]
    assert names(queue.runs()) == ["c", "a", "b"]
    run = queue.queued()[0]
    assert (run.state, run.epoch, run.epochs, run.config["dataset"]) == (
        "queued",
        0,
        3,
        "synthetic",
    )
    assert not run.has_model
    assert run.history().empty
    assert TrainingConfig.from_dict({k: run.config[k] for k in CONFIG.to_dict()}) == CONFIG


def test_moving_changes_the_order_and_stops_at_the_ends(queue: RunQueue) -> None:
    for name in "abc":
        queue.enqueue(CONFIG, "", name)
    queue.move("c", -1)
    assert names(queue.queued()) == ["a", "c", "b"]
    queue.move("a", 5)
    assert names(queue.queued()) == ["c", "b", "a"]
    queue.move("c", -1)
    assert names(queue.queued()) == ["c", "b", "a"]


def test_a_queued_run_can_be_stopped_resumed_and_deleted(queue: RunQueue) -> None:
    queue.enqueue(CONFIG, "", "a")
    queue.enqueue(CONFIG, "", "b")
    queue.stop("a")
    assert read_run(queue.root / "a").state == "stopped"
    with pytest.raises(TrainingError, match="neither waits nor runs"):
        queue.stop("a")
    with pytest.raises(TrainingError, match="not in the queue"):
        queue.move("a", 1)
    queue.resume("a")
    assert names(queue.queued()) == ["b", "a"]
    with pytest.raises(TrainingError, match="b is queued"):
        queue.resume("b")
    queue.delete("a")
    assert names(queue.runs()) == ["b"]


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "no spaces", "x" * 81])
def test_names_that_are_no_folder_names_are_refused(queue: RunQueue, name: str) -> None:
    with pytest.raises(TrainingError, match="name: wanted"):
        queue.enqueue(CONFIG, "", name)


def test_taken_and_unknown_names(queue: RunQueue) -> None:
    assert queue.enqueue(CONFIG).name == "emotion-cnn-1"
    assert queue.enqueue(CONFIG).name == "emotion-cnn-2"
    with pytest.raises(TrainingError, match="exists"):
        queue.enqueue(CONFIG, "", "emotion-cnn-1")
    for action in (queue.stop, queue.resume, queue.delete):
        with pytest.raises(TrainingError, match="There is no run"):
            action("../runs")


def test_a_run_whose_process_has_gone_is_failed(queue: RunQueue) -> None:
    folder = RunFolder(queue.enqueue(CONFIG, "", "a"))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for job in queue.board.jobs():
        queue.board.stop(job.id)
    folder.set_status("running", pid=ended.pid, eta_s=100)
    run = read_run(folder.path)
    assert (run.state, run.error, run.eta_s, run.pid) == ("failed", VANISHED, None, None)
    # The number lives on in another process, that began at another time.
    folder.set_status("running", process_started=1.0)
    assert read_run(folder.path).state == "failed"
    queue.resume("a")
    assert read_run(folder.path).state == "queued"


def test_a_running_run_shows_its_process(queue: RunQueue) -> None:
    folder = RunFolder(queue.enqueue(CONFIG, "", "a"))
    folder.set_status("running", batch=5, batches=10, eta_s=100, samples_per_s=200.5)
    folder.write_history([{"epoch": 1.0, "val_accuracy": 0.5, "seconds": 3.0}])
    run = read_run(folder.path)
    assert (run.state, run.pid, run.epoch, run.best_val_accuracy) == (
        "running",
        os.getpid(),
        1,
        0.5,
    )
    assert run.progress == pytest.approx(0.5)
    assert run.samples_per_s == 200.5
    assert run.eta_s is not None
    assert 90 < run.eta_s <= 100
    assert run.rss_mb is not None
    assert run.rss_mb > 10
    with pytest.raises(TrainingError, match="Stop it first"):
        queue.delete("a")


def test_log_tail_gives_the_last_lines(queue: RunQueue) -> None:
    folder = RunFolder(queue.enqueue(CONFIG, "", "a"))
    folder.log.write_text("".join(f"line {i}\n" for i in range(5000)))
    assert read_run(folder.path).log_tail(2) == "line 4998\nline 4999"


def test_a_folder_with_anything_in_it_can_be_listed(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    for name in ("config.json", "status.json", "history.csv"):
        (tmp_path / "broken" / name).write_text("{")
    assert names(list_runs(tmp_path)) == ["broken"]
    assert list_runs(tmp_path / "none") == ()


def test_shipped_models_bring_their_history() -> None:
    runs = {run.name: run for run in shipped_runs(MODELS)}
    run = runs["emotion-cnn"]
    assert run.state == "shipped"
    assert len(run.history()) == run.epoch == run.config["epochs"]
    assert run.best_val_accuracy is not None
    assert run.best_val_accuracy > 0.5
    assert run.test_accuracy is not None


def test_reasons_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason_of_exit(-9, oom_killed=False) == KILLED
    assert reason_of_death(reason_of_exit(-9, oom_killed=True)) == OUT_OF_MEMORY
    assert "signal 11" in reason_of_exit(-11, oom_killed=False)
    assert "exit code 2" in reason_of_exit(2, oom_killed=False)
    full = reason_of_error(OSError(28, "No space left on device"), tmp_path)
    assert full.startswith(f"The disk is full: {tmp_path} cannot be written; ")
    assert full.endswith("up to the last full epoch is kept. Free some space, then resume.")
    assert reason_of_error(MemoryError(), tmp_path) == OUT_OF_MEMORY
    assert reason_of_error(OSError("write failed"), tmp_path) == "OSError: write failed"
    usage_now = type(shutil.disk_usage(tmp_path))(1000, 900, 100)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage_now)
    assert "0.0 MB are free" in reason_of_error(OSError("write failed"), tmp_path)
    assert reason_of_error(ValueError("x"), tmp_path) == "ValueError: x"


def test_processes_are_told_apart() -> None:
    me = own_identity()
    assert is_alive(int(me["pid"]), me["process_started"])
    assert not is_alive(int(me["pid"]), me["process_started"] - 60)
    assert not is_alive(0)
    assert usage(2**30) is None
    used = usage(os.getpid())
    assert used is not None
    assert used.rss_mb > 10


@pytest.mark.slow
def test_a_run_that_cannot_begin_says_why(queue: RunQueue, tmp_path: Path) -> None:
    folder = queue.enqueue(CONFIG, tmp_path / "none.parquet", "a")
    assert Supervisor(queue.board.root, idle_s=0.1, report=lambda _: None).run()
    run = read_run(folder)
    assert run.state == "failed"
    assert "No data set at" in run.error
    (job,) = queue.board.jobs()
    assert (job.state, job.error) == ("failed", run.error)
    with pytest.raises(JobError, match="wanted the folder of the jobs"):
        Supervisor(tmp_path / "nowhere").run()


def test_what_an_older_version_queued_is_trained(queue: RunQueue) -> None:
    """Its queue stood in the run folders alone, with a position in each."""
    for name in ("a", "b"):
        queue.enqueue(CONFIG, "", name)
    shutil.rmtree(queue.board.root)
    assert [run.position for run in queue.queued()] == [0, 0]
    queue.ensure(queue.runs())
    assert names(queue.queued()) == ["a", "b"]
    assert [job.title for job in queue.board.queued()] == ["Train a", "Train b"]
    queue.ensure(queue.runs())
    assert len(queue.board.jobs()) == 2


def test_a_job_that_is_resumed_is_a_queued_run(queue: RunQueue) -> None:
    queue.enqueue(CONFIG, "", "a")
    queue.stop("a")
    (job,) = queue.board.jobs()
    queue.board.resume(job.id)
    assert names(queue.queued()) == ["a"]


def wait_until(ready: Callable[[], bool], seconds: float = 300) -> None:
    """Waits for something that another process does."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_queue_with_real_processes(shapes_set: EmotionDataset, tmp_path: Path) -> None:
    """Two runs, one after the other; the first is killed in mid-epoch and resumed."""
    dataset = tmp_path / "shapes.parquet"
    write_dataset(shapes_set, dataset)
    queue = RunQueue(tmp_path / "runs")
    many_steps = CONFIG.with_values({"batch_size": 2, "ema": 0.9, "augmentation": Augmentation()})
    first = RunFolder(queue.enqueue(many_steps, dataset, "first"))
    second = RunFolder(queue.enqueue(CONFIG.with_values({"epochs": 1}), dataset, "second"))
    try:
        wait_until(lambda: first.read_status().get("epoch") == 1 and "batch" in first.read_status())
        assert queue.board.supervisor_runs()
        assert not queue.board.ensure_supervisor()
        run = read_run(first.path)
        assert run.state == "running"
        assert run.pid is not None
        assert names(queue.queued()) == ["second"]
        os.kill(run.pid, signal.SIGKILL)
        wait_until(lambda: read_run(first.path).state == "failed")
        wait_until(lambda: first.read_status()["state"] == "failed")
        assert read_run(first.path).error.startswith((KILLED, OUT_OF_MEMORY))
        queue.resume("first")
        wait_until(lambda: read_run(second.path).state == "done")
        wait_until(lambda: read_run(first.path).state == "done")
        assert [row["epoch"] for row in first.read_history()] == [1, 2, 3]
        assert "Training on 280 images" in read_run(second.path).log_tail(20)
        evaluation = json.loads(first.evaluation.read_text())
        best = read_run(first.path).best_val_accuracy
        assert evaluation["validation"]["accuracy"] == pytest.approx(best, abs=1e-6)
    finally:
        for run in queue.runs():
            if run.pid:
                psutil.Process(run.pid).kill()
            elif run.state in ("queued", "running"):
                queue.stop(run.name)
    wait_until(lambda: not queue.board.supervisor_runs())
