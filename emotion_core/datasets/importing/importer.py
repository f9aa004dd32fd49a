"""Import: any form in, one Parquet file out, or nothing."""

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from emotion_core.datasets.dataset import TEST, TRAINING, VALIDATION
from emotion_core.datasets.importing.ferplus import FerPlusVotes, read_ferplus
from emotion_core.datasets.importing.label_choice import decided
from emotion_core.datasets.importing.label_map import (
    FoundLabel,
    LabelProposal,
    ProposedLabel,
    UnclearLabelsError,
    propose,
)
from emotion_core.datasets.importing.picture_rows import FaceCropper
from emotion_core.datasets.importing.rows import LeftOutRows, RejectedRow, Source
from emotion_core.datasets.importing.sources import open_source
from emotion_core.datasets.importing.splits import share_out
from emotion_core.datasets.parquet_writer import DatasetWriter, picture_name
from emotion_core.emotions import FER2013
from emotion_core.errors import Cancelled, DatasetError
from emotion_core.files.atomic_files import (
    AtomicFile,
    check_room,
    file_sha256,
    make_folder,
    readable,
    writing,
)
from emotion_core.images import encode_png
from emotion_core.types import UInt8Array

#: Rejected rows that are listed; all of them are counted.
MAX_LISTED = 1000
_NO_VOTES = (0,) * 10
# Rows between two reports and two questions whether to stop.
_REPORT_EVERY = 100
_KEPT = "Nothing was imported; what stood there before is as it was."


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        form: what was recognised.
        n: stored rows.
        n_rejected: rows that could not be stored.
        rejected: the first thousand of them.
        left_out: {folder or label: rows} that are not wanted.
        sha256: hash of the stored file.
        seconds: how long it took.
        splits: {split: {emotion: stored rows}}.
        has_votes: whether FER+ votes were stored.
        labels: what each folder or label was taken for, and why.
        assumed: what was taken for certain though the source does not say it.
        notes: what people should know, e.g. how splits were found.
    """

    form: str
    n: int
    n_rejected: int
    rejected: tuple[RejectedRow, ...]
    left_out: dict[str, int]
    sha256: str
    seconds: float
    splits: dict[str, dict[str, int]]
    has_votes: bool
    labels: tuple[ProposedLabel, ...]
    assumed: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything in types that JSON knows."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class SourceLook:
    """What a source holds, before anything is imported.

    Attributes:
        form: what was recognised.
        proposal: what its folders or labels stand for.
        examples: {folder or label: some of its faces, (48, 48) uint8 each}.
        assumed: as in ``ImportReport``.
    """

    form: str
    proposal: LabelProposal
    examples: dict[str, list[UInt8Array]]
    assumed: tuple[str, ...]


def look_at(
    source: Path,
    *,
    with_examples: bool = True,
    cancelled: Callable[[], bool] | None = None,
) -> SourceLook:
    """What an import of a source would take its folders or labels for.

    Args:
        source: as in ``import_dataset``.
        with_examples: whether to read faces to show.
        cancelled: asked now and then whether to stop.

    Raises:
        DatasetError: no data set.
        Cancelled: ``cancelled`` said so.
    """
    opened = open_source(source)
    proposal = _proposal(opened, {}, cancelled)
    names = [row.name for row in proposal.rows] if with_examples else []
    return SourceLook(
        opened.form,
        proposal,
        {name: opened.examples(name) for name in names},
        tuple(opened.assumed),
    )


def _proposal(
    opened: Source, chosen: Mapping[str, str], cancelled: Callable[[], bool] | None
) -> LabelProposal:
    found = opened.labels(chosen.keys(), partial(_stop_if, cancelled))
    labels = [FoundLabel(name, n) for name, n in found.items()]
    proposal = propose(labels, opened.label_kind, opened.nothing_known)
    return decided(proposal, chosen) if chosen else proposal


def _stop_if(cancelled: Callable[[], bool] | None) -> None:
    if cancelled is not None and cancelled():
        raise Cancelled("The import was stopped. Nothing was written.")


def import_dataset(
    source: Path,
    output: Path,
    *,
    labels: Mapping[str, str] | None = None,
    ferplus: Path | None = None,
    detect: FaceCropper | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportReport:
    """Reads a data set in any known form and stores it as one Parquet file.

    Rows are read one at a time. Bad ones are counted and listed. The file appears complete or not
    at all.

    Args:
        source: Kaggle's CSV files, a folder with one folder per emotion (with or without folders
            per split), a zip of these, or Parquet.
        output: the file to write; what stands there is replaced.
        labels: {folder or label: expression, or ``LEAVE_OUT``} as a person decided; for those
            that are not in it, what ``look_at`` proposes.
        ferplus: FER+'s ``fer2013new.csv``, joined by row.
        detect: for pictures: takes (H, W, 3) uint8 BGR and gives the face as (48, 48) uint8 gray,
            or None. Without it the middle square of each picture is taken.
        progress: called with what is done and what there is, in bytes, pictures or rows.
        cancelled: asked now and then whether to stop.

    Raises:
        DatasetError: no data set, no row that can be stored, or votes of another set.
        UnclearLabelsError: what its folders or labels stand for is not certain: ask ``labels``.
        Cancelled: ``cancelled`` said so.
        OutputError: the output cannot be written.
        DiskFullError: there is no room for it; told as soon as the first rows show the size.
    """
    started = time.perf_counter()
    if os.path.realpath(source) == os.path.realpath(output):
        raise DatasetError(f"{output}: wanted another file to write than the one to read.")
    opened = open_source(source, detect)
    proposal = _proposal(opened, labels or {}, cancelled)
    if proposal.question:
        raise UnclearLabelsError(readable(source.name), proposal)
    opened.use(proposal.table)
    votes = read_ferplus(ferplus) if ferplus else None
    if votes and opened.no_row_order:
        raise DatasetError(
            f"{votes.name}: FER+ votes are joined by row, and {opened.no_row_order}. "
            "Import fer2013.csv or icml_face_data.csv with it."
        )
    tally = _Tally(opened, votes, progress, cancelled, output)
    make_folder(output.parent)
    with AtomicFile(output, kept=_KEPT) as file:
        with writing(output, kept=_KEPT), DatasetWriter(file, opened.set_name) as writer:
            tally.store(writer)
        if not writer.n_written:
            raise DatasetError(_nothing(source, tally.rejected))
    return ImportReport(
        form=opened.form,
        n=writer.n_written,
        n_rejected=tally.n_rejected,
        rejected=tuple(tally.rejected),
        left_out=dict(tally.left_out),
        sha256=file_sha256(output),
        seconds=round(time.perf_counter() - started, 2),
        splits=tally.splits(),
        has_votes=tally.has_votes,
        labels=proposal.rows,
        assumed=(*opened.assumed, *proposal.notes()),
        notes=tuple(opened.notes),
    )


class _Tally:
    """Takes rows from a source to a writer and counts."""

    def __init__(
        self,
        source: Source,
        votes: FerPlusVotes | None,
        progress: Callable[[int, int], None] | None,
        cancelled: Callable[[], bool] | None,
        output: Path,
    ) -> None:
        self.rejected: list[RejectedRow] = []
        self.n_rejected = 0
        self.left_out: Counter[str] = Counter()
        self.has_votes = False
        self._source, self._votes = source, votes
        self._progress, self._cancelled = progress, cancelled
        self._output, self._n_bytes = output, 0
        self._counts: Counter[tuple[str, int]] = Counter()

    def store(self, writer: DatasetWriter) -> None:
        for n, row in enumerate(self._source.rows()):
            if n % _REPORT_EVERY == 0:
                self._report()
            if n == _REPORT_EVERY:
                self._check_room()
            if isinstance(row, RejectedRow):
                self.n_rejected += 1
                if len(self.rejected) < MAX_LISTED:
                    self.rejected.append(row)
                continue
            if isinstance(row, LeftOutRows):
                self.left_out[row.label] += row.n
                continue
            votes = self._votes.of(row) if self._votes else row.votes or _NO_VOTES
            usage = share_out(row.image, row.usage)
            name = picture_name(row.number if row.number >= 0 else writer.n_written)
            png = encode_png(row.image)
            writer.add(png, name, row.label, usage, votes)
            self._n_bytes += len(png)
            self._counts[usage, row.label] += 1
            self.has_votes |= any(votes)
        self._report()

    def splits(self) -> dict[str, dict[str, int]]:
        return {
            split: {name: self._counts[split, i] for i, name in enumerate(FER2013.names)}
            for split in (TRAINING, VALIDATION, TEST)
            if any(self._counts[split, i] for i in range(len(FER2013)))
        }

    def _report(self) -> None:
        _stop_if(self._cancelled)
        if self._progress is not None:
            self._progress(self._source.done, self._source.total)

    def _check_room(self) -> None:
        """Better now than after minutes: what the first rows take tells of the others."""
        done, total = self._source.done, self._source.total
        if 0 < done < total:
            check_room(self._output, int(self._n_bytes * total / done), kept=_KEPT)


def _nothing(source: Path, rejected: list[RejectedRow]) -> str:
    if not rejected:
        return f"{source.name}: wanted at least one face. Found none below the first line."
    first = rejected[0]
    where = f"line {first.line}" if first.line else first.name
    return (
        f"{source.name}: none of its rows can be stored. The first, {where}: {first.reason}. "
        "Is it a data set of 48 x 48 faces with labels 0 to 6?"
    )
