"""A full disk: one sentence with the place and what is kept, whatever was being written."""

import re
import subprocess
import sys
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pytest
import skimage.data
from PIL import Image

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.cli import main
from emotion_core.datasets import Corrections, export_dataset, import_dataset, write_dataset
from emotion_core.datasets.audit import audit_dataset
from emotion_core.datasets.audit.storage import load_report, save_report
from emotion_core.errors import DiskFullError, OutputError, TrainingError
from emotion_core.evaluation import evaluated_model, test_set_log
from emotion_core.evaluation.cache import LogitsCache, images_key
from emotion_core.evaluation.predictor import Predictor
from emotion_core.evaluation.test_set_log import read_accesses, record_access
from emotion_core.files.atomic_files import full_disk_in_words
from emotion_core.jobs.supervisor import Supervisor
from emotion_core.training import promote
from emotion_core.training.callbacks import Record
from emotion_core.training.config import TrainingConfig
from emotion_core.training.history_store import imports_folder
from emotion_core.training.queue import RunQueue
from emotion_core.training.run import start_run
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import read_run
from pages.parts.history import history_import
from tests.files.conftest import SmallDisk
from tests.files.operations import NEW, OLD, build_model
from tests.training.conftest import draw_shapes

ROOT = Path(__file__).resolve().parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "filler")


def full(place: Path, kept: str = "") -> str:
    """Pattern of the sentence."""
    return rf"The disk is full: {re.escape(str(place))}\S* cannot be written; .*{kept}.*Free some"


def test_import_keeps_what_stood_there(disk: SmallDisk, tmp_path: Path) -> None:
    output = disk.path / "set.parquet"
    write_dataset(OLD.select(OLD.rows < 20), output)
    before = output.read_bytes()
    write_dataset(NEW, tmp_path / "new.parquet")
    disk.fill()
    with pytest.raises(DiskFullError, match=full(output, "Nothing was imported")):
        import_dataset(tmp_path / "new.parquet", output)
    assert output.read_bytes() == before
    assert names(disk.path) == ["set.parquet"]


def test_an_import_that_cannot_fit_ends_after_its_first_rows(
    real_disk: SmallDisk, tmp_path: Path
) -> None:
    write_dataset(draw_shapes(3500), tmp_path / "new.parquet")
    read: list[int] = []
    with pytest.raises(DiskFullError, match=r"2\.1 MB are free, \d\.\d MB are needed"):
        import_dataset(
            tmp_path / "new.parquet",
            real_disk.path / "set.parquet",
            progress=lambda done, total: read.append(done),
        )
    assert read[-1] <= 200
    assert names(real_disk.path) == []


@pytest.mark.parametrize("form", ["csv", "png-folders", "parquet"])
def test_an_export_that_cannot_fit_does_not_begin(real_disk: SmallDisk, form: str) -> None:
    told: list[int] = []
    with pytest.raises(DiskFullError, match=r"MB are free, \d+\.\d MB are needed. Nothing was exp"):
        export_dataset(
            draw_shapes(2100), form, real_disk.path / "out", progress=lambda n, _: told.append(n)
        )
    assert told == []
    assert names(real_disk.path) == []


@pytest.mark.parametrize("form", ["csv", "png-folders", "parquet"])
def test_export_leaves_nothing(disk: SmallDisk, form: str) -> None:
    disk.fill()
    with pytest.raises(DiskFullError, match=full(disk.path / "out", "Nothing was exported")):
        export_dataset(OLD, form, disk.path / "out")
    assert names(disk.path) == []


def test_corrections_keep_what_was_saved(disk: SmallDisk) -> None:
    write_dataset(OLD.select(OLD.rows < 20), disk.path / "set.parquet")
    first = Corrections.load(disk.path / "set.parquet")
    first.exclude([3])
    first.save()
    disk.fill()
    first.relabel(range(5000), "happy", why="so that it is longer than what is left of a block")
    with pytest.raises(DiskFullError, match=full(first.path, "The corrections saved before")):
        first.save()
    assert list(Corrections.load(disk.path / "set.parquet").current) == [3]


def test_adding_a_model(disk: SmallDisk, tmp_path: Path) -> None:
    build_model(tmp_path / "source", "compact")
    disk.fill()
    registry = ModelRegistry(disk.path / "models")
    registry.root.mkdir()
    with pytest.raises(DiskFullError, match="Nothing was added"):
        registry.add(tmp_path / "source")
    assert names(registry.root) == []


def test_a_model_that_cannot_fit_is_not_begun(real_disk: SmallDisk, tmp_path: Path) -> None:
    build_model(tmp_path / "source", "emotion-cnn")
    with pytest.raises(DiskFullError, match=r"2\.1 MB are free, 2\.4 MB are needed"):
        ModelRegistry(real_disk.path / "models").add(tmp_path / "source")


