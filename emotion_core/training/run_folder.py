"""The files of a run: settings, status, history, log. A reader never sees half a file."""

import os
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emotion_core.errors import OutputError, TrainingError
from emotion_core.files.atomic_files import make_folder, readable, write_atomic, write_json
from emotion_core.files.outside_files import open_regular, tail_of
from emotion_core.files.unfinished import clean_below
from emotion_core.jobs.processes import own_identity
from emotion_core.schema.validation import told
from emotion_core.schema.value_types import WholeNumber
from emotion_core.training.config import MAX_EPOCHS
from emotion_core.training.stored import (
    StoredCheckpoint,
    StoredEvaluation,
    StoredStatus,
    read_config,
    read_rows,
    read_stored,
)

#: What NumPy raises for a file of arrays that is cut, altered or something else.
CHECKPOINT_ERRORS = (
    OSError, KeyError, ValueError, TypeError, EOFError, MemoryError, RuntimeError,
    AttributeError, zipfile.BadZipFile, zlib.error, SyntaxError,
)  # fmt: skip

# Freed when the disk is full, so that the reason can still be written down.
_RESERVE_BYTES = 1 << 16


def history_csv(rows: list[dict[str, float]]) -> bytes:
    """Epochs as ``history.csv`` holds them; columns that early rows lack are NaN there."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(columns)]
    for row in rows:
        cells = (f"{row[name]:.6g}" if name in row else "nan" for name in columns[1:])
        lines.append(",".join([str(int(row["epoch"])), *cells]))
    return ("\n".join(lines) + "\n").encode()


def merit(row: Mapping[str, float]) -> float:
    """What the best epoch is chosen by: accuracy on the validation split; of two heads the mean."""
    return (row["val_accuracy"] + row.get("val_raters_accuracy", row["val_accuracy"])) / 2


class RunFolder:
    """Paths and small files of one run.

    Args:
        path: folder of the run, e.g. ``runs/compact-1``.
        on_status: is told what ``status.json`` says, whenever this object changes it.
    """

    def __init__(
        self, path: Path, *, on_status: Callable[[Mapping[str, Any]], None] | None = None
    ) -> None:
        self.path = path
        self._on_status = on_status
        self.config = path / "config.json"
        self.history = path / "history.csv"
        self.status = path / "status.json"
        self.log = path / "log.txt"
        self.model = path / "model.keras"
        self.evaluation = path / "evaluation.json"
        self.tensorboard = path / "tensorboard"
        self.teachers = path / "checkpoint" / "teachers.npy"
        self.rater_teachers = path / "checkpoint" / "rater-teachers.npy"
        self.checkpoint = path / "checkpoint" / "state.npz"
        #: Checkpoint of runs that were started before state.npz.
        self.keras_checkpoint = path / "checkpoint" / "state.keras"
        self.checkpoint_info = path / "checkpoint" / "state.json"
        self._reserve = path / "checkpoint" / "reserve"

    def create(self) -> None:
        """Makes the folder, or cleans it of what a killed process left in it.

        Raises:
            OutputError: it cannot be written.
            DiskFullError: there is no room for it.
        """
        make_folder(self.checkpoint.parent)
        clean_below(self.path)
        if not self._reserve.is_file():
            write_atomic(self._reserve, os.urandom(_RESERVE_BYTES))

    @property
    def epochs_done(self) -> int:
        """Epochs in the checkpoint.

        Raises:
            TrainingError: it cannot be read.
        """
        if not os.path.lexists(self.checkpoint):
            if not self.keras_checkpoint.is_file():
                return 0
            return int(read_stored(self.checkpoint_info, StoredCheckpoint).get("epochs_done", 0))
        try:
            with (
                open_regular(self.checkpoint, TrainingError) as file,
                np.load(file, allow_pickle=False) as saved,
            ):
                return int(WholeNumber(0, MAX_EPOCHS).check(saved["epochs_done"].item()))
        except CHECKPOINT_ERRORS as error:
            raise TrainingError(
                f"{self.checkpoint} cannot be read ({error}). Start the run anew."
            ) from error

    def add_to_config(self, **values: Any) -> None:
        """Adds what is known only once a run has begun, e.g. the number of images."""
        self._write(self.config, {**self.load_config(), **values})

    def load_config(self) -> dict[str, Any]:
        """Everything in ``config.json``.

        Raises:
            TrainingError: not there, or something in it cannot be used; all faults at once.
        """
        return read_config(self.config)

    def read_config(self) -> dict[str, Any]:
        """Everything in ``config.json``; empty when it cannot be read."""
        try:
            return self.load_config()
        except TrainingError:
            return {}

    def set_status(self, state: str, **values: Any) -> None:
        """Replaces ``status.json``; ``state`` is queued, running, stopped, failed or done.

        Raises:
            OutputError: it cannot be written.
        """
        status = {"state": state, **own_identity(), "updated": time.time(), **values}
        if self._on_status is not None:
            self._on_status(status)
        try:
            self._write(self.status, status)
        except (OSError, OutputError):
            if state == "running" or not self._reserve.exists():
                raise
            # On a full disk the last words still get out.
            self._reserve.unlink(missing_ok=True)
            self._write(self.status, status)

    def load_status(self) -> dict[str, Any]:
        """Everything in ``status.json``; empty when there is none.

        Raises:
            TrainingError: something in it cannot be used; all faults at once.
        """
        if not os.path.lexists(self.status):
            return {}
        return read_stored(self.status, StoredStatus)

    def read_status(self) -> dict[str, Any]:
        """Everything in ``status.json``; empty when it cannot be read."""
        try:
            return self.load_status()
        except TrainingError:
            return {}

    def load_evaluation(self) -> dict[str, Any]:
        """Everything in ``evaluation.json``; empty when there is none.

        Raises:
            TrainingError: something in it cannot be used; all faults at once.
        """
        if not os.path.lexists(self.evaluation):
            return {}
        return read_stored(self.evaluation, StoredEvaluation)

    def load_rows(self) -> tuple[list[dict[str, float]], list[str]]:
        """The epochs in ``history.csv`` that can be read, and what is wrong with the others.

        Raises:
            TrainingError: nothing of the file can be read.
        """
        if not os.path.lexists(self.history):
            return [], []
        return read_rows(self.history)

    def read_history(self) -> list[dict[str, float]]:
        """One dict per finished epoch.

        Raises:
            TrainingError: something in it cannot be used; all faults at once.
        """
        rows, faults = self.load_rows()
        if faults:
            raise TrainingError(told(readable(self.history), faults))
        return rows

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """Replaces ``history.csv``; columns that early rows lack are left empty there."""
        self.make_way(self.history)
        write_atomic(self.history, history_csv(rows))

    def add_evaluation(self, split: str, figures: Mapping[str, Any]) -> None:
        """Keeps what a run's best epoch reached on a split, beside the other splits."""
        try:
            others = self.load_evaluation()
        except TrainingError:
            others = {}
        self._write(self.evaluation, {**others, split: dict(figures)})

    def _write(self, path: Path, value: dict[str, Any]) -> None:
        self.make_way(path)
        write_json(path, value)

    def make_way(self, path: Path) -> None:
        """Takes away a pipe, or a link to a device, that stands where a file of the run belongs.

        Writing to it would block, or the data would go elsewhere.

        Raises:
            OutputError: it cannot be taken away.
        """
        try:
            if os.path.lexists(path) and not path.is_file() and not path.is_dir():
                path.unlink()
        except OSError as error:
            raise OutputError(f"Cannot write {readable(path)}: {error.strerror}.") from error

    def log_tail(self, n: int = 20) -> str:
        """The last ``n`` lines of the log."""
        return tail_of(self.log, n)
