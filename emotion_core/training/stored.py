"""What the files of a run folder may hold, as schemas, and their readers.

Every reader says all faults of its file in one sentence. What is missing in a file of an older
version is no fault, and neither are entries that only a newer one knows.
"""

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from typing_extensions import TypedDict

from emotion_core.errors import TrainingError
from emotion_core.files.atomic_files import readable
from emotion_core.files.csv_cells import csv_as_written
from emotion_core.files.outside_files import read_json, read_text
from emotion_core.schema.old_names import renamed
from emotion_core.schema.validation import faults_in, listed, shortened, told, validated
from emotion_core.schema.value_types import Number, OneOf, Text, TextMap, WholeNumber
from emotion_core.training.config import TrainingConfig

#: What a run can be, as ``status.json`` says it; ``imported`` is a history from elsewhere.
STORED_STATES = ("queued", "running", "stopped", "failed", "done", "imported")

_MANY = 10**12
# Until the year 9999: later moments have no date.
_MOMENT = Number(0, 253_000_000_000, words="a moment in seconds since 1970", or_none=True)
_Moment = Annotated[float | None, _MOMENT]
_Count = Annotated[int | None, WholeNumber(0, _MANY, or_none=True)]
_Share = Annotated[float | None, Number(0, 1, or_none=True)]
_Line = Annotated[str | None, Text(10_000, or_none=True)]
# The largest process number of any system is far below this.
_Pid = Annotated[int | None, WholeNumber(1, 2**31 - 1, or_none=True)]

# More columns than this are no history; F1 of eight expressions and all losses are below 30.
_MOST_COLUMNS = 500
#: Largest number of an epoch, and longest time of one, in a history.
MOST_EPOCHS = 10**9
LONGEST_S = 1e10
_SHARES = ("accuracy", "val_accuracy")
_NO_NUMBER = float("nan")


class StoredStatus(TypedDict, total=False):
    """``status.json``."""

    state: Annotated[str, OneOf(STORED_STATES)]
    pid: _Pid
    process_started: _Moment
    updated: _Moment
    position: _Count
    epoch: _Count
    epochs: _Count
    batch: _Count
    batches: _Count
    samples_per_s: Annotated[float | None, Number(0, 1e12, or_none=True)]
    eta_s: Annotated[float | None, Number(0, 1e12, or_none=True)]
    error: Annotated[str | None, Text(or_none=True)]


class StoredFacts(TypedDict, total=False):
    """What ``config.json`` and a card's ``training`` hold beside the settings."""

    dataset: _Line
    dataset_sha256: _Line
    labels_sha256: _Line
    git_commit: _Line
    machine: _Line
    label_source: _Line
    imported_from: _Line
    created: _Moment
    n_training_images: _Count
    n_images: _Count
    versions: Annotated[dict[str, str] | None, TextMap(or_none=True)]


class _Imported(TypedDict, total=False):
    """``config.json`` of a history from elsewhere."""

    imported_from: _Line
    epochs: Annotated[int, WholeNumber(0, MOST_EPOCHS)]


class _Figures(TypedDict, total=False):
    """What a model reached on one split."""

    accuracy: _Share


class StoredEvaluation(TypedDict, total=False):
    """``evaluation.json``, and ``metrics`` of a card."""

    validation: _Figures
    test: _Figures


class _ClassFigures(TypedDict):
    f1: Annotated[float, Number(0, 1)]


class _CardFigures(_Figures, total=False):
    per_class: dict[str, _ClassFigures] | None


class _CardMetrics(TypedDict, total=False):
    validation: _CardFigures | None
    test: _Figures | None


class _CardTraining(TypedDict, total=False):
    recipe: dict[str, Any] | None


class StoredCard(TypedDict, total=False):
    """What the history page takes from ``card.json``."""

    training: _CardTraining | None
    metrics: _CardMetrics | None


class StoredCheckpoint(TypedDict, total=False):
    """``checkpoint/state.json`` of runs that were started before ``state.npz``."""

    epochs_done: Annotated[int, WholeNumber(0, MOST_EPOCHS)]


def read_stored(path: Path, kind: Any) -> dict[str, Any]:
    """A JSON object of a run folder, checked.

    Args:
        path: of the file.
        kind: one of the schemas above.

    Raises:
        TrainingError: not readable as that; one sentence with every fault.
    """
    value = read_json(path, TrainingError)
    validated(kind, value, readable(path), TrainingError)
    return dict(value)