def test_promotion_keeps_the_run_and_the_old_model(
    real_disk: SmallDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = build_model(tmp_path / "old" / "mine", "compact")
    monkeypatch.setattr(
        promote, "_fill", lambda folder, *_, **__: build_model(folder, "emotion-cnn")
    )
    folder = RunFolder(tmp_path / "run")
    folder.create()
    (folder.path / "config.json").write_text('{"epochs": 1, "n_training_images": 7}')
    folder.write_history([{"epoch": 1, "val_accuracy": 0.5, "seconds": 2.0}])
    folder.model.write_bytes(b"a network")
    root = real_disk.path / "models"
    for target, kept in ((root, "The run is kept."), (tmp_path / "link", "model that was to be")):
        if target != root:
            target.mkdir()
            (target / "mine").symlink_to(real_disk.path / "mine")
            (real_disk.path / "mine").mkdir()
            (real_disk.path / "mine" / "card.json").write_text("{}")
        with pytest.raises(DiskFullError, match=kept):
            promote.promote_run(
                folder.path, OLD, target, "mine", title="M", description="M", replace=True,
                report=lambda line: None,
            )  # fmt: skip
    assert old.name == "mine"
    assert names(root) == []
    assert names(real_disk.path / "mine") == ["card.json"]


def test_runs_that_cannot_be_made_leave_the_others(disk: SmallDisk) -> None:
    queue = RunQueue(disk.path / "runs", start=False)
    queue.enqueue(TrainingConfig(), "synthetic", "first")
    disk.fill()
    with pytest.raises(DiskFullError, match=full(queue.root / "second", "The other runs are as")):
        queue.enqueue(TrainingConfig(), "synthetic", "second")
    with pytest.raises(DiskFullError):
        start_run(TrainingConfig(), OLD, queue.root / "third", report=lambda line: None)
    assert [found.name for found in queue.runs()] == ["first"]
    assert names(queue.root) == ["first"]
    queue.delete("first")
    assert names(queue.root) == []


def test_the_queue_says_that_it_waits_for_room(real_disk: SmallDisk) -> None:
    queue = RunQueue(real_disk.path / "runs", start=False)
    queue.enqueue(TrainingConfig(epochs=1), "synthetic", "one")
    assert queue.hindrance() == ""
    real_disk.fill()
    assert re.match(full(queue.root, "stay in the queue"), queue.hindrance())
    with pytest.raises(OutputError, match="The disk is full"):
        Supervisor(queue.board.root, idle_s=0.1, report=lambda line: None).run()
    assert [found.name for found in queue.queued()] == ["one"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_training_keeps_its_epochs_and_says_why_it_ended(real_disk: SmallDisk) -> None:
    folder = RunFolder(real_disk.path / "run")
    config = TrainingConfig(architecture="emotion-cnn", epochs=1, batch_size=70)
    with pytest.raises(TrainingError, match=full(folder.path)):
        start_run(config, draw_shapes(), folder.path, report=lambda line: None)
    found = read_run(folder.path)
    assert (found.state, found.can_resume) == ("failed", True)
    assert found.error.endswith("up to the last full epoch is kept. Free some space, then resume.")
    assert not list(folder.path.rglob(".*"))


def test_tensorboard_logs_that_do_not_fit_do_not_end_the_run(disk: SmallDisk) -> None:
    folder = RunFolder(disk.path / "run")
    folder.create()
    disk.fill()
    told: list[str] = []
    record = Record.__new__(Record)
    record._folder, record._report = folder, told.append
    record._write_logs([{"epoch": 1.0, "loss": 0.5, "seconds": 1.0}] * 300)
    assert len(told) == 1
    assert re.match(r"The TensorBoard logs lack epoch 300\. The disk is full: ", told[0])


def test_an_audit_that_cannot_be_kept(disk: SmallDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    from emotion_core.evaluation import audit

    report = audit_dataset(OLD)
    save_report(report, disk.path / "audits" / "one")
    disk.fill()
    with pytest.raises(DiskFullError, match=full(disk.path / "audits" / "one", "are not kept")):
        save_report(audit_dataset(NEW), disk.path / "audits" / "one")
    assert len(load_report(disk.path / "audits" / "one")) == len(report)
    monkeypatch.setenv("EMOTION_LENS_HOME", str(disk.path))
    told: list[str] = []
    found = audit.run_audit(OLD, audit.WITHOUT_MODEL, not_kept=told.append)
    assert len(found) == len(OLD)
    assert re.match(full(disk.path), told[0])
    with pytest.raises(DiskFullError):
        audit.run_audit(OLD, audit.WITHOUT_MODEL)


def test_answers_that_cannot_be_kept_are_given_all_the_same(disk: SmallDisk) -> None:
    model = evaluated_model(ModelRegistry(), "compact")
    disk.fill()
    told: list[str] = []
    cache = LogitsCache(disk.path / "evaluations", not_kept=told.append)
    asked = Predictor(model, OLD.label_set, cache)
    for condition in ("plain", "again"):
        found = asked.compute(OLD.images, images_key(OLD.images), condition)
        assert found.logits.shape == (len(OLD), 7)
    assert len(told) == 1, "said once"
    assert re.match(full(disk.path, "What was computed is not kept"), told[0])
    with pytest.raises(DiskFullError):
        Predictor(model, OLD.label_set, LogitsCache(disk.path / "x")).compute(
            OLD.images, images_key(OLD.images), "plain"
        )


def test_an_access_that_cannot_be_logged_damages_no_other(real_disk: SmallDisk) -> None:
    model = evaluated_model(ModelRegistry(), "compact")

    def access() -> None:
        record_access(
            by="page", model=model, dataset=OLD, split="test", labels="fer2013",
            folder=real_disk.path,
        )  # fmt: skip

    access()
    real_disk.fill()
    sentence = ""
    while not sentence:  # until what is left of the last block is full
        try:
            access()
        except DiskFullError as error:
            sentence = str(error)
    assert re.search(r"test_looks\.jsonl.*once the access is logged", sentence)
    noted = (real_disk.path / test_set_log.LOG_FILE).read_bytes()
    assert noted.endswith(b"}\n"), "no half line"
    (real_disk.path / "filler").unlink()
    access()
    assert len(read_accesses(OLD, folder=real_disk.path)) == noted.count(b"\n") + 1


def test_an_imported_history(disk: SmallDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(disk.path))
    table = pd.DataFrame({"loss": np.linspace(1, 0, 3000), "accuracy": 0.5})
    upload = ("theirs.csv", table.to_csv(index=False).encode())
    assert history_import._keep([upload]) == []
    disk.fill()
    (told,) = history_import._keep([("more.csv", upload[1])])
    assert re.match(full(imports_folder(), "histories imported before are kept"), told)
    assert names(imports_folder()) == ["theirs"]
    # No room even for the upload.
    monkeypatch.setattr(history_import, "scratch_folder", lambda: _no_room(disk.path))
    (told,) = history_import._keep([("more.csv", upload[1])])
    assert re.match(r"more\.csv: The disk is full: ", told)


def _no_room(folder: Path) -> object:
    from emotion_core.files.publishing import scratch_folder

    return scratch_folder(folder)


def _photos(folder: Path) -> Path:
    folder.mkdir()
    for number in range(3):
        Image.fromarray(skimage.data.astronaut()).save(folder / f"{number}.jpg", quality=95)
    return folder


def test_analyze_goes_on_without_annotated_photos(
    disk: SmallDisk, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    photos = _photos(tmp_path / "photos")
    (disk.path / "marked").mkdir()
    disk.fill()
    code = main(["analyze", str(photos), "--annotated", str(disk.path / "marked")])
    out, err = capfdbinary.readouterr()
    assert code == 1
    assert out.count(b'"source"') == 3
    text = err.decode()
    assert text.count("The disk is full") == 1
    assert "the results go on without pictures" in text
    assert "3 photos read, 3 faces found, 0 failed." in text
    assert names(disk.path / "marked") == []


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "parquet"])
def test_analyze_into_a_full_disk(
    form: str, real_disk: SmallDisk, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    photos = _photos(tmp_path / "photos")
    (real_disk.path / "out").write_text("before")
    real_disk.fill()
    code = main(["analyze", str(photos), "--format", form, "--output", str(real_disk.path / "out")])
    _, err = capfdbinary.readouterr()
    assert code == 2
    assert re.search(full(real_disk.path / "out", "as it was"), err.decode())
    assert err.count(b"\n") == 1, "one sentence"
    assert (real_disk.path / "out").read_text() == "before"


def _run(*line: str, **streams: IO[bytes] | int) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([sys.executable, "-m", "emotion_core", *line], cwd=ROOT, **streams)  # type: ignore[call-overload,no-any-return]


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
@pytest.mark.parametrize(
    "line", [["models", "list"], ["models", "show", "compact", "--json"], ["analyze", "PHOTOS"]]
)
def test_standard_output_on_a_full_disk(line: list[str], tmp_path: Path) -> None:
    arguments = [str(_photos(tmp_path / "photos")) if part == "PHOTOS" else part for part in line]
    with Path("/dev/full").open("wb") as nowhere:
        done = _run(*arguments, stdout=nowhere, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[-1] == (
        "python -m emotion_core: The disk is full. Free some space, then try again."
    )
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_log_on_a_full_disk_does_not_stop_the_work() -> None:
    with Path("/dev/full").open("wb") as nowhere:
        assert _run("models", "verify", stdout=subprocess.PIPE, stderr=nowhere).returncode == 0


def test_the_last_nets_know_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "x"
    error = OSError(28, "No space left on device", str(path))
    assert re.match(full(path), full_disk_in_words(error))
    later = RuntimeError("writer failed")
    later.__cause__ = error
    assert re.match(full(path), full_disk_in_words(later))
    assert full_disk_in_words(RuntimeError("other")) == ""
    assert full_disk_in_words(OSError(28, "No space left on device")).startswith("The disk is full")
