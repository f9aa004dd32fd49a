"""Writes the stored form of data sets."""

import contextlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core.datasets.dataset import VOTE_COLUMNS, EmotionDataset
from emotion_core.datasets.parquet import METADATA_KEY, SCHEMA
from emotion_core.files.atomic_files import AtomicFile, make_folder
from emotion_core.images import encode_png

# Rows per group: small enough to stream, large enough to compress.
_GROUP_ROWS = 2000


class DatasetWriter:
    """Writes rows to an open file in the stored form, a group at a time, in a ``with`` block."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        metadata = {METADATA_KEY: json.dumps({"name": name})}
        self._writer = pq.ParquetWriter(
            file, SCHEMA.with_metadata(metadata), compression="zstd", compression_level=3
        )
        self._rows: list[tuple[bytes, str, int, str, Sequence[int]]] = []
        self.n_written = 0

    def add(self, png: bytes, name: str, label: int, usage: str, votes: Sequence[int]) -> None:
        """Adds one row; ``votes`` are ten numbers in the order of ``VOTE_COLUMNS``."""
        self._rows.append((png, name, label, usage, votes))
        self.n_written += 1
        if len(self._rows) >= _GROUP_ROWS:
            self._flush()

    def __enter__(self) -> "DatasetWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
            self._writer.close()
            return
        # The file will be thrown away, but the writer must end before it.
        with contextlib.suppress(OSError, pa.ArrowException):
            self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        pngs, names, labels, usages, votes = zip(*self._rows, strict=True)
        table = np.asarray(votes, np.int8)
        columns: list[Any] = [
            pa.StructArray.from_arrays(
                [pa.array(pngs, pa.binary()), pa.array(names, pa.string())], ["bytes", "path"]
            ),
            pa.array(labels, pa.int8()),
            pa.array(usages, pa.string()).dictionary_encode(),
            *(pa.array(table[:, i]) for i in range(len(VOTE_COLUMNS))),
        ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=SCHEMA))
        self._rows.clear()


def write_dataset(dataset: EmotionDataset, path: Path) -> None:
    """Stores a data set; the file appears complete or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    make_folder(path.parent)
    with AtomicFile(path) as file:
        write_rows(dataset, file, range(len(dataset)))


def write_rows(dataset: EmotionDataset, file: IO[bytes], order: Iterable[int]) -> None:
    """Writes rows of a data set to an open file in the stored form."""
    with DatasetWriter(file, dataset.name) as writer:
        for i in order:
            writer.add(
                encode_png(dataset.images[i]),
                picture_name(int(dataset.rows[i])),
                int(dataset.labels[i]),
                str(dataset.usage[i]),
                dataset.votes[i].tolist(),
            )


def picture_name(row: int) -> str:
    """The name of a row's picture. Unlike FER+'s, its number is the row."""
    return f"fer{row:07d}.png"
