"""A data set with all that is known of it: its corrections and its audit."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from emotion_core.datasets import Correction, Corrections, corrections_path
from emotion_core.datasets.audit import AuditReport
from emotion_core.datasets.corrections_file import EXCLUDE, RELABEL
from emotion_core.datasets.face_table import FaceTable
from emotion_core.datasets.stored import StoredSet
from emotion_core.types import Int64Array
from pages.parts.datasets.similar_pictures import Looks, audit_columns, looks_of


class CorrectionBook:
    """The corrections of one data set, shared by all sessions and read anew when the file changes.

    The file may also be changed by another process, so it is the truth.
    """

    def __init__(self, dataset_path: Path) -> None:
        self._dataset = dataset_path
        self._lock = threading.RLock()
        self._seen: tuple[int, int] | None = None
        self._corrections: Corrections | None = None

    def read(self) -> Corrections:
        """The corrections as they are on the disk now. Do not change them; see ``change``.

        Raises:
            DatasetError: the file cannot be read or belongs to another data set.
        """
        with self._lock:
            now = _signature(corrections_path(self._dataset))
            if self._corrections is None or now != self._seen:
                self._corrections, self._seen = Corrections.load(self._dataset), now
            return self._corrections

    def change(self, step: Callable[[Corrections], object]) -> None:
        """Does one step and saves it.

        Raises:
            DatasetError: the file cannot be read, or was changed elsewhere meanwhile.
            OutputError: it cannot be written. Nothing is changed then.
        """
        with self._lock:
            corrections = self.read()
            try:
                step(corrections)
                corrections.save()
                self._seen = _signature(corrections.path)
            except BaseException:
                self._corrections = None  # what was not saved shall not be shown
                raise


@dataclass(frozen=True, slots=True, eq=False)
class Workspace:
    """What the tabs of the page work on.

    Attributes:
        stored: the data set.
        book: its corrections.
        report: its audit, if there is one.
    """

    stored: StoredSet
    book: CorrectionBook
    report: AuditReport | None = None

    def table(self) -> FaceTable:
        """What is known of every face now."""
        facts = self.stored.facts
        labels = facts.labels.copy()
        relabelled, excluded = np.zeros((2, len(facts)), np.bool_)
        for row, entry in self.corrected().items():
            if entry.action == EXCLUDE:
                excluded[row] = True
            elif entry.action == RELABEL:
                relabelled[row] = True
                labels[row] = facts.label_set.names.index(entry.emotion)
        return FaceTable(facts, labels, relabelled, excluded, audit_columns(self.report))

    def copies(self, row: int) -> Int64Array:
        """Rows with the same pixels, mirrored or not, and near copies where an audit knows them."""
        groups = self.looks().groups if self.report is None else self.report.photo_groups()
        return np.flatnonzero(groups == groups[row]) if groups[row] >= 0 else np.array([row])

    def neighbours(self, row: int, k: int = 16) -> Int64Array:
        """The rows most like one: to the model after an audit, before that by their coarse look."""
        if self.report is not None:
            return self.report.nearest(row, k)
        return self.looks().nearest(row, k)

    def looks(self) -> Looks:
        """What follows from the pictures alone; the first call waits until they are decoded.

        Raises:
            DatasetError: a picture cannot be read.
        """
        return looks_of(self.stored)

    def corrected(self) -> dict[int, Correction]:
        """{row: what was decided about it} for the rows that the data set has."""
        names, n = self.stored.facts.label_set.names, len(self.stored)
        return {
            row: entry
            for row, entry in self.book.read().current.items()
            if row < n and (entry.action != RELABEL or entry.emotion in names)
        }


def open_workspace(stored: StoredSet, report: AuditReport | None) -> Workspace:
    """The data set with its corrections and its audit.

    Raises:
        DatasetError: the corrections cannot be read or belong to another data set.
    """
    work = Workspace(stored, _book(str(stored.path)), report)
    work.book.read()
    return work


@st.cache_resource(show_spinner=False)
def _book(path: str) -> CorrectionBook:
    return CorrectionBook(Path(path))


def _signature(path: Path) -> tuple[int, int] | None:
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_mtime_ns, now.st_size
