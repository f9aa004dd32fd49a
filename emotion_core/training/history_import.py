"""Histories of trainings that were done elsewhere, brought into the columns of ours."""

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_core.errors import TrainingError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import parse_json, read_text
from emotion_core.schema.validation import listed
from emotion_core.training.events import EVENT_FILES, Scalar, read_scalars
from emotion_core.training.stored import LONGEST_S, MOST_EPOCHS

if TYPE_CHECKING:
    import pandas as pd

#: Columns of every history; what another program does not record is NaN.
COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")

# Names that Keras, TensorFlow and scripts have used over the years.
_OTHER_NAMES = {
    "acc": "accuracy",
    "train_acc": "accuracy",
    "train_accuracy": "accuracy",
    "categorical_accuracy": "accuracy",
    "sparse_categorical_accuracy": "accuracy",
    "train_loss": "loss",
    "val_acc": "val_accuracy",
    "valid_acc": "val_accuracy",
    "valid_accuracy": "val_accuracy",
    "validation_accuracy": "val_accuracy",
    "val_categorical_accuracy": "val_accuracy",
    "val_sparse_categorical_accuracy": "val_accuracy",
    "valid_loss": "val_loss",
    "validation_loss": "val_loss",
    "lr": "learning_rate",
    "time": "seconds",
}
_LARGEST_BYTES = 50_000_000
_MOST_COLUMNS = 500
_MOST_FILES = 1000
# What pandas raises for tables that are none.
_PANDAS_ERRORS = (ValueError, TypeError, KeyError, AttributeError, OverflowError, IndexError)


@dataclass(frozen=True, slots=True)
class ImportedHistory:
    """A history and where it came from.

    Attributes:
        name: for people, from the file's name.
        form: ``CSV``, ``JSON`` or ``TensorBoard``.
        table: one row per epoch, at least the columns ``COLUMNS``; epochs count from 1.
    """

    name: str
    form: str
    table: "pd.DataFrame"


def read_history(path: Path) -> ImportedHistory:
    """Reads a history of another program.

    Args:
        path: a CSV of Keras' ``CSVLogger`` or of ours, a JSON file of ``History.history`` (a dict
            of lists, or a list of dicts), a TensorBoard event file, or a folder of such files.

    Raises:
        TrainingError: missing, too large, in no known form, or without a loss or an accuracy.
    """
    if not path.exists():
        raise TrainingError(f"{path}: wanted a history. There is no such file.")
    if path.is_dir() or "tfevents" in path.name:
        return ImportedHistory(_name(path), "TensorBoard", _from_events(path))
    try:
        text = read_text(path, TrainingError, max_bytes=_LARGEST_BYTES)
    except TrainingError as error:
        wrong = str(error).replace(readable(path), path.name)
        if "UTF-8" in wrong:
            wrong = f"{path.name}: wanted CSV, JSON or TensorBoard events. It is no text in UTF-8."
        raise TrainingError(wrong) from error
    if text.lstrip().startswith(("{", "[")):
        return ImportedHistory(_name(path), "JSON", _from_json(path, text))
    return ImportedHistory(_name(path), "CSV", _from_csv(path, text))


def _from_csv(path: Path, text: str) -> "pd.DataFrame":
    import io

    import pandas as pd

    try:
        # CSVLogger takes any separator; commas, semicolons and tabs are what people use.
        table = pd.read_csv(io.StringIO(text), sep=None, engine="python")
    except (*_PANDAS_ERRORS, pd.errors.ParserError, csv.Error) as error:
        raise TrainingError(f"{path.name}: wanted CSV with a header. {error}") from error
    return _in_our_columns(path, table)


def _from_json(path: Path, text: str) -> "pd.DataFrame":
    import pandas as pd

    wanted = (
        f"{path.name}: wanted a JSON object of lists of one length, as History.history of Keras."
    )
    try:
        value = parse_json(text, path.name, TrainingError)
    except TrainingError as error:
        raise TrainingError(f"{wanted} {error}") from error
    if isinstance(value, dict) and isinstance(value.get("history"), dict | list):
        value = value["history"]
    if isinstance(value, list) and len({len(row) for row in value if isinstance(row, list)}) > 1:
        raise TrainingError(f"{wanted} This one has lists of different lengths.")
    try:
        table = pd.DataFrame(value)
    except _PANDAS_ERRORS as error:
        raise TrainingError(f"{wanted} {error}") from error
    return _in_our_columns(path, table)


