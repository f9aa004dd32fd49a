"""The file of corrections: one row of CSV per decision."""

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from emotion_core.emotions import parse_emotion
from emotion_core.errors import DatasetError
from emotion_core.files.atomic_files import AtomicFile, file_sha256, make_folder
from emotion_core.files.csv_cells import csv_as_written, csv_safe
from emotion_core.files.outside_files import read_text

RELABEL, EXCLUDE, RESTORE = "relabel", "exclude", "restore"

# A million decisions have 150 MB; more were not made by hand.
_MAX_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Correction:
    """What was decided about one row.

    Attributes:
        row: row of the stored file.
        action: ``relabel``, ``exclude``, or ``restore`` (takes back what was decided before).
        emotion: the new label; empty unless relabelled.
        who: name of the person, if given.
        when: UTC, ISO 8601.
        why: the reason, if given.
        batch: decisions made together have one number and are undone together.
    """

    row: int
    action: str
    emotion: str
    who: str
    when: str
    why: str
    batch: int


_COLUMNS = (*(f.name for f in fields(Correction)), "undone", "dataset_sha256")


def write_corrections(
    path: Path, entries: Sequence[Correction], undone: Sequence[Correction], dataset_sha256: str
) -> None:
    """Writes the decisions that hold, and those that were taken back.

    Raises:
        OutputError: the file cannot be written.
        DiskFullError: there is no room for it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for mark, some in (("", entries), ("yes", undone)):
        for entry in some:
            writer.writerow((*map(csv_safe, astuple(entry)), mark, dataset_sha256))
    make_folder(path.parent)
    with AtomicFile(path, kept="The corrections saved before are kept.") as file:
        file.write(text.getvalue().encode("utf-8"))


def read_corrections(path: Path, dataset_sha256: str) -> tuple[list[Correction], list[Correction]]:
    """The decisions that hold, and those that were taken back, oldest first.

    Raises:
        DatasetError: the file cannot be read or belongs to another data set.
    """
    text = read_text(path, DatasetError, max_bytes=_MAX_BYTES)
    entries: list[Correction] = []
    undone: list[Correction] = []
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""))
        if not set(_COLUMNS) <= set(reader.fieldnames or ()):
            found = ", ".join(_shown(name) for name in (reader.fieldnames or ())[:12])
            raise DatasetError(
                f"{path}: wanted corrections with the columns {', '.join(_COLUMNS)}. "
                f"Found: {found or 'nothing'}"
            )
        for values in reader:
            theirs = values["dataset_sha256"] or ""
            if theirs != dataset_sha256:
                raise DatasetError(belongs_elsewhere(path, theirs, dataset_sha256))
            entry = _correction(values, f"{path}, line {reader.line_num}")
            (undone if values["undone"] else entries).append(entry)
    except csv.Error as error:
        raise DatasetError(f"{path}: wanted corrections in CSV. {error}") from error
    return entries, undone


def _correction(values: dict[str, Any], where: str) -> Correction:
    try:
        if values["action"] not in (RELABEL, EXCLUDE, RESTORE):
            raise ValueError(f"unknown action {values['action']!r}")
        row, batch = (int(values[name]) for name in ("row", "batch"))
        if not (0 <= row < 2**63 and 0 <= batch < 2**63):
            raise ValueError(f"wanted a row and a batch from 0 up, received {row} and {batch}")
        relabelled = values["action"] == RELABEL
        return Correction(
            row,
            values["action"],
            parse_emotion(values["emotion"]).value if relabelled else "",
            csv_as_written(values["who"] or ""),
            values["when"] or "",
            csv_as_written(values["why"] or ""),
            batch,
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f"{where}: {error}") from error


def belongs_elsewhere(path: Path, theirs: str, ours: str) -> str:
    """Says that corrections were made for another data set."""
    return (
        f"{path.name} belongs to another data set (hash {theirs[:12] or 'none'}). This one has "
        f"{ours[:12] or 'none'}. Move the file away, or correct the set that it was made for."
    )


def file_digest(path: Path) -> str:
    """What the file is now, to see whether somebody else has changed it; empty without one."""
    return stored_sha256(path) if path.is_file() else ""


def stored_sha256(path: Path) -> str:
    """The hash of a file.

    Raises:
        DatasetError: it cannot be read.
    """
    try:
        return file_sha256(path)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}.") from error


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name[:40])
