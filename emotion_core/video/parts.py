"""Finished chunks of a frame table: what a kill cannot take, and where the work goes on.

Every chunk is a Parquet file that appears whole or not at all. Its metadata hold the state in which
the next one begins, so that there is no moment at which rows and state do not fit each other.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core.errors import VideoError
from emotion_core.files.atomic_files import AtomicFile, make_folder
from emotion_core.files.publishing import remove_folder
from emotion_core.video.frame_table import METADATA_KEY, read_metadata, read_rows

_KEPT = "What was read in the video before is kept; resume to go on."


@dataclass(frozen=True, slots=True)
class Finished:
    """How far the chunks go.

    Attributes:
        n: how many there are.
        state: what the last one was written with; empty without any.
    """

    n: int = 0
    state: Mapping[str, Any] = field(default_factory=dict)


class Parts:
    """The chunks of one analysis.

    Args:
        folder: where they stand.
        fingerprint: of everything that the rows depend on; chunks with another one are of another
            analysis.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder
        self._fingerprint = fingerprint
        self._n = 0

    def resume(self) -> Finished:
        """Finds the chunks that are there, from the first one without a gap; others are deleted.

        Raises:
            OutputError: the folder cannot be written.
        """
        make_folder(self.folder)
        state: dict[str, Any] = {}
        self._n = 0
        while (found := self._state(self._n)) is not None:
            state = found
            self._n += 1
        kept = {self._path(n) for n in range(self._n)}
        for path in self.folder.iterdir():
            # Without a chunk nothing here is known to be of this video.
            if not kept or (path.suffix == ".parquet" and path not in kept):
                path.unlink()
        return Finished(self._n, state)

    def clear(self) -> None:
        """Deletes everything, to begin anew or because the table is whole.

        Raises:
            OSError: it cannot be deleted.
        """
        self._n = 0
        if self.folder.is_dir():
            remove_folder(self.folder)

    def write(self, rows: pa.Table, state: Mapping[str, Any]) -> None:
        """Adds a chunk.

        Args:
            rows: with the columns of a frame table; may be none.
            state: from which the work goes on after it; can stand in JSON.

        Raises:
            OutputError: it cannot be written.
            DiskFullError: there is no room for it.
        """
        make_folder(self.folder)
        text = json.dumps({"fingerprint": self._fingerprint, "state": dict(state)})
        with AtomicFile(self._path(self._n), kept=_KEPT) as file:
            pq.write_table(rows.replace_schema_metadata({METADATA_KEY: text}), file)
        self._n += 1

    def tables(self) -> Iterator[pa.Table]:
        """The rows of all chunks, one after the other.

        Raises:
            VideoError: one cannot be read any more.
        """
        for n in range(self._n):
            yield read_rows(self._path(n)).replace_schema_metadata(None)

    def _path(self, n: int) -> Path:
        return self.folder / f"part-{n:06d}.parquet"

    def _state(self, n: int) -> dict[str, Any] | None:
        path = self._path(n)
        if not path.is_file():
            return None
        try:
            found = read_metadata(read_rows(path).schema)
        except VideoError:  # damaged by something else than a kill: it is made again
            return None
        if found.get("fingerprint") != self._fingerprint:
            return None
        state: dict[str, Any] = found["state"]
        return state
