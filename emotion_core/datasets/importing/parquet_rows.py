"""Parquet: the stored form, and what Hugging Face and others write."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core.datasets.dataset import VOTE_COLUMNS
from emotion_core.datasets.importing.label_map import MAX_LABELS
from emotion_core.datasets.importing.parquet_values import (
    image_of,
    label_text,
    pixel_numbers,
    split_in_name,
    usage_of,
    votes_of,
)
from emotion_core.datasets.importing.pixel_text import Values, find_form
from emotion_core.datasets.importing.rows import (
    N_EXAMPLES,
    LeftOutRows,
    RejectedRow,
    RowError,
    SourceRow,
    find_label,
    shown,
)
from emotion_core.datasets.parquet import READ_FAULTS, fault_text, stored_name
from emotion_core.emotions import Emotion
from emotion_core.errors import DatasetError, ImageError
from emotion_core.types import UInt8Array

_PICTURE, _LABEL, _USAGE = ("image", "pixels"), ("label", "emotion"), ("usage", "split")
# Rows at a time: 500 pictures of 2 KB, or pixel texts of 9 KB, are some megabytes.
_BATCH_ROWS = 500
_SAMPLE_ROWS = 40
# Example rows that are looked for at the most; labels that come later have no pictures shown.
_FIRST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class _Columns:
    picture: str
    label: str
    usage: str | None
    #: Names of the labels where the file says them; "" stands for a number.
    label_names: tuple[str, ...]
    votes: tuple[str, ...]

    @property
    def all(self) -> list[str]:
        usage = [self.usage] if self.usage else []
        return [self.picture, self.label, *usage, *self.votes]


class ParquetSource:
    """Reads one Parquet file or several, e.g. one per split.

    Args:
        files: (name, opener of something that pyarrow reads) of each.

    Raises:
        DatasetError: not Parquet, or without pictures and labels.
    """

    no_row_order = ""
    label_kind = "label"
    nothing_known = ""

    def __init__(self, files: Sequence[tuple[str, Callable[[], Any]]]) -> None:
        self.form = "parquet"
        self.notes: list[str] = []
        self.assumed: list[str] = []
        self.done = self.total = 0
        self.set_name = ""
        self._files = files
        self._labels: Counter[str] | None = None
        self._table: Mapping[str, Emotion | None] = {}
        sample: list[Values] = []
        for name, opened in files:
            with _reading(name, opened) as file:
                self.set_name = self.set_name or stored_name(file.schema_arrow)
                columns = _columns(name, file.schema_arrow)
                self.total += file.metadata.num_rows
                if len(sample) < _SAMPLE_ROWS:
                    sample += _sample(file, columns)
            if columns.usage is None and not split_in_name(name):
                self.notes.append(
                    f"{name} names no splits: by their pixels, eight of ten rows went to Training, "
                    "one each to PublicTest and PrivateTest."
                )
        self._pixels = find_form(files[0][0], sample)
        self.assumed += self._pixels.assumed

    def labels(self, _chosen: Collection[str], tick: Callable[[], None]) -> Mapping[str, int]:
        """{label: its rows}."""
        if self._labels is None:
            counted: Counter[str] = Counter()
            for name, opened in self._files:
                with _reading(name, opened) as file:
                    columns = _columns(name, file.schema_arrow)
                    for batch in file.iter_batches(_BATCH_ROWS, columns=[columns.label]):
                        tick()
                        for value in batch.column(0).to_pylist():
                            label = label_text(value, columns.label_names)
                            if label in counted or len(counted) < MAX_LABELS:
                                counted[label] += 1
            self._labels = counted
        return self._labels

    def examples(self, name: str) -> list[UInt8Array]:
        """Up to ``N_EXAMPLES`` faces of a label, from the first rows."""
        faces: list[UInt8Array] = []
        for number, (values, columns, _) in enumerate(self._values()):
            if len(faces) == N_EXAMPLES or number >= _FIRST_ROWS:
                break
            if label_text(values[columns.label], columns.label_names) != name:
                continue
            try:
                faces.append(image_of(values[columns.picture], self._pixels))
            except (RowError, ImageError):
                continue
        return faces

    def use(self, table: Mapping[str, Emotion | None]) -> None:
        """Says what the labels stand for."""
        self._table = table

    def rows(self) -> Iterator[SourceRow | RejectedRow | LeftOutRows]:
        """The faces, and in their place what is no face."""
        self.done = 0
        for values, columns, name in self._values():
            yield self._row(values, columns, name)

    def _values(self) -> Iterator[tuple[dict[str, Any], _Columns, str]]:
        for name, opened in self._files:
            with _reading(name, opened) as file:
                columns = _columns(name, file.schema_arrow)
                for batch in file.iter_batches(_BATCH_ROWS, columns=columns.all):
                    for values in _row_values(batch, columns):
                        yield values, columns, name

    def _row(
        self, values: dict[str, Any], columns: _Columns, name: str
    ) -> SourceRow | RejectedRow | LeftOutRows:
        number = self.done
        self.done += 1
        try:
            text = label_text(values[columns.label], columns.label_names)
            label = find_label(text, self._table)
            if label is None:
                return LeftOutRows(text, 1)
            return SourceRow(
                image_of(values[columns.picture], self._pixels),
                label,
                usage_of(values[columns.usage] if columns.usage else None, name),
                number,
                votes_of([values[vote] for vote in columns.votes]),
            )
        except (RowError, ImageError) as error:
            return RejectedRow(None, f"{name}, row {number}", str(error))


@contextmanager
def _reading(name: str, opened: Callable[[], Any]) -> Iterator[pq.ParquetFile]:
    """An open Parquet file; whatever is wrong with it, now or later, is one error.

    Raises:
        DatasetError: it is no Parquet, or damaged.
    """
    try:
        with pq.ParquetFile(opened()) as file:
            yield file
    except READ_FAULTS as error:
        raise DatasetError(
            f"{name}: wanted a Parquet file. It is damaged: {fault_text(error)}"
        ) from error


def _row_values(batch: pa.RecordBatch, columns: _Columns) -> Iterator[dict[str, Any]]:
    """Each row; a value that Python cannot hold, such as text that is none, is None."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError):
        for i in range(batch.num_rows):
            yield {column: _value(batch.column(column)[i]) for column in columns.all}


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):  # bytes that are no text, dates after the year 9999
        return None


