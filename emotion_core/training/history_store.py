"""What the history page compares: own runs, the shipped models' trainings, imported histories."""

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.errors import TrainingError
from emotion_core.files.atomic_files import write_atomic, write_json
from emotion_core.files.csv_cells import csv_safe_frame
from emotion_core.files.file_names import safe_file_name
from emotion_core.files.publishing import published_folder, remove_folder
from emotion_core.paths import data_folder
from emotion_core.training.runs import RunInfo, list_runs, read_run, shipped_runs

if TYPE_CHECKING:
    import pandas as pd

RUN, MODEL, IMPORTED = "run", "shipped model", "imported"
KINDS = (RUN, MODEL, IMPORTED)

_MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history.

    Attributes:
        title: unique among all entries.
        kind: one of ``KINDS``.
        run: what is known of it.
    """

    title: str
    kind: str
    run: RunInfo

    def history(self) -> "pd.DataFrame":
        """One row per epoch, those of earlier stages included."""
        return self.run.whole_history()


def all_entries() -> list[Entry]:
    """Own runs newest first, then imported histories, then shipped models."""
    runs = [Entry(run.name, RUN, run) for run in list_runs()]
    imported = [
        Entry(f"{run.name} (imported)", IMPORTED, run)
        for run in map(read_run, sorted(imports_folder().glob("*/")))
        if os.path.lexists(run.folder / "history.csv")
    ]
    models = [
        Entry(f"{run.name} (model)", MODEL, run) for run in shipped_runs(*ModelRegistry().roots)
    ]
    return [*runs, *imported, *models]


def imports_folder() -> Path:
    """Where imported histories stand, one folder each. It may not exist yet."""
    return data_folder() / "histories"


def keep_history(name: str, history: "pd.DataFrame", source: str) -> Path:
    """Stores an imported history under a name of its own.

    Args:
        name: wanted name; it is made into a file name and, if taken, numbered.
        history: one row per epoch with our column names.
        source: file that it came from.

    Raises:
        TrainingError: the history has no epoch.
        OutputError: it cannot be written.
    """
    if history.empty:
        raise TrainingError(f"{source}: wanted at least one epoch. Found none.")
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:_MAX_NAME] or "history"
    stem = safe_file_name(stem)
    folder, number = imports_folder() / stem, 2
    while folder.exists():
        folder, number = imports_folder() / f"{stem}-{number}", number + 1
    with published_folder(folder, kept="The histories imported before are kept.") as new:
        write_json(new / "config.json", {"imported_from": source, "epochs": len(history)})
        write_json(new / "status.json", {"state": IMPORTED})
        table = csv_safe_frame(history).to_csv(index=False, na_rep="nan")
        write_atomic(new / "history.csv", table.encode("utf-8"))
    return folder


def forget_history(entry: Entry) -> None:
    """Deletes an imported history."""
    if entry.kind == IMPORTED and entry.run.folder.parent == imports_folder():
        with contextlib.suppress(FileNotFoundError):
            remove_folder(entry.run.folder)
