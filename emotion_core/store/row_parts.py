"""The rows of a session: Parquet files that appear whole or not at all, small ones joined later.

A file's name says which pieces are in it, ``part-00000000-00000059.parquet``. Small ones go only
once the file that joins them is there, and until then whoever reads takes the larger: there is no
moment at which rows are missing or count twice.
"""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from emotion_core.emotions import LabelSet
from emotion_core.errors import StoreError
from emotion_core.files.atomic_files import AtomicFile, make_folder, readable
from emotion_core.files.outside_files import open_regular
from emotion_core.store.row_times import live_ends
from emotion_core.video.frame_table import METADATA_KEY, read_metadata, table_schema

#: Rows of a file that is not joined any further; about 40 MB in memory.
PART_ROWS = 250_000
_NAME = re.compile(r"part-(\d{8})-(\d{8})\.parquet")
_GROUP_ROWS = 65_536
# Files may be joined between looking and reading.
_TRIES = 5


def rows_schema(label_set: LabelSet) -> pa.Schema:
    """The columns: those of a frame table, ``source`` and ``until_s``.

    ``source`` is the position of what a row comes from; until ``until_s`` it stands for what is
    seen.
    """
    schema = table_schema(label_set)
    schema = schema.append(pa.field("source", pa.int32(), nullable=False))
    return schema.append(pa.field("until_s", pa.float64(), nullable=False))


