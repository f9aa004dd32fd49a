"""One batch from its sources to its last part; killed at any moment, it goes on where it was."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_core.batch.folder import BatchFolder, differences
from emotion_core.batch.items import Executor, Item, Shard
from emotion_core.batch.listing import Listed, iter_inputs, of_kind
from emotion_core.batch.manifest import (
    MOST_PHOTOS,
    MOST_VIDEOS,
    Manifest,
    read_manifest,
    write_manifest,
)
from emotion_core.batch.options import AUTO, PHOTOS, VIDEOS, BatchOptions
from emotion_core.batch.parts import build_part
from emotion_core.batch.reader import ItemReader
from emotion_core.batch.status import BatchProgress, Status
from emotion_core.batch.stores import is_address, is_private, open_address
from emotion_core.emotions import LabelSet
from emotion_core.errors import BatchError, Cancelled
from emotion_core.extras import need
from emotion_core.files.atomic_files import readable, write_json
from emotion_core.files.publishing import scratch_folder
from emotion_core.files.unfinished import clean_below

if TYPE_CHECKING:
    import pandas as pd

#: Who reads.
EXECUTORS = ("local", "ray")


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a batch came to.

    Attributes:
        output: its folder.
        kind: ``photos`` or ``videos``.
        total: inputs.
        failed: those that could not be read; ``BatchFolder.iter_errors`` says why.
        parts: how many there are.
        seconds: how long this run took; what was there before is not in it.
        model: name of the model.
        labels: whose labels answered.
        detector: name of the face detector.
        note: what has to be known of the detector; empty: nothing.
    """

    output: Path
    kind: str
    total: int
    failed: int
    parts: int
    seconds: float
    model: str
    labels: str
    detector: str
    note: str = ""

    @property
    def read(self) -> int:
        """Inputs that could be read."""
        return self.total - self.failed

    def errors(self) -> Iterator[dict[str, str]]:
        """What failed: ``source``, ``id``, ``error``."""
        return BatchFolder(self.output).iter_errors()

    def to_frame(self) -> "pd.DataFrame":
        """The rows of all parts in the order of the inputs; they must fit into the memory."""
        import pandas as pd

        folder = BatchFolder(self.output)
        parts = [pd.read_parquet(folder.part(number)) for number in range(self.parts)]
        return pd.concat(parts, ignore_index=True)


