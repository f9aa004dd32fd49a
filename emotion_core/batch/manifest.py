"""The manifest: every input of a batch with its shard, made once, read in one pass.

It is written in two: first what is found, then, when its number and its repetitions are known, the
same rows with their shards. Neither holds more than some ten thousand rows, apart from eight bytes
for each path and each id, by which repetitions are found.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emotion_core.batch.items import Item, Shard
from emotion_core.batch.listing import Listed
from emotion_core.errors import BatchError
from emotion_core.files.atomic_files import AtomicFile, readable
from emotion_core.files.outside_files import open_regular

_ROWS = 65_536
_KEY = b"emotion_lens_batch"
_FORMAT = 1
# A path is bytes: not every file name is text.
_FOUND = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("path", pa.binary(), nullable=False),
        ("size_bytes", pa.int64()),
        ("problem", pa.string()),
    ]
)
_SHARD = pa.field("shard", pa.int32(), nullable=False)

#: Inputs of a shard by default; with fewer inputs in all, shards are smaller.
MOST_PHOTOS, MOST_VIDEOS, _FEWEST, _SHARDS = 256, 1, 4, 64


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a manifest without reading its rows.

    Attributes:
        path: of the file.
        total: inputs.
        shard_size: inputs of a shard; the last one may have fewer.
    """

    path: Path
    total: int
    shard_size: int

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return -(-self.total // self.shard_size)

    def size_of(self, shard: int) -> int:
        """How many inputs a shard has."""
        return min(self.shard_size, self.total - shard * self.shard_size)

    def iter_shards(self) -> Iterator[Shard]:
        """The shards in their order.

        Raises:
            BatchError: the file is damaged.
        """
        for number, items in groupby(self._items(), key=lambda pair: pair[0]):
            yield Shard(number, tuple(item for _, item in items))

    def _items(self) -> Iterator[tuple[int, Item]]:
        for batch in _batches(self.path):
            for row in batch.to_pylist():
                path = os.fsdecode(row["path"])
                yield (
                    row["shard"],
                    Item(row["id"], row["source"], path, row["size_bytes"], row["problem"] or ""),
                )


def read_manifest(path: Path) -> Manifest:
    """Opens a manifest.

    Raises:
        BatchError: it cannot be read, or is none.
    """
    with open_regular(path, BatchError) as file:
        try:
            known = json.loads((pq.read_schema(file).metadata or {})[_KEY])
            return Manifest(path, int(known["total"]), int(known["shard_size"]))
        except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
            raise _damaged(path) from error


def write_manifest(
    path: Path, inputs: Iterable[Listed], *, scratch: Path, shard_size: int | None, most: int
) -> Manifest:
    """Writes what there is to read. It appears whole or not at all.

    Args:
        path: of the manifest.
        inputs: in the order in which they shall stand; repeated ones are kept once.
        scratch: a folder for what is not whole yet.
        shard_size: inputs of a shard; None: by how many there are.
        most: of inputs in a shard, where nobody says.

    Raises:
        BatchError: nothing can be read, or two inputs have one id or one input has two.
        OutputError: it cannot be written.
    """
    found = scratch / "found.parquet"
    total, readable_ones, repeated, problem = _write_found(found, inputs)
    if not readable_ones:
        raise BatchError(f"Nothing to read. {problem or 'No inputs were named.'}")
    dropped = _repetitions(found, repeated)
    total -= len(dropped)
    size = shard_size or max(min(most, _FEWEST), min(most, -(-total // _SHARDS)))
    known = json.dumps({"format": _FORMAT, "total": total, "shard_size": size})
    schema = _FOUND.append(_SHARD).with_metadata({_KEY: known.encode()})
    position = 0
    with (
        AtomicFile(path, kept="Nothing was begun.") as file,
        pq.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        for first, batch in _numbered(found):
            keep = [row for row in range(len(batch)) if first + row not in dropped]
            rows = batch if len(keep) == len(batch) else batch.take(pa.array(keep, pa.int64()))
            shards = np.arange(position, position + len(rows), dtype=np.int64) // size
            position += len(rows)
            table = pa.table([*rows.columns, pa.array(shards, pa.int32())], schema=schema)
            writer.write_table(table)
    return Manifest(path, total, size)


def _write_found(path: Path, inputs: Iterable[Listed]) -> tuple[int, int, tuple[Any, Any], str]:
    """Writes what is found; how much it is, how much of it can be read, what repeats, a problem."""
    n = readable_ones = 0
    problem = ""
    paths, ids = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    inputs = iter(inputs)
    with pq.ParquetWriter(path, _FOUND, compression="zstd") as writer:
        while rows := list(islice(inputs, _ROWS)):
            wheres = [os.fsencode(row.path) for row in rows]
            own = [row.id for row in rows]
            columns = [
                own, [row.source for row in rows], wheres,
                [row.size_bytes for row in rows], [row.problem or None for row in rows],
            ]  # fmt: skip
            arrays = [
                pa.array(values, kind) for values, kind in zip(columns, _FOUND.types, strict=True)
            ]
            writer.write_table(pa.table(arrays, schema=_FOUND))
            paths.append(_hashes(wheres))
            ids.append(_hashes(own))
            n += len(rows)
            for row in rows:
                if not row.problem:
                    readable_ones += 1
                elif not problem:
                    problem = f"{row.source}: {row.problem}"
    return n, readable_ones, (_seen_twice(paths), _seen_twice(ids)), problem


def _hashes(texts: list[Any]) -> Any:
    from pandas.util import hash_array

    return hash_array(np.array(texts, dtype=object), categorize=False)


def _seen_twice(hashes: list[Any]) -> Any:
    every = np.sort(np.concatenate(hashes))
    return np.unique(every[1:][every[1:] == every[:-1]])


def _repetitions(found: Path, repeated: tuple[Any, Any]) -> set[int]:
    """Rows that say again what an earlier one says.

    Raises:
        BatchError: they contradict it.
    """
    dropped: set[int] = set()
    if not any(len(hashes) for hashes in repeated):
        return dropped
    id_of: dict[bytes, str] = {}
    path_of: dict[str, bytes] = {}
    for first, batch in _numbered(found):
        paths, ids = batch.column("path").to_pylist(), batch.column("id").to_pylist()
        suspects = np.isin(_hashes(paths), repeated[0]) | np.isin(_hashes(ids), repeated[1])
        for row in np.flatnonzero(suspects).tolist():
            path, own = paths[row], ids[row]
            if id_of.get(path) == own:
                dropped.add(first + row)
                continue
            known = id_of.setdefault(path, own)
            if known != own:
                raise BatchError(
                    f"{readable(os.fsdecode(path))} is listed twice, as {known} and as {own}. "
                    "Name every input once."
                )
            other = path_of.setdefault(own, path)
            if other != path:
                raise BatchError(
                    f"The id {own} is given twice, to {readable(os.fsdecode(other))} and to "
                    f"{readable(os.fsdecode(path))}. Every input needs an id of its own."
                )
    return dropped


def _numbered(path: Path) -> Iterator[tuple[int, Any]]:
    first = 0
    for batch in _batches(path):
        yield first, batch
        first += len(batch)


def _batches(path: Path) -> Iterator[Any]:
    with open_regular(path, BatchError) as file:
        try:
            yield from pq.ParquetFile(file).iter_batches(_ROWS)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path) from error


def _damaged(path: Path) -> BatchError:
    return BatchError(
        f"{readable(path)}: wanted the manifest of a batch. It is damaged, or another file. Begin "
        "anew in another folder."
    )
