"""Parquet: the stored form, and what Hugging Face and others write."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core.datasets.dataset import VOTE_COLUMNS
from emotion_core.datasets.importing.picture_rows import middle_square
from emotion_core.datasets.importing.rows import (
    SIZE_PX,
    RejectedRow,
    RowError,
    SourceRow,
    read_label,
    read_pixels,
    shown,
)
from emotion_core.datasets.importing.splits import UNKNOWN, parse_split
from emotion_core.datasets.parquet import stored_name
from emotion_core.errors import DatasetError, ImageError
from emotion_core.images import decode_image
from emotion_core.types import UInt8Array

_PICTURE, _LABEL, _USAGE = ("image", "pixels"), ("label", "emotion"), ("usage", "split")
# Rows at a time: 500 pictures of 2 KB, or pixel texts of 9 KB, are some megabytes.
_BATCH_ROWS = 500


@dataclass(frozen=True, slots=True)
class _Columns:
    picture: str
    label: str
    usage: str | None
    #: Names of the labels where the file says them; "" stands for a number.
    label_names: tuple[str, ...]
    has_votes: bool


class ParquetSource:
    """Reads one Parquet file or several, e.g. one per split."""

    no_row_order = ""

    def __init__(self, files: Sequence[tuple[str, Callable[[], Any]]]) -> None:
        """
        Args:
            files: (name, opener of something that pyarrow reads) of each.

        Raises:
            DatasetError: not Parquet, or without pictures and labels.
        """
        self.form = "parquet"
        self.notes: list[str] = []
        self.done = self.total = 0
        self.set_name = ""
        self._files = files
        for name, opened in files:
            file = _open(name, opened)
            self.set_name = self.set_name or stored_name(file.schema_arrow)
            if _columns(name, file.schema_arrow).usage is None and not _split_of(name):
                self.notes.append(
                    f"{name} names no splits: by their pixels, eight of ten rows went to Training, "
                    "one each to PublicTest and PrivateTest."
                )
            self.total += file.metadata.num_rows

    def rows(self) -> Iterator[SourceRow | RejectedRow]:
        for name, opened in self._files:
            file = _open(name, opened)
            columns = _columns(name, file.schema_arrow)
            try:
                for batch in file.iter_batches(_BATCH_ROWS):
                    for values in batch.to_pylist():
                        yield self._row(values, columns, name)
            except (pa.ArrowException, OSError) as error:
                raise DatasetError(f"{name} is damaged: {error}") from error

    def _row(self, values: dict[str, Any], columns: _Columns, name: str) -> SourceRow | RejectedRow:
        number = self.done
        self.done += 1
        try:
            return SourceRow(
                _image(values[columns.picture]),
                _label(values[columns.label], columns.label_names),
                _usage(values[columns.usage] if columns.usage else None, name),
                number,
                _votes(values) if columns.has_votes else None,
            )
        except (RowError, ImageError) as error:
            return RejectedRow(None, f"{name}, row {number}", str(error))


def _open(name: str, opened: Callable[[], Any]) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(opened())
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{name}: wanted a Parquet file. It is damaged: {error}") from error


def _columns(name: str, schema: pa.Schema) -> _Columns:
    names = {column.lower(): column for column in schema.names}

    def first(spellings: tuple[str, ...]) -> str | None:
        return next((names[s] for s in spellings if s in names), None)

    picture, label = first(_PICTURE), first(_LABEL)
    if picture is None or label is None:
        raise DatasetError(
            f"{name}: wanted Parquet with the columns image (or pixels) and label (or emotion). "
            f"Found: {', '.join(schema.names[:12]) or 'none'}"
        )
    has_votes = all(f"votes_{vote}" in schema.names for vote in VOTE_COLUMNS)
    return _Columns(picture, label, first(_USAGE), _label_names(schema, label), has_votes)


def _label_names(schema: pa.Schema, label: str) -> tuple[str, ...]:
    """Hugging Face numbers classes in an order of its own, often by alphabet, and notes it."""
    try:
        noted = json.loads((schema.metadata or {})[b"huggingface"])
        names = noted["info"]["features"][label]["names"]
        return tuple(str(name) for name in names)
    except (KeyError, ValueError, TypeError):
        return ()


def _image(value: Any) -> UInt8Array:
    if isinstance(value, dict):
        value = value.get("bytes")
    if isinstance(value, bytes):
        return middle_square(decode_image(value, name="the picture"))
    if isinstance(value, str):
        return read_pixels(value)
    if isinstance(value, list):
        pixels = np.array(value, dtype=object).ravel()
        if len(pixels) == SIZE_PX**2 and all(isinstance(v, int) and 0 <= v <= 255 for v in pixels):
            return pixels.astype(np.uint8).reshape(SIZE_PX, SIZE_PX)
    raise RowError(f"wanted a picture or {SIZE_PX**2:,} pixels, received {type(value).__name__}")


def _label(value: Any, names: tuple[str, ...]) -> int:
    if isinstance(value, int) and names:
        if not 0 <= value < len(names):
            raise RowError(f"wanted a label from 0 to {len(names) - 1}, received {value}")
        value = names[value]
    return read_label(str(value))


def _usage(value: Any, name: str) -> str:
    if value is None:
        return _split_of(name) or UNKNOWN
    split = parse_split(str(value))
    if split is None:
        raise RowError(f"wanted Training, PublicTest or PrivateTest, received {shown(str(value))}")
    return split


def _split_of(name: str) -> str | None:
    """The split in a name like ``data/train-00000-of-00001.parquet``."""
    stem = PurePosixPath(name).name.split(".")[0].split("-")[0]
    return parse_split(stem)


def _votes(values: dict[str, Any]) -> tuple[int, ...]:
    votes = [values[f"votes_{name}"] for name in VOTE_COLUMNS]
    if not all(isinstance(vote, int) and 0 <= vote <= 100 for vote in votes):
        raise RowError(f"wanted votes from 0 to 100, received {votes}")
    return tuple(votes)
