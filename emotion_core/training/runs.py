"""What there is to know of every run, read from its folder. Needs no Keras."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_core.errors import TrainingError
from emotion_core.files.atomic_files import readable
from emotion_core.jobs.processes import is_alive, usage
from emotion_core.paths import runs_folder
from emotion_core.schema.validation import told
from emotion_core.training.failures import VANISHED
from emotion_core.training.run_folder import RunFolder, merit
from emotion_core.training.stages import earlier_stages, joined
from emotion_core.training.stored import read_card_story
from emotion_core.wording import epochs_text

if TYPE_CHECKING:
    import pandas as pd

#: A run is in one of these; ``shipped`` stands for the training of a model in ``models/``,
#: ``imported`` for one that was done elsewhere, and ``damaged`` for a folder whose settings or
#: state cannot be read.
STATES = ("queued", "running", "stopped", "failed", "done", "imported", "shipped", "damaged")

# Every run has one of these from its first moment on.
_OWN_FILES = ("config.json", "status.json", "history.csv")


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run at one moment.

    Attributes:
        name: of the folder.
        folder: of the run.
        state: one of ``STATES``. A run whose process has gone is ``failed``.
        config: everything in ``config.json``: the settings, data hash, git commit, versions.
        epoch: full epochs so far, without those of earlier stages.
        epochs: of the whole run.
        earlier: epochs of the stages before it (the runs whose checkpoint it was initialised
            from), oldest first.
        earlier_s: their training time.
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
        position: place in the queue from 1, 0 when not queued; known to ``RunQueue``.
        pid: process of a running run, else None.
        cpu_percent: of that process, 100 for one core; None when not running.
        rss_mb: its memory; None when not running.
        faults: {file: what is wrong with it}; what such a file would tell has its default.
    """

    name: str
    folder: Path
    state: str
    config: dict[str, Any] = field(default_factory=dict)
    epoch: int = 0
    epochs: int = 0
    earlier: tuple[int, ...] = ()
    earlier_s: float = 0.0
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
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0-1."""
        if not self.epochs:
            return 0.0
        part = self.batch / self.batches if self.batches else 0.0
        return min(1.0, (self.epoch + part) / self.epochs)

    @property
    def epochs_text(self) -> str:
        """``"2 of 4 epochs"``, with earlier stages ``"44 epochs (40 + 4)"``."""
        return epochs_text((*self.earlier, self.epoch), self.epochs)

    @property
    def can_resume(self) -> bool:
        """Whether it ended early and its files are there to go on from."""
        if "config.json" in self.faults or "history.csv" in self.faults:
            return False
        return self.state in ("stopped", "failed", "damaged")

    @property
    def problem(self) -> str:
        """All that is wrong with its files, as one text; empty when nothing is."""
        return " ".join(self.faults.values())

    @property
    def has_model(self) -> bool:
        """Whether there is something to evaluate or promote."""
        return "config.json" not in self.faults and RunFolder(self.folder).model.is_file()

    def history(self) -> "pd.DataFrame":
        """One row per full epoch that can be read, columns as in ``history.csv``.

        Empty before the first.
        """
        import pandas as pd

        rows, _ = _rows(RunFolder(self.folder))
        return pd.DataFrame(rows).astype({"epoch": int}) if rows else pd.DataFrame({"epoch": []})

    def whole_history(self) -> "pd.DataFrame":
        """As ``history``, with the earlier stages before it.

        ``epoch`` counts on, and ``stage`` says which one it is; without earlier stages there is no
        such column.
        """
        own, _ = _rows(RunFolder(self.folder))
        earlier = earlier_stages(self.folder, self.config) if self.earlier and own else ()
        return joined((*earlier, own)) if earlier else self.history()

    def log_tail(self, n: int = 20) -> str:
        """The last ``n`` lines of the log."""
        return RunFolder(self.folder).log_tail(n)


def list_runs(root: Path | None = None) -> tuple[RunInfo, ...]:
    """All runs of a folder, newest first.

    Args:
        root: folder of run folders. None: the one of ``EMOTION_LENS_HOME``.

    Raises:
        TrainingError: the folder itself cannot be read. A run that cannot is ``damaged``.
    """
    root = runs_folder() if root is None else root
    if not root.is_dir():
        return ()
    found = [read_run(folder) for folder in _run_folders(root)]
    return tuple(sorted(found, key=lambda run: (run.started, run.name), reverse=True))


def shipped_runs(*model_folders: Path) -> tuple[RunInfo, ...]:
    """The trainings of the models in folders of models, as far as their history came along.

    Of two models of one name, the one in the first folder counts.
    """
    found: dict[str, Path] = {}
    for folder in model_folders:
        for path in folder.glob("*/history.csv"):
            found.setdefault(path.parent.name, path.parent)
    return tuple(_shipped(found[name]) for name in sorted(found))


def _shipped(path: Path) -> RunInfo:
    folder, faults = RunFolder(path), Faults(path)
    card = faults.noting("card.json", lambda: read_card_story(path / "card.json"))
    training = card.get("training", {})
    config = {**training.get("recipe", {}), **_without(training, "recipe", "stages")}
    info = _read(folder, config, {"state": "shipped"}, faults)
    return replace(info, test_accuracy=card.get("metrics", {}).get("test"))


def read_run(path: Path) -> RunInfo:
    """One run. What cannot be read is left at its default and named in ``faults``."""
    folder, faults = RunFolder(path), Faults(path)
    config = faults.noting("config.json", folder.load_config)
    status = faults.noting("status.json", folder.load_status, state="damaged")
    info = _read(folder, config, status, faults)
    if info.state == "running":
        pid, started = int(status.get("pid") or 0), status.get("process_started")
        if is_alive(pid, started):
            used = usage(pid, started)
            return replace(
                info,
                pid=pid,
                cpu_percent=used.cpu_percent if used else None,
                rss_mb=used.rss_mb if used else None,
            )
        # It may have ended between the two looks.
        status = faults.noting("status.json", folder.load_status, state="damaged")
        if status.get("state") == "running":
            info = replace(info, state="failed", error=VANISHED, eta_s=None)
        else:
            config = faults.noting("config.json", folder.load_config)
            info = _read(folder, config, status, faults)
    return replace(info, state="damaged") if "config.json" in faults else info


class Faults(dict[str, str]):
    """What is wrong with the files of a folder, by file.

    Args:
        path: of the folder; it need not be said with each fault.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._folder = f"{readable(path)}{os.sep}"

    def noting(
        self, file: str, read: Callable[[], dict[str, Any]], **otherwise: Any
    ) -> dict[str, Any]:
        """What a reader gives; else the fault is noted, and ``otherwise`` comes back."""
        try:
            return read()
        except TrainingError as error:
            self[file] = str(error).replace(self._folder, "")
            return otherwise