def read_config(path: Path) -> dict[str, Any]:
    """``config.json``: settings, and what else is known of a run.

    Raises:
        TrainingError: not readable as that; one sentence with every fault.
    """
    value = read_json(path, TrainingError)
    if not isinstance(value, dict):
        wanted = "wanted an object of names and values"
        raise TrainingError(f"{readable(path)}: {wanted}. Received: {shortened(value)}.")
    value = renamed(value)
    if faults := config_faults(value):
        raise TrainingError(told(readable(path), faults))
    return value


def config_faults(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with settings and facts of a run, fault by fault."""
    if "imported_from" in values:
        return faults_in(_Imported, values)
    names = TrainingConfig().to_dict()
    settings = {name: value for name, value in values.items() if name in names}
    return TrainingConfig().faults_of(settings) + faults_in(StoredFacts, dict(values))


def read_card_story(path: Path) -> dict[str, Any]:
    """What a model's card tells of its training.

    ``training`` with its ``recipe``, and in ``metrics`` the accuracy on each split and, under
    ``f1``, the F1 of each expression on the validation images.

    Raises:
        TrainingError: not readable as that; one sentence with every fault.
    """
    value = read_stored(path, StoredCard)
    training, metrics = renamed(value.get("training") or {}), value.get("metrics") or {}
    recipe = training.get("recipe") or {}
    if faults := config_faults({**recipe, **training}):
        raise TrainingError(told(readable(path), faults))
    judged = metrics.get("validation") or {}
    return {
        "training": {**training, "recipe": recipe},
        "metrics": {
            split: (metrics.get(split) or {}).get("accuracy") for split in ("validation", "test")
        },
        "f1": {name: part["f1"] for name, part in (judged.get("per_class") or {}).items()},
    }


def read_rows(path: Path) -> tuple[list[dict[str, float]], list[str]]:
    """The rows of ``history.csv``, as far as they can be read, and what is wrong with the others.

    Returns:
        One dict per epoch, its cells that are no numbers NaN; and one text per fault.

    Raises:
        TrainingError: nothing of the file can be read.
    """
    source = readable(path)
    text = read_text(path, TrainingError)
    rows: list[dict[str, float]] = []
    faults: list[str] = []
    try:
        lines = csv.reader(io.StringIO(text, newline=""))
        header = [csv_as_written(name) for name in next(lines, [])]
        if "epoch" not in header:
            found = listed(header) or "an empty file"
            raise TrainingError(f"{source}: wanted a table with the column epoch. Found: {found}.")
        if len(header) > _MOST_COLUMNS or len(set(header)) < len(header):
            raise TrainingError(
                f"{source}: wanted at most {_MOST_COLUMNS} columns, each with a name of its own."
            )
        for cells in lines:
            if cells:
                row, wrong = _row(header, cells)
                faults += [f"line {lines.line_num}, {fault}" for fault in wrong]
                if "epoch" in row:
                    rows.append(row)
    except csv.Error as error:
        raise TrainingError(f"{source}: wanted CSV. {str(error).capitalize()}.") from error
    return rows, faults


def _row(header: list[str], cells: list[str]) -> tuple[dict[str, float], list[str]]:
    row: dict[str, float] = {}
    faults = []
    if len(cells) != len(header):
        faults.append(f"wanted {len(header)} cells. Received: {len(cells)}")
    for i, name in enumerate(header):
        cell = cells[i] if i < len(cells) else None
        try:
            row[name] = _cell(name, cell)
        except ValueError as error:
            if name != "epoch":  # a row whose epoch is unknown has no place
                row[name] = math.nan
            if cell is not None:  # else the line is too short, which is said once
                faults.append(f"{name}: wanted {error}. Received: {shortened(cell)}")
    return row, faults


def _cell(name: str, cell: str | None) -> float:
    try:
        value = float(cell or "")
    except ValueError:
        value = _NO_NUMBER
    if name == "epoch":
        if value.is_integer() and 1 <= value <= MOST_EPOCHS:
            return value
        raise ValueError(f"a whole number from 1 to {MOST_EPOCHS:,}")
    if value is _NO_NUMBER:
        raise ValueError("a number")
    if math.isnan(value):  # not recorded in that epoch
        return value
    if name in _SHARES or name.startswith(("val_f1_", "val_macro_f1")):
        if 0 <= value <= 1:
            return value
        raise ValueError("a number from 0 to 1")
    if name == "seconds" and not 0 <= value <= LONGEST_S:
        raise ValueError(f"a number from 0 to {LONGEST_S:g}")
    return value  # a loss may well be infinite