def with_source(table: pa.Table, source: int, ends: Any, label_set: LabelSet) -> pa.Table:
    """A frame table with the two columns that rows of sessions have beside its own.

    Args:
        table: N rows.
        source: where they come from.
        ends: (N,) float64, see ``rows_schema``.
        label_set: of the scores.
    """
    table = table.append_column("source", pa.array([source] * len(table), pa.int32()))
    table = table.append_column("until_s", pa.array(ends, pa.float64()))
    return table.cast(rows_schema(label_set))


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One file.

    Attributes:
        first: number of the first piece in it.
        last: of the last one.
        path: of the file.
    """

    first: int
    last: int
    path: Path


class RowParts:
    """The files of one session's rows. One process writes, any may read.

    Args:
        folder: where they stand; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def parts(self) -> tuple[Part, ...]:
        """The files that count, in order."""
        found: list[Part] = []
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if name := _NAME.fullmatch(path.name):
                    found.append(Part(int(name[1]), int(name[2]), path))
        counting: list[Part] = []
        # Of two that begin alike the longer first: what lies within it was joined into it.
        for part in sorted(found, key=lambda part: (part.first, -part.last)):
            if not counting or part.first > counting[-1].last:
                counting.append(part)
        return tuple(counting)

    def next_number(self) -> int:
        """Number of the next piece."""
        parts = self.parts()
        return parts[-1].last + 1 if parts else 0

    def write(
        self,
        table: pa.Table,
        number: int,
        metadata: Mapping[str, Any] | None = None,
        *,
        last: int | None = None,
    ) -> Part:
        """Writes a file, or replaces the one of the same pieces.

        Args:
            table: see ``rows_schema``.
            number: of the piece.
            metadata: can stand in JSON.
            last: number of the last piece, if it is several.

        Raises:
            OutputError: it cannot be written.
            DiskFullError: there is no room for it.
        """
        make_folder(self.folder)
        last = number if last is None else last
        path = self.folder / f"part-{number:08d}-{last:08d}.parquet"
        text = json.dumps(dict(metadata or {}))
        table = table.replace_schema_metadata({METADATA_KEY: text}).unify_dictionaries()
        with AtomicFile(path, kept="What was recorded before is kept.") as file:
            pq.write_table(table, file, compression="zstd", row_group_size=_GROUP_ROWS)
        return Part(number, last, path)

    def tables(self) -> Iterator[pa.Table]:
        """The rows, file by file, in order.

        Raises:
            StoreError: a file cannot be read.
        """
        after = -1
        while True:
            waiting = [part for part in self.parts() if part.last > after]
            if not waiting:
                return
            part, table = self._read_first(after)
            if part.first <= after:  # joined meanwhile with pieces that were read before
                raise StoreError(
                    f"{readable(self.folder)}: files were joined while they were read. Try again."
                )
            after = part.last
            yield table

    def metadata(self, part: Part) -> dict[str, Any]:
        """What a file was written with.

        Raises:
            StoreError: it cannot be read.
        """
        return read_metadata(_opened(part.path).schema_arrow)

    def n_rows(self) -> int:
        """How many rows there are.

        Raises:
            StoreError: a file cannot be read.
        """
        return sum(_opened(part.path).metadata.num_rows for part in self.parts())

    def join(self, *, first: int = 0, target_rows: int = PART_ROWS) -> None:
        """Joins files of a recording until each has so many rows.

        Until when rows stand is worked out anew, now that it is known what followed.

        Args:
            first: number of the first piece; files before it stay.
            target_rows: of a file that is large enough.

        Raises:
            StoreError: a file cannot be read.
            OutputError: one cannot be written.
        """
        self.clean()
        group: list[tuple[Part, pa.Table]] = []
        rows = 0
        for part in self.parts():
            if part.first < first:
                continue
            table = read_part(part.path)
            if rows >= target_rows:
                self._join(group, table)
                group, rows = [], 0
            group.append((part, table))
            rows += len(table)
        self._join(group, None)

    def clean(self) -> None:
        """Deletes what is joined already."""
        counting = {part.path for part in self.parts()}
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if _NAME.fullmatch(path.name) and path not in counting:
                    _drop(path)

    def _join(self, group: list[tuple[Part, pa.Table]], after: pa.Table | None) -> None:
        if len(group) < 2:
            return
        metadata = self.metadata(group[-1][0])
        table = joined([table for _, table in group])
        following = [] if after is None or not len(after) else [float(after["time_s"][0].as_py())]
        ends = live_ends(table["time_s"].to_numpy(), *following)
        place = table.column_names.index("until_s")
        table = table.set_column(place, table.schema.field("until_s"), pa.array(ends))
        whole = self.write(table, group[0][0].first, metadata, last=group[-1][0].last)
        for part, _ in group:
            if part.path != whole.path:
                _drop(part.path)

    def _read_first(self, after: int) -> tuple[Part, pa.Table]:
        error: StoreError | None = None
        for _ in range(_TRIES):
            part = next(part for part in self.parts() if part.last > after)
            try:
                return part, read_part(part.path)
            except StoreError as cause:
                error = cause
                if part.path.exists():
                    break
        assert error is not None
        raise error


def read_part(path: Path) -> pa.Table:
    """The rows of a file.

    Raises:
        StoreError: it is not there, or damaged.
    """
    with _told(path), open_regular(path, StoreError) as file:
        return pq.read_table(file).replace_schema_metadata(None)


def joined(tables: list[pa.Table]) -> pa.Table:
    """Several tables of the same columns as one."""
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def count_frames(table: pa.Table) -> int:
    """How many different frames a table has."""
    pairs = table.select(["source", "frame"]).group_by(["source", "frame"]).aggregate([])
    return int(pairs.num_rows)


def last_time(table: pa.Table) -> float:
    """The latest time in a table; 0 without rows."""
    value = pc.max(table["time_s"]).as_py()
    return 0.0 if value is None else float(value)


def _drop(path: Path) -> None:
    """Deletes what nobody counts any more; Windows deletes no open file, and then it stays."""
    with contextlib.suppress(OSError):
        path.unlink()


def _opened(path: Path) -> pq.ParquetFile:
    with _told(path):
        return pq.ParquetFile(path)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StoreError(
            f"{readable(path)}: wanted rows of a session (Parquet). It is damaged or not there. "
            "`store check` looks through all; a backup may hold it."
        ) from error
