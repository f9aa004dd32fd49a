"""What there is to know of every run, read from its folder. Needs no Keras."""

import math
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_core.home import runs_folder
from emotion_core.training.process import VANISHED, is_alive, usage
from emotion_core.training.run_folder import RunFolder, read_object

if TYPE_CHECKING:
    import pandas as pd

#: A run is in one of these; ``shipped`` stands for the training of a model in ``models/``.
STATES = ("queued", "running", "stopped", "failed", "done", "shipped")


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run at one moment.

    Attributes:
        name: of the folder.
        folder: of the run.
        state: one of ``STATES``. A run whose process has gone is ``failed``.
        config: everything in ``config.json``: the settings, data hash, git commit, versions.
        epoch: full epochs so far.
        epochs: of the whole run.
        batch: steps of the present epoch so far.
        batches: steps of an epoch, 0 before they are known.
        eta_s: seconds left, None when unknown or not running.
        error: why it failed, else empty.
        samples_per_s: images per second of the present or last epoch, 0 when unknown.
        started: Unix time at which it was made.
        seconds: training time of the full epochs.
        best_epoch: epoch with the best validation accuracy, 0 without any.
        best_val_accuracy: its validation accuracy, None without any.
        test_accuracy: ``test``, ``accuracy`` of ``evaluation.json``; None when not evaluated.
        position: place in the queue from 1, 0 when not queued.
        pid: process of a running run, else None.
        cpu_percent: of that process, 100 for one core; None when not running.
        rss_mb: its memory; None when not running.
    """

    name: str
    folder: Path
    state: str
    config: dict[str, Any] = field(default_factory=dict)
    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    eta_s: float | None = None
    error: str = ""
    samples_per_s: float = 0.0
    started: float = 0.0
    seconds: float = 0.0
    best_epoch: int = 0
    best_val_accuracy: float | None = None
    test_accuracy: float | None = None
    position: int = 0
    pid: int | None = None
    cpu_percent: float | None = None
    rss_mb: float | None = None

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0-1."""
        if not self.epochs:
            return 0.0
        part = self.batch / self.batches if self.batches else 0.0
        return min(1.0, (self.epoch + part) / self.epochs)

    @property
    def can_stop(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def can_resume(self) -> bool:
        return self.state in ("stopped", "failed")

    @property
    def has_model(self) -> bool:
        """Whether there is something to evaluate or promote."""
        return RunFolder(self.folder).model.is_file()

    def history(self) -> "pd.DataFrame":
        """One row per full epoch, columns as in ``history.csv``; empty before the first."""
        import pandas as pd

        rows = RunFolder(self.folder).read_history()
        return pd.DataFrame(rows).astype({"epoch": int}) if rows else pd.DataFrame({"epoch": []})

    def log_tail(self, n: int = 20) -> str:
        """The last ``n`` lines of the log."""
        return RunFolder(self.folder).log_tail(n)


def list_runs(root: Path | None = None) -> tuple[RunInfo, ...]:
    """All runs of a folder, newest first.

    Args:
        root: folder of run folders. None: the one of ``EMOTION_LENS_HOME``.
    """
    root = runs_folder() if root is None else root
    if not root.is_dir():
        return ()
    folders = [path.parent for path in root.glob("*/config.json")]
    found = [read_run(folder) for folder in folders]
    queued = sorted((run.position, run.name) for run in found if run.state == "queued")
    places = {name: i for i, (_, name) in enumerate(queued, 1)}
    placed = (replace(run, position=places.get(run.name, 0)) for run in found)
    return tuple(sorted(placed, key=lambda run: (run.started, run.name), reverse=True))


def shipped_runs(models_root: Path) -> tuple[RunInfo, ...]:
    """The trainings of the models in a folder of models, as far as their history came along."""
    found = []
    for history in sorted(models_root.glob("*/history.csv")):
        folder = RunFolder(history.parent)
        card = read_object(history.parent / "card.json")
        training = card.get("training", {})
        config = {**training.get("recipe", {}), **_without(training, "recipe")}
        test = card.get("metrics", {}).get("test", {})
        info = _from_history(history.parent, folder, config, {"state": "shipped"})
        found.append(replace(info, test_accuracy=test.get("accuracy")))
    return tuple(found)


def read_run(path: Path) -> RunInfo:
    """One run. What cannot be read is left at its default."""
    folder = RunFolder(path)
    status = folder.read_status()
    info = _from_history(path, folder, folder.read_config(), status)
    if info.state != "running":
        return info
    pid, started = int(status.get("pid") or 0), status.get("process_started")
    if not is_alive(pid, started):
        # It may have ended between the two looks.
        status = folder.read_status()
        if status.get("state") != "running":
            return _from_history(path, folder, folder.read_config(), status)
        return replace(info, state="failed", error=VANISHED, eta_s=None)
    used = usage(pid, started)
    return replace(
        info,
        pid=pid,
        cpu_percent=used.cpu_percent if used else None,
        rss_mb=used.rss_mb if used else None,
    )


def _from_history(
    path: Path, folder: RunFolder, config: dict[str, Any], status: dict[str, Any]
) -> RunInfo:
    rows = _rows(folder)
    judged = [row for row in rows if not math.isnan(row.get("val_accuracy", math.nan))]
    best = max(judged, key=lambda row: row["val_accuracy"], default={})
    eta = status.get("eta_s")
    if status.get("state") != "running":
        eta = None
    elif eta is not None:
        eta = max(0.0, eta - (time.time() - status.get("updated", time.time())))
    speed = status.get("samples_per_s", 0.0)
    if not speed and rows and rows[-1].get("seconds"):
        speed = config.get("n_training_images", 0) / rows[-1]["seconds"]
    return RunInfo(
        name=path.name,
        folder=path,
        state=str(status.get("state", "stopped")),
        config=config,
        epoch=len(rows),
        epochs=int(config.get("epochs", len(rows))),
        batch=int(status.get("batch", 0)),
        batches=int(status.get("batches", 0)),
        eta_s=eta,
        error=str(status.get("error") or ""),
        samples_per_s=round(float(speed), 1),
        started=_started(folder, config),
        seconds=sum(row.get("seconds", 0.0) for row in rows),
        best_epoch=int(best.get("epoch", 0)),
        best_val_accuracy=best.get("val_accuracy"),
        test_accuracy=read_object(folder.evaluation).get("test", {}).get("accuracy"),
        position=int(status.get("position", 0)),
    )


def _rows(folder: RunFolder) -> list[dict[str, float]]:
    try:
        return folder.read_history()
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _started(folder: RunFolder, config: dict[str, Any]) -> float:
    if "created" in config and isinstance(config["created"], int | float):
        return float(config["created"])
    for path in (folder.config, folder.history):
        if path.is_file():
            return path.stat().st_mtime
    return 0.0


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}
