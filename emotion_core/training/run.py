"""One training run, from settings to a run folder. Resumable after any interruption."""

import importlib.metadata
import os
import platform
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from emotion_core.datasets import EmotionDataset
from emotion_core.errors import Cancelled, TrainingError
from emotion_core.evaluation import evaluate_probabilities
from emotion_core.files.atomic_files import readable, write_json
from emotion_core.files.publishing import published_folder
from emotion_core.schema.validation import listed
from emotion_core.training.config import TrainingConfig
from emotion_core.training.data import labels_sha256, prepare, training_rows
from emotion_core.training.distribution import check_divides
from emotion_core.training.failures import reason_of_error
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.teachers import with_teachers
from emotion_core.training.tensorboard import check_package

__all__ = ["load_run_config", "resume_run", "start_run", "training_rows"]


def start_run(
    config: TrainingConfig,
    dataset: EmotionDataset,
    run_dir: Path,
    *,
    source: str = "",
    report: Callable[[str], None] = print,
) -> None:
    """Starts a new run.

    Args:
        config: its settings.
        dataset: what it is trained on.
        run_dir: the run folder to make.
        source: where the data set came from, to load it again on resume.
        report: gets one line of text per epoch.

    Raises:
        TrainingError: the folder already holds a run, or the data set cannot be used, or the
            package that writes logs for TensorBoard is missing.
        OutputError: the folder cannot be written.
        DiskFullError: there is no room for it.
    """
    check_package(config)
    folder = RunFolder(run_dir)
    if folder.config.exists():
        raise TrainingError(
            f"{run_dir} already holds a run. Give --resume to continue it, or another --run-dir."
        )
    settings = {**config.to_dict(), "dataset": source, "created": time.time()}
    if folder.path.exists():  # somebody made it for the run
        folder.create()
        write_json(folder.config, settings)
    else:
        with published_folder(folder.path) as new:
            RunFolder(new).create()
            write_json(RunFolder(new).config, settings)
    _execute(config, dataset, folder, report)


def resume_run(
    dataset: EmotionDataset,
    run_dir: Path,
    *,
    report: Callable[[str], None] = print,
    stop: Callable[[], bool] | None = None,
    on_status: Callable[[Mapping[str, Any]], None] | None = None,
) -> bool:
    """Goes on with a run after its last finished epoch.

    Args:
        dataset: what it is trained on.
        run_dir: its folder.
        report: gets one line of text per epoch.
        stop: asked between batches whether to stop; None: SIGINT and SIGTERM do it.
        on_status: is told what ``status.json`` says, whenever it changes.

    Returns:
        Whether it came to its end, rather than being stopped.

    Raises:
        TrainingError: no run there, it is complete, its files cannot be read, or the data set is
            another.
    """
    folder = RunFolder(run_dir, on_status=on_status)
    config, saved = load_run_config(run_dir)
    check_package(config)
    _check_history(folder)
    # A queued run that never began has no hash yet, an older one none of its labels.
    if (saved.get("dataset_sha256") or dataset.sha256) != dataset.sha256:
        raise TrainingError(
            f"{run_dir} was started with the data set {saved['dataset_sha256']}. "
            f"Received: {dataset.sha256}"
        )
    labels = labels_sha256(dataset)
    if (saved.get("labels_sha256") or labels) != labels:
        raise TrainingError(
            f"The corrections of the data set have changed since {run_dir} was started. Undo the "
            "changes, or start a new run."
        )
    folder.create()
    return _execute(config, dataset, folder, report, stop)


def load_run_config(run_dir: Path) -> tuple[TrainingConfig, dict[str, Any]]:
    """The settings of a run and everything in its ``config.json``.

    Raises:
        TrainingError: no run there, or its settings cannot be read.
    """
    folder = RunFolder(run_dir)
    if not os.path.lexists(folder.config):
        raise TrainingError(f"{run_dir}: wanted a run with config.json. There is none to read.")
    saved = folder.load_config()
    names = TrainingConfig().to_dict()
    settings = {name: value for name, value in saved.items() if name in names}
    return TrainingConfig.from_dict(settings, readable(folder.config)), saved