def _run_folders(root: Path) -> list[Path]:
    """Folders that hold a run, or what is left of one."""
    try:
        paths = sorted(root.iterdir())
    except OSError as error:
        raise TrainingError(f"{readable(root)}: cannot be read: {error.strerror}.") from error
    found = []
    for path in paths:
        if path.name.startswith("."):
            continue  # of the queue, and half-made ones
        try:
            names = {file.name for file in path.iterdir()}
        except NotADirectoryError:
            continue
        except OSError:
            found.append(path)  # nobody may look into it, which is said of it
            continue
        if names.intersection(_OWN_FILES):
            found.append(path)
    return found


def _read(
    folder: RunFolder, config: dict[str, Any], status: dict[str, Any], faults: Faults
) -> RunInfo:
    rows: list[dict[str, float]] = []

    def read_rows() -> dict[str, Any]:
        found, wrong = folder.load_rows()
        rows.extend(found)
        if wrong:
            raise TrainingError(told("history.csv", wrong))
        return {}

    faults.noting("history.csv", read_rows)
    evaluation = faults.noting("evaluation.json", folder.load_evaluation)
    judged = [row for row in rows if not math.isnan(row.get("val_accuracy", math.nan))]
    best = max(judged, key=merit, default=None) or {}
    earlier = earlier_stages(folder.path, config)
    eta = status.get("eta_s")
    if status.get("state") != "running":
        eta = None
    elif eta is not None:
        eta = max(0.0, eta - (time.time() - (status.get("updated") or time.time())))
    speed = status.get("samples_per_s") or 0.0
    seconds = [row.get("seconds", math.nan) for row in rows]
    if not speed and rows and seconds[-1] > 0:
        speed = (config.get("n_training_images") or 0) / seconds[-1]
    return RunInfo(
        name=_shown_name(folder.path),
        folder=folder.path,
        state=str(status.get("state", "stopped")),
        config=config,
        epoch=len(rows),
        epochs=int(config.get("epochs", len(rows))),
        earlier=tuple(len(stage) for stage in earlier),
        earlier_s=sum(row["seconds"] for s in earlier for row in s if row.get("seconds", 0) > 0),
        batch=int(status.get("batch") or 0),
        batches=int(status.get("batches") or 0),
        eta_s=eta,
        error=str(status.get("error") or ""),
        samples_per_s=round(float(speed), 1),
        started=_started(folder, config),
        seconds=sum(value for value in seconds if value > 0),
        best_epoch=int(best.get("epoch", 0)),
        best_val_accuracy=best.get("val_accuracy"),
        test_accuracy=evaluation.get("test", {}).get("accuracy"),
        faults=faults,
    )


def _rows(folder: RunFolder) -> tuple[list[dict[str, float]], list[str]]:
    try:
        return folder.load_rows()
    except TrainingError:
        return [], []


def _shown_name(path: Path) -> str:
    """The folder's name as text that can be shown, also where its bytes are no valid UTF-8."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def _started(folder: RunFolder, config: dict[str, Any]) -> float:
    if config.get("created"):
        return float(config["created"])
    for path in (folder.config, folder.history, folder.status, folder.path):
        try:
            return path.stat().st_mtime
        except OSError:
            continue
    return 0.0


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}
