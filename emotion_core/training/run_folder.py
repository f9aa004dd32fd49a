"""The files of a run: settings, status, history, log. A reader never sees half a file."""

import csv
import json
import os
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emotion_core.errors import OutputError, TrainingError
from emotion_core.files import make_folder, write_atomic, write_json
from emotion_core.training.process import own_identity
from emotion_core.unfinished import clean_below

# Freed when the disk is full, so that the reason can still be written down.
_RESERVE_BYTES = 1 << 16


class RunFolder:
    """Paths and small files of one run.

    Args:
        path: folder of the run, e.g. ``runs/compact-1``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
        """Epochs in the checkpoint."""
        try:
            with np.load(self.checkpoint, allow_pickle=False) as saved:
                return int(saved["epochs_done"])
        except FileNotFoundError:
            done = read_object(self.checkpoint_info).get("epochs_done", 0)
            return int(done) if self.keras_checkpoint.is_file() else 0
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise TrainingError(
                f"{self.checkpoint} cannot be read ({error}). Start the run anew."
            ) from error

    def add_to_config(self, **values: Any) -> None:
        """Adds what is known only once a run has begun, e.g. the number of images."""
        write_json(self.config, {**self.read_config(), **values})

    def read_config(self) -> dict[str, Any]:
        """Everything in ``config.json``; empty when it cannot be read."""
        return read_object(self.config)

    def set_status(self, state: str, **values: Any) -> None:
        """Replaces ``status.json``; ``state`` is queued, running, stopped, failed or done.

        Raises:
            OutputError: it cannot be written.
        """
        status = {"state": state, **own_identity(), "updated": time.time(), **values}
        try:
            write_json(self.status, status)
        except (OSError, OutputError):
            if state == "running" or not self._reserve.exists():
                raise
            # On a full disk the last words still get out.
            self._reserve.unlink(missing_ok=True)
            write_json(self.status, status)

    def read_status(self) -> dict[str, Any]:
        """Everything in ``status.json``; empty when it cannot be read."""
        return read_object(self.status)

    def read_history(self) -> list[dict[str, float]]:
        """One dict per finished epoch."""
        if not self.history.is_file():
            return []
        with self.history.open(newline="", encoding="utf-8") as file:
            return [{name: float(row[name]) for name in row} for row in csv.DictReader(file)]

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """Replaces ``history.csv``; columns that early rows lack are left empty there."""
        columns = list(dict.fromkeys(name for row in rows for name in row))
        lines = [",".join(columns)]
        for row in rows:
            cells = (f"{row[name]:.6g}" if name in row else "nan" for name in columns[1:])
            lines.append(",".join([str(int(row["epoch"])), *cells]))
        write_atomic(self.history, ("\n".join(lines) + "\n").encode())

    def add_evaluation(self, split: str, figures: Mapping[str, Any]) -> None:
        """Keeps what a run's best epoch reached on a split, beside the other splits."""
        write_json(self.evaluation, {**read_object(self.evaluation), split: dict(figures)})

    def log_tail(self, n: int = 20) -> str:
        """The last ``n`` lines of the log."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 200 * n - 4096))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-n:])


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty when it is missing or cannot be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
