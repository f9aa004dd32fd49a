"""The folder of a batch: what stands where, what may be resumed, who works on it."""

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from filelock import Timeout

from emotion_core.batch.items import Outcome, Shard
from emotion_core.batch.parts import error_lines, write_part
from emotion_core.errors import BatchError
from emotion_core.files.atomic_files import AtomicFile, make_folder, readable, write_atomic
from emotion_core.files.named_locks import named_lock
from emotion_core.files.outside_files import open_regular, read_json

#: Other things than these in a folder are somebody else's.
_LOCK = ".lock"


class BatchFolder:
    """Paths and small files of one batch.

    Args:
        path: its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = path / "manifest.parquet"
        self.settings = path / "batch.json"
        self.status = path / "status.json"
        self.parts = path / "parts"
        self.errors = path / "errors"
        self.log = path / "log.txt"
        #: Videos that are half read.
        self.unfinished = path / "unfinished"

    def unfinished_of(self, shard: int, position: int) -> Path:
        """Where a video goes on when its process died, or the whole batch."""
        return self.unfinished / f"{shard}-{position}"

    def part(self, shard: int) -> Path:
        """The file with a shard's rows; when it is there, the shard is done."""
        return self.parts / f"part-{shard:05d}.parquet"

    def error_file(self, shard: int) -> Path:
        """The file with what failed in a shard."""
        return self.errors / f"part-{shard:05d}.jsonl"

    @contextmanager
    def held(self) -> "Iterator[BatchFolder]":
        """Makes the folder and keeps other batches out of it.

        Raises:
            BatchError: another batch works there.
            OutputError: it cannot be made or written.
        """
        make_folder(self.path)
        lock = named_lock(self.path / _LOCK)
        try:
            lock.acquire()
        except Timeout as error:
            raise BatchError(
                f"{readable(self.path)}: another batch is writing there. Wait for it, stop it, or "
                "choose another --output."
            ) from error
        except OSError as error:
            raise BatchError(
                f"Cannot write {readable(self.path)}: {error.strerror or error}."
            ) from error
        try:
            yield self
        finally:
            lock.release()

    def check_empty(self) -> None:
        """Makes sure that a batch can begin here.

        Raises:
            BatchError: files of somebody else, or of a batch, stand here.
        """
        if self.manifest.exists():
            raise BatchError(
                f"{readable(self.path)} holds a batch already. --resume goes on with it; for "
                "another one choose another --output."
            )
        own = {_LOCK, self.settings.name, self.status.name, self.log.name}
        others = sorted(p.name for p in self.path.iterdir() if p.name not in own)
        others = [name for name in others if not name.startswith(".")]
        if others:
            raise BatchError(
                f"{readable(self.path)}: wanted an empty folder for the batch. There is "
                f"{others[0]}{' and more' if len(others) > 1 else ''}."
            )

    def load_settings(self) -> dict[str, Any]:
        """What the batch was begun with.

        Raises:
            BatchError: it cannot be read.
        """
        found = read_json(self.settings, BatchError)
        keys = ("options", "reader", "sources", "recursive", "base")
        if not isinstance(found, dict) or any(key not in found for key in keys):
            raise BatchError(
                f"{readable(self.settings)}: wanted the settings of a batch. Begin anew in another "
                "folder."
            )
        return found

    def write_shard(self, shard: Shard, outcomes: list[Outcome], rows: pa.Table) -> None:
        """Keeps what came of a shard; the part comes last, and means that all is there.

        Raises:
            OutputError: it cannot be written.
            DiskFullError: there is no room for it.
        """
        make_folder(self.parts)
        make_folder(self.errors)
        write_atomic(self.error_file(shard.number), error_lines(shard, outcomes))
        kept = "Every finished part is kept; --resume goes on."
        with AtomicFile(self.part(shard.number), kept=kept) as file:
            write_part(rows, file)

    def forget_unfinished(self, shard: Shard) -> None:
        """Deletes what half read videos of a shard were resumed from."""
        if not self.unfinished.is_dir():
            return
        for position in range(len(shard.items)):
            shutil.rmtree(self.unfinished_of(shard.number, position), ignore_errors=True)
        with contextlib.suppress(OSError):  # others are being read
            self.unfinished.rmdir()

    def failures(self, shard: int) -> int:
        """How many inputs of a finished shard failed."""
        path = self.error_file(shard)
        if not path.is_file():
            return 0
        with open_regular(path, BatchError) as file:
            return sum(1 for _ in file)

    def iter_errors(self) -> Iterator[dict[str, str]]:
        """What failed, in the order of the shards: ``source``, ``id``, ``error``."""
        names = self.errors.glob("part-*.jsonl") if self.errors.is_dir() else ()
        for path in sorted(names, key=lambda path: (len(path.name), path.name)):
            with open_regular(path, BatchError) as file:
                for line in file:
                    yield json.loads(line)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What is not the same in two sets of names and values, in words."""
    found = []
    for name in [*before, *(key for key in now if key not in before)]:
        old, new = before.get(name), now.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new)
        elif old != new:
            found.append(f"{name} (it was {_word(old)}, now {_word(new)})")
    return found


def _word(value: Any) -> str:
    text = "unset" if value is None else str(value)
    return f"{text[:12]}..." if len(text) == 64 else text[:80]