def _check_history(folder: RunFolder) -> None:
    """A run is resumed only with what tells which of its epochs was the best."""
    rows = folder.read_history()
    if rows and "val_accuracy" not in rows[0]:
        raise TrainingError(
            f"{readable(folder.history)}: wanted the column val_accuracy. Found: "
            f"{listed(rows[0])}. Start the run anew."
        )


def _provenance(dataset: EmotionDataset) -> dict[str, Any]:
    """What else decides a result: data, code and versions."""
    versions = {}
    for name in ("tensorflow", "jax", "keras", "numpy", "opencv-python-headless"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = ""
    return {
        "dataset_sha256": dataset.sha256,
        "labels_sha256": labels_sha256(dataset),
        "git_commit": commit,
        "versions": {"python": platform.python_version(), **versions},
        "machine": platform.machine(),
    }


def _execute(
    config: TrainingConfig,
    dataset: EmotionDataset,
    folder: RunFolder,
    report: Callable[[str], None],
    asked: Callable[[], bool] | None = None,
) -> bool:
    """Whether the run came to its end, rather than being stopped."""
    flag = _StopFlag()
    stop = flag if asked is None else asked
    folder.set_status("running", epoch=folder.epochs_done, epochs=config.epochs)
    try:
        with flag if asked is None else nullcontext():
            if "dataset_sha256" not in folder.read_config():
                folder.add_to_config(**_provenance(dataset))
            finished = _train(config, dataset, folder, report, stop)
    except BaseException as error:
        reason = reason_of_error(error, folder.path)
        folder.set_status("failed", epoch=folder.epochs_done, epochs=config.epochs, error=reason)
        if reason.startswith(type(error).__name__):
            raise
        raise TrainingError(reason) from error
    done = folder.epochs_done
    if not finished:
        folder.set_status("stopped", epoch=done, epochs=config.epochs)
        report(f"Stopped after {done} epochs. Continue with --resume.")
        return False
    folder.set_status("done", epoch=done, epochs=config.epochs, eta_s=0)
    return True


def _train(
    config: TrainingConfig,
    dataset: EmotionDataset,
    folder: RunFolder,
    report: Callable[[str], None],
    stop: Callable[[], bool],
) -> bool:
    """Whether the run came to its end, rather than being stopped."""
    check_divides(config)
    try:
        data = with_teachers(prepare(config, dataset), config, folder, report, stop)
    except Cancelled:
        return False
    folder.add_to_config(n_training_images=len(data.rows))
    report(f"Training on {len(data.rows)} images, choosing on {len(data.validation)}.")
    # Here, because Keras takes seconds to import.
    from emotion_core.classifiers.quiet import load_tensorflow

    load_tensorflow()
    from emotion_core.training.fit import fit_run

    try:
        fit_run(config, data, folder, report, stop)
    except Cancelled:
        return False
    folder.add_evaluation("validation", _judged(folder, data.validation))
    return True


def _judged(folder: RunFolder, validation: EmotionDataset) -> dict[str, Any]:
    """What the best epoch reaches on the split that it was chosen by."""
    from emotion_core.classifiers.export import KerasClassifier

    scores = KerasClassifier(folder.model, validation.label_set).predict(validation.images)
    return evaluate_probabilities(scores.probabilities, validation.labels, validation.label_set)


class _StopFlag:
    """True once SIGTERM or SIGINT came."""

    def __init__(self) -> None:
        self._asked = False
        self._previous: dict[int, Any] = {}

    def __call__(self) -> bool:
        return self._asked

    def __enter__(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._previous[number] = signal.signal(number, self._ask)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _ask(self, *_: object) -> None:
        self._asked = True
