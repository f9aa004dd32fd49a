"""The files of a run: settings, status, history. A reader never sees half a file."""

import csv
import json
import os
from pathlib import Path
from typing import Any

from emotion_core.files import write_json

HISTORY_COLUMNS = (
    "epoch",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "learning_rate",
    "seconds",
)


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
        self.model = path / "model.keras"
        self.evaluation = path / "evaluation.json"
        self.checkpoint = path / "checkpoint" / "state.keras"
        self.checkpoint_info = path / "checkpoint" / "state.json"

    def create(self) -> None:
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)

    def add_to_config(self, **values: Any) -> None:
        """Adds what is known only once a run has begun, e.g. the number of images."""
        saved = json.loads(self.config.read_text(encoding="utf-8"))
        write_json(self.config, {**saved, **values})

    def set_status(self, state: str, **values: Any) -> None:
        """Replaces ``status.json``; ``state`` is queued, running, stopped, failed or done."""
        write_json(self.status, {"state": state, "pid": os.getpid(), **values})

    def read_history(self) -> list[dict[str, float]]:
        """One dict per finished epoch."""
        if not self.history.is_file():
            return []
        with self.history.open(newline="", encoding="utf-8") as file:
            return [{name: float(row[name]) for name in row} for row in csv.DictReader(file)]

    def write_history(self, rows: list[dict[str, float]]) -> None:
        temporary = self.history.with_suffix(".tmp")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, HISTORY_COLUMNS, lineterminator="\n")
            writer.writeheader()
            for row in rows:
                writer.writerow(
                    {**{k: f"{v:.6g}" for k, v in row.items()}, "epoch": int(row["epoch"])}
                )
        temporary.replace(self.history)