def _from_events(path: Path) -> "pd.DataFrame":
    """Keras' callback writes epoch_loss into folders named train and validation."""
    import pandas as pd

    files = sorted(path.rglob(EVENT_FILES))[:_MOST_FILES] if path.is_dir() else [path]
    if not files:
        raise TrainingError(f"{path.name}: wanted TensorBoard event files. There are none.")
    cells: dict[int, dict[str, float]] = {}
    for file in files:
        judged = file.parent.name.startswith("val")
        for scalar in read_scalars(file):
            if column := _column(scalar, judged):
                cells.setdefault(scalar.step, {})[column] = scalar.value
    rows: list[dict[str, Any]] = [{"epoch": step, **row} for step, row in sorted(cells.items())]
    return _in_our_columns(path, pd.DataFrame(rows))


def _column(scalar: Scalar, judged: bool) -> str:
    """``epoch_accuracy`` of validation -> ``val_accuracy``; empty for values per batch."""
    tag = scalar.tag.rsplit("/", 1)[-1]
    if tag.startswith(("batch_", "evaluation_")):
        return ""
    name = _plain_name(re.sub(r"^epoch_", "", tag))
    return f"val_{name}" if judged and not name.startswith("val_") else name


def _in_our_columns(path: Path, table: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    table = table.rename(columns=lambda name: _plain_name(str(name)))
    table = table.loc[:, ~table.columns.duplicated()]
    if not {"loss", "accuracy", "val_loss", "val_accuracy"} & set(table.columns):
        found = listed(table.columns) or "none"
        raise TrainingError(
            f"{path.name}: wanted at least one of the columns loss, accuracy, val_loss and "
            f"val_accuracy. Found: {found}"
        )
    if table.shape[1] > _MOST_COLUMNS:
        raise TrainingError(f"{path.name}: wanted at most {_MOST_COLUMNS} columns.")
    try:
        table = table.apply(pd.to_numeric, errors="coerce").astype("float64")
    except _PANDAS_ERRORS as error:
        raise TrainingError(f"{path.name}: wanted a table of numbers. {error}") from error
    table = table.dropna(how="all").reset_index(drop=True)
    if table.empty:
        raise TrainingError(f"{path.name}: wanted at least one epoch. Found none.")
    counted = pd.Series(range(1, len(table) + 1))
    epoch = table.get("epoch", counted)
    if not (epoch.between(0, MOST_EPOCHS) & (epoch == epoch.round())).all():
        epoch = counted
    # Keras counts epochs from 0, we from 1.
    table["epoch"] = epoch.astype("int64") + (1 if epoch.min() == 0 else 0)
    for column in COLUMNS:
        if column not in table:
            table[column] = math.nan
    for column in ("accuracy", "val_accuracy"):
        if table[column].max() > 1.0:
            table[column] = table[column] / 100  # given in percent
        if not table[column].dropna().between(0, 1).all():
            raise TrainingError(
                f"{path.name}: wanted values of {column} from 0 to 1, or in percent. Found: "
                f"{100 * table[column].min():g} to {100 * table[column].max():g}."
            )
    # Some write moments of a clock there, or the time that is left.
    table["seconds"] = table["seconds"].where(table["seconds"].between(0, LONGEST_S))
    others = [column for column in table.columns if column not in COLUMNS]
    # An interrupted run logs an epoch twice; the later one counts.
    table = table.drop_duplicates("epoch", keep="last").sort_values("epoch")
    return table[[*COLUMNS, *others]].reset_index(drop=True)


def _plain_name(name: str) -> str:
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    return _OTHER_NAMES.get(plain, plain)


def _name(path: Path) -> str:
    """Files are often called history.csv; then the folder says more."""
    generic = path.stem.lower() in ("history", "log", "logs", "training", "training_log")
    if path.is_file() and (generic or "tfevents" in path.name) and path.parent.name:
        return path.parent.name
    return path.stem if path.is_file() else path.name