def _columns(name: str, schema: pa.Schema) -> _Columns:
    names = {column.lower(): column for column in schema.names}

    def first(spellings: tuple[str, ...]) -> str | None:
        return next((names[s] for s in spellings if s in names), None)

    picture, label = first(_PICTURE), first(_LABEL)
    if picture is None or label is None:
        raise DatasetError(
            f"{name}: wanted Parquet with the columns image (or pixels) and label (or emotion). "
            f"Found: {', '.join(shown(n, 20) for n in schema.names[:12]) or 'none'}"
        )
    votes = tuple(f"votes_{vote}" for vote in VOTE_COLUMNS)
    has_votes = all(vote in schema.names for vote in votes)
    columns = _Columns(
        picture, label, first(_USAGE), _label_names(schema, label), votes if has_votes else ()
    )
    twice = [column for column in columns.all if schema.names.count(column) > 1]
    if twice:
        raise DatasetError(f"{name}: the column {shown(twice[0])} stands in it twice.")
    return columns


def _label_names(schema: pa.Schema, label: str) -> tuple[str, ...]:
    """Hugging Face numbers classes in an order of its own, often by alphabet, and notes it."""
    try:
        noted = json.loads((schema.metadata or {})[b"huggingface"])
        names = noted["info"]["features"][label]["names"]
        return tuple(map(str, names)) if isinstance(names, list) else ()
    except (KeyError, ValueError, TypeError, RecursionError):
        return ()


def _sample(file: pq.ParquetFile, columns: _Columns) -> list[Values]:
    """The numbers of the first rows, where pixels are written as numbers."""
    batch = next(file.iter_batches(_SAMPLE_ROWS, columns=columns.all), None)
    if batch is None:
        return []
    found = (pixel_numbers(row[columns.picture]) for row in _row_values(batch, columns))
    return [values for values in found if values is not None]
