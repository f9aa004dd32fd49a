"""A data set opened for looking at it: labels at once, pictures when they are asked for.

Decoding all pictures of FER-2013 takes seconds, and a page of faces needs a hundred of them, which
the stored file holds in a form that browsers read.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core.datasets import EmotionDataset, load_dataset
from emotion_core.datasets.parquet import READ_FAULTS, facts_of, stored_file, stored_name
from emotion_core.files.atomic_files import file_sha256
from emotion_core.images import data_uri, decode_image
from emotion_core.types import Int64Array, UInt8Array


@dataclass(eq=False)
class StoredSet:
    """One stored data set. Shared by all sessions, so nothing in it changes.

    Attributes:
        path: the Parquet file.
        facts: labels, splits and votes of every row, with pictures of no pixels.
    """

    path: Path
    facts: EmotionDataset
    _file: pq.ParquetFile
    _groups: dict[int, pa.Array] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _decoded: Future[EmotionDataset] | None = None
    _starts: Int64Array = field(init=False)

    def __post_init__(self) -> None:
        parts = self._file.metadata
        sizes = [parts.row_group(i).num_rows for i in range(parts.num_row_groups)]
        self._starts = np.cumsum([0, *sizes])

    @classmethod
    def open(cls, path: Path) -> "StoredSet":
        """Opens a stored data set without decoding its pictures.

        Raises:
            DatasetError: missing, not Parquet, or columns missing.
        """
        with stored_file(path) as checked:
            names = [name for name in checked.schema_arrow.names if name != "image"]
            table = checked.read(columns=names)
            facts = EmotionDataset(
                images=np.zeros((table.num_rows, 0, 0), np.uint8),
                **facts_of(table),
                sha256=file_sha256(path),
                name=stored_name(checked.schema_arrow) or path.stem,
            )
            file = pq.ParquetFile(path)  # stays open, for the pictures
        return cls(path, facts, file)

    def __len__(self) -> int:
        return len(self.facts)

    @property
    def title(self) -> str:
        """What the data set is called."""
        return "Synthetic data set" if self.facts.is_synthetic else self.facts.name

    def data_uris(self, rows: Sequence[int]) -> list[str]:
        """Pictures of the given rows as browsers take them, in that order."""
        return [data_uri(self._content(row), "png") for row in rows]

    def image(self, row: int) -> UInt8Array:
        """(S, S) uint8, the picture of one row.

        Raises:
            ImageError: it is broken.
        """
        picture: UInt8Array = decode_image(self._content(row), name=f"the picture of row {row}")
        return np.ascontiguousarray(picture[..., 0])  # gray: the three channels are equal

    def dataset(self) -> EmotionDataset:
        """The whole set with decoded pictures; the first call waits for them.

        Raises:
            DatasetError: a picture cannot be read.
        """
        return self.start_decoding().result()

    def start_decoding(self) -> Future[EmotionDataset]:
        """Decodes all pictures in a thread, once."""
        with self._lock:
            if self._decoded is None:
                self._decoded = Future()
                threading.Thread(
                    target=_decode, args=(self.path, self._decoded), name="decode", daemon=True
                ).start()
            return self._decoded

    def _content(self, row: int) -> bytes:
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        try:
            content = self._group(group)[int(row - self._starts[group])].as_py()
        except READ_FAULTS:  # damaged after it was opened
            content = None
        return content if isinstance(content, bytes) else b""

    def _group(self, number: int) -> pa.Array:
        # A ParquetFile is not made for several threads at once.
        with self._lock:
            if number not in self._groups:
                table = self._file.read_row_group(number, columns=["image"])
                self._groups[number] = table["image"].combine_chunks().field("bytes")
            return self._groups[number]


def _decode(path: Path, done: Future[EmotionDataset]) -> None:
    try:
        done.set_result(load_dataset(path))
    except BaseException as error:  # whoever waits must learn of it
        done.set_exception(error)
