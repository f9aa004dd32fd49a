"""Labels changed and pictures left out by hand, in a file beside the set, which never changes."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from emotion_core.datasets.corrections_file import (
    EXCLUDE,
    RELABEL,
    RESTORE,
    Correction,
    belongs_elsewhere,
    file_digest,
    read_corrections,
    stored_sha256,
    write_corrections,
)
from emotion_core.datasets.dataset import SYNTHETIC, EmotionDataset
from emotion_core.datasets.labels import vote_column
from emotion_core.emotions import Emotion, parse_emotion
from emotion_core.errors import DatasetError
from emotion_core.files.outside_files import refusal
from emotion_core.paths import data_folder

# How many raters FER+ asked: a relabelled picture counts as if all had agreed.
_ALL_VOTES = 10


def corrections_path(dataset_path: Path | str) -> Path:
    """Where the corrections of a data set stand: ``<stem>.corrections.csv`` beside it."""
    path = Path(dataset_path)
    folder = data_folder() if str(path) == SYNTHETIC else path.parent
    return folder / f"{path.stem}.corrections.csv"


class Corrections:
    """The decisions about a data set, in order; of those about one row the last one counts."""

    def __init__(self, path: Path, dataset_sha256: str) -> None:
        """Starts without corrections; see ``load``.

        Args:
            path: where they are saved.
            dataset_sha256: hash of the data set that they belong to.
        """
        self.path = path
        self.dataset_sha256 = dataset_sha256
        self._entries: list[Correction] = []
        self._undone: list[Correction] = []
        self._on_disk = file_digest(path)

    @classmethod
    def load(cls, dataset_path: Path | str, overlay: Path | None = None) -> "Corrections":
        """Reads the corrections of a data set; none if there is no file yet.

        Args:
            dataset_path: the data set, or ``synthetic``.
            overlay: a file elsewhere than beside the set.

        Raises:
            DatasetError: the file cannot be read or belongs to another data set, or ``overlay``
                is missing.
        """
        path = overlay or corrections_path(dataset_path)
        if overlay is not None and (reason := refusal(overlay)):
            raise DatasetError(f"No corrections at {overlay}: {reason}. Wanted a CSV file.")
        found = cls(path, _dataset_sha256(dataset_path))
        if path.exists():
            found._on_disk = file_digest(path)
            found._entries, found._undone = read_corrections(path, found.dataset_sha256)
        return found

    @property
    def entries(self) -> tuple[Correction, ...]:
        """The decisions that hold, oldest first."""
        return tuple(self._entries)

    @property
    def current(self) -> dict[int, Correction]:
        """{row: what holds for it}; rows that were restored are not in it."""
        last = {entry.row: entry for entry in self._entries}
        return {row: entry for row, entry in last.items() if entry.action != RESTORE}

    @property
    def can_undo(self) -> bool:
        """Whether a step can be taken back."""
        return bool(self._entries)

    @property
    def can_redo(self) -> bool:
        """Whether a step that was taken back can be made again."""
        return bool(self._undone)

    def __len__(self) -> int:
        """How many rows are corrected."""
        return len(self.current)

    def relabel(
        self, rows: Iterable[int], emotion: Emotion | str, who: str = "", why: str = ""
    ) -> int:
        """Gives rows another label; returns the batch number.

        Raises:
            ValueError: the emotion is unknown.
        """
        return self._add(rows, RELABEL, parse_emotion(str(emotion)).value, who, why)

    def exclude(self, rows: Iterable[int], who: str = "", why: str = "") -> int:
        """Leaves rows out; returns the batch number."""
        return self._add(rows, EXCLUDE, "", who, why)

    def restore(self, rows: Iterable[int], who: str = "", why: str = "") -> int:
        """Makes rows what they are in the data set; returns the batch number."""
        return self._add(rows, RESTORE, "", who, why)

    def undo(self) -> tuple[Correction, ...] | None:
        """Takes the latest batch back and returns it; None if there is none."""
        batch = _last_batch(self._entries)
        if not batch:
            return None
        del self._entries[-len(batch) :]
        self._undone += batch
        return tuple(batch)

    def redo(self) -> tuple[Correction, ...] | None:
        """Brings back the batch that was undone last and returns it; None if there is none."""
        batch = _last_batch(self._undone)
        if not batch:
            return None
        del self._undone[-len(batch) :]
        self._entries += batch
        return tuple(batch)

    def save(self) -> None:
        """Writes the file.

        Raises:
            DatasetError: it was changed by somebody else since it was read.
            OutputError: it cannot be written.
            DiskFullError: there is no room for it.
        """
        if file_digest(self.path) != self._on_disk:
            raise DatasetError(
                f"{self.path.name} was changed elsewhere since it was read. Load the corrections "
                "again and repeat the last step."
            )
        write_corrections(self.path, self._entries, self._undone, self.dataset_sha256)
        self._on_disk = file_digest(self.path)

    def apply(self, dataset: EmotionDataset) -> EmotionDataset:
        """The data set with new labels and without the excluded rows.

        A relabelled row of a set with FER+ votes gets all ten votes for its new label, so that
        every kind of target and reference follows the correction. The hash changes with what is
        corrected, so nothing computed from the set as it was is taken for this one.

        Raises:
            DatasetError: the corrections belong to another data set, or a new label is none of
                its emotions.
        """
        if dataset.sha256 != self.dataset_sha256:
            raise DatasetError(belongs_elsewhere(self.path, self.dataset_sha256, dataset.sha256))
        current = self.current
        if not current:
            return dataset
        labels, votes = dataset.labels.copy(), dataset.votes.copy()
        place = {int(row): i for i, row in enumerate(dataset.rows)}
        keep = np.ones(len(dataset), bool)
        for row, entry in current.items():
            i = place.get(row)
            if i is None:  # the data set is a selection
                continue
            if entry.action == EXCLUDE:
                keep[i] = False
                continue
            if entry.emotion not in dataset.label_set.names:
                raise DatasetError(
                    f"{self.path.name}: row {row} is relabelled {entry.emotion}. Wanted one of "
                    f"{', '.join(dataset.label_set.names)}."
                )
            labels[i] = dataset.label_set.index(entry.emotion)
            if dataset.has_votes:
                votes[i] = 0
                votes[i, vote_column(Emotion(entry.emotion))] = _ALL_VOTES
        changed = sorted((row, e.action, e.emotion) for row, e in current.items())
        sha256 = hashlib.sha256(f"{dataset.sha256} {changed}".encode()).hexdigest()
        return replace(dataset, labels=labels, votes=votes, sha256=sha256).select(keep)

    def _add(self, rows: Iterable[int], action: str, emotion: str, who: str, why: str) -> int:
        batch = 1 + max((e.batch for e in (*self._entries, *self._undone)), default=0)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        added = [Correction(int(row), action, emotion, who, when, why, batch) for row in rows]
        if added:
            self._entries += added
            self._undone.clear()  # what was undone no longer fits behind this
        return batch


def _last_batch(entries: list[Correction]) -> list[Correction]:
    return [entry for entry in entries if entry.batch == entries[-1].batch]


def _dataset_sha256(path: Path | str) -> str:
    """Hash of a stored set; that of the synthetic data set is of its content."""
    if str(path) == SYNTHETIC:
        from emotion_core.datasets.synthetic import build_synthetic  # drawn only when needed

        return build_synthetic().sha256
    if not Path(path).is_file():
        raise DatasetError(f"No data set at {path}. Corrections belong to a data set.")
    return stored_sha256(Path(path))