def run_batch(
    sources: "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]",
    output: "str | os.PathLike[str]",
    *,
    options: BatchOptions | None = None,
    recursive: bool = False,
    executor: str = "local",
    workers: int | None = None,
    address: str | None = None,
    shard_size: int | None = None,
    resume: bool = False,
    progress: Callable[[BatchProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BatchResult:
    """Reads the expressions in many photos or videos, by several processes or machines.

    What there is to read is listed once, into ``manifest.parquet``, and divided into shards. Each
    becomes ``parts/part-00000.parquet``, whole or not at all, with what failed in it in
    ``errors/part-00000.jsonl``. The parts are the same whoever reads them in whatever order, and
    together they are the table of one single run.

    Examples:
        >>> from emotion_core import run_batch
        >>> done = run_batch("photos/", "faces/", workers=2)
        >>> done.read, done.failed
        (3, 0)

    Args:
        sources: files, folders, addresses of object stores (``s3://bucket/photos``), and lists
            (CSV, Parquet) with a column ``path`` and, if wanted, ``id``. When a batch is resumed
            they may be left out (an empty list).
        output: folder for manifest, parts, errors and status.
        options: how they are read.
        recursive: whether folders inside folders are entered.
        executor: ``local`` for processes of this machine, ``ray`` for a cluster.
        workers: how many processes; None: one per processor core.
        address: of the Ray cluster; None: one of this machine that ends with the batch.
        shard_size: inputs of a part; None: one for videos, up to 256 for photos.
        resume: go on with what stands in ``output``.
        progress: is told of every input.
        cancelled: asked often; finished parts are kept.

    Returns:
        Counts, and where things are.

    Raises:
        BatchError: nothing to read, an input that is listed twice, a folder of something else, or
            other options than those of the batch that is resumed.
        ModelError: no such model, or it has not these labels.
        DetectorError: no such detector, or it cannot be used here.
        MissingExtraError: Ray is not installed.
        OutputError: ``output`` cannot be written.
        DiskFullError: there is no room; finished parts are kept.
        Cancelled: ``cancelled`` said so.
    """
    if executor not in EXECUTORS:
        raise BatchError(f"executor: wanted local or ray. Received: {executor!r}")
    if executor == "ray":
        need("ray", "The executor ray")
    elif address is not None:
        raise BatchError("--address is of a Ray cluster: give --executor ray, too.")
    if isinstance(sources, str | os.PathLike):
        sources = [sources]
    work = _Batch(
        [os.fspath(source) for source in sources],
        BatchFolder(Path(output).absolute()),
        BatchOptions() if options is None else options,
        recursive,
        shard_size,
    )
    began = time.monotonic()
    with work.folder.held():
        clean_below(work.folder.path)
        manifest = work.prepare(cancelled, resume=resume)
        n_workers = max(1, min(workers or _cores(), manifest.shards))
        if executor == "ray" and address is not None and workers is None:
            n_workers = 0  # as many as the cluster has room for
        reading = _executor(executor, work, n_workers, address)
        status = Status(
            work.folder.status,
            manifest.total,
            workers=n_workers,
            executor=executor,
            progress=progress,
        )
        work.read(manifest, reading, status, cancelled)
    return BatchResult(
        work.folder.path,
        work.options.kind,
        manifest.total,
        status.now.failed,
        manifest.shards,
        time.monotonic() - began,
        work.reader["model"],
        work.reader["labels"],
        work.reader["detector"],
        work.note,
    )


class _Batch:
    """What is read, how, and where to."""

    def __init__(
        self,
        sources: list[str],
        folder: BatchFolder,
        options: BatchOptions,
        recursive: bool,
        shard_size: int | None,
    ) -> None:
        self.sources = sources
        self.folder = folder
        self.options = options
        self.recursive = recursive
        self.shard_size = shard_size
        self.base = Path.cwd()
        self.reader: dict[str, Any] = {}
        self.note = ""

    def prepare(self, cancelled: Callable[[], bool], *, resume: bool) -> Manifest:
        """Opens the manifest of the batch that is resumed, or makes one."""
        if resume and self.folder.manifest.exists():
            return self._known()
        self.folder.check_empty()
        if not self.sources:
            raise BatchError("Nothing to read: name photos, videos, folders, lists or addresses.")
        kind, inputs = of_kind(
            iter_inputs(self.sources, recursive=self.recursive, skip=[self.folder.path]),
            self.options.kind,
        )
        self.options = replace(self.options, kind=kind)
        self._open()
        write_json(
            self.folder.settings,
            {
                "format": 1,
                "sources": self._absolute(self.sources),
                "recursive": self.recursive,
                "base": readable(self.base),
                "options": self.options.to_dict(),
                "reader": self.reader,
            },
        )
        with scratch_folder(self.folder.path, "listing") as scratch:
            return write_manifest(
                self.folder.manifest,
                _until(cancelled, inputs),
                scratch=scratch,
                shard_size=self.shard_size,
                most=MOST_VIDEOS if kind == VIDEOS else MOST_PHOTOS,
            )

    def read(
        self,
        manifest: Manifest,
        executor: Executor,
        status: Status,
        cancelled: Callable[[], bool],
    ) -> None:
        """Reads every shard that is not read yet."""
        done = self._finished(manifest)
        failed = sum(self.folder.failures(number) for number in done)
        status.begin(sum(manifest.size_of(number) for number in done), failed)
        label_set = LabelSet.from_names(self.reader["emotions"])
        left = (
            Shard(shard.number, tuple(map(_with_content, shard.items)))
            for shard in manifest.iter_shards()
            if shard.number not in done
        )
        state, error = "failed", ""
        try:
            for shard, outcomes in executor.run(left, status.add, cancelled):
                rows = build_part(self.options.kind, label_set, shard, outcomes)
                self.folder.write_shard(shard, outcomes, rows)
                self.folder.forget_unfinished(shard)
            state = "done"
        except (Cancelled, KeyboardInterrupt):
            state = "stopped"
            raise
        except Exception as cause:
            error = str(cause)
            raise
        finally:
            status.write(state, error)

    def _finished(self, manifest: Manifest) -> set[int]:
        if not self.folder.parts.is_dir():
            return set()
        names = {path.name for path in self.folder.parts.iterdir()}
        return {n for n in range(manifest.shards) if self.folder.part(n).name in names}

    def _known(self) -> Manifest:
        """The manifest of the batch that is resumed, if it is the one that is wanted."""
        settings = self.folder.load_settings()
        known = BatchOptions.from_dict(settings["options"], str(self.folder.settings))
        if self.options.kind == AUTO:
            self.options = replace(self.options, kind=known.kind)
        manifest = read_manifest(self.folder.manifest)
        # What was asked for first: a model that is not there any more is a difference, too.
        found = differences(settings["options"], self.options.to_dict())
        if self.sources and self._absolute(self.sources) != settings["sources"]:
            found.append("the sources")
        if self.sources and self.recursive != settings["recursive"]:
            found.append("--recursive")
        if self.shard_size not in (None, manifest.shard_size):
            found.append(f"--shard-size (it was {manifest.shard_size}, now {self.shard_size})")
        if not found:
            self._open()
            found = differences(settings["reader"], self.reader)
        if found:
            raise BatchError(
                f"{readable(self.folder.path)} was begun with other options. Different: "
                f"{'; '.join(found)}. Resume with the same, or choose another --output."
            )
        return manifest

    def _open(self) -> None:
        """Opens the model once here, so that what is wrong with it is said before any work."""
        reader = ItemReader(self.options)
        self.reader, self.note = reader.identity(), reader.note

    def _absolute(self, sources: list[str]) -> list[str]:
        return [
            readable(source if is_address(source) else Path(source).absolute())
            for source in sources
        ]


def _until(cancelled: Callable[[], bool], inputs: Iterable[Listed]) -> Iterator[Listed]:
    for one in inputs:
        if cancelled():
            raise Cancelled("Stopped.")
        yield one


def _with_content(item: Item) -> Item:
    """What no other process can see goes along with its content."""
    if item.problem or not is_address(item.path) or not is_private(item.path):
        return item
    try:
        with open_address(item.path) as file:
            return replace(item, content=file.read())
    except (BatchError, OSError) as error:
        return replace(item, problem=str(error))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _executor(name: str, work: _Batch, workers: int, address: str | None) -> Executor:
    if name == "ray":
        from emotion_core.batch.ray_executor import RayExecutor

        return RayExecutor(work.options, work.reader, workers=workers, address=address)
    from emotion_core.batch.local_executor import LocalExecutor

    return LocalExecutor(
        work.options,
        work.reader,
        workers=workers,
        scratch=work.folder.unfinished,
        log=work.folder.log,
    )


__all__ = ["EXECUTORS", "PHOTOS", "BatchProgress", "BatchResult", "run_batch"]
