"""A Ray cluster, or a small one of this machine that ends with the batch. Only here is Ray used.

Actors open the model once and read a shard per call. Ray restarts and repeats nothing by itself:
an actor that is lost, with its machine or alone, is replaced here, and its shard goes to another
one; at its second death it is halved, until the input at which readers die is alone.
"""

import contextlib
import math
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Nothing is reported to anybody, and Ray's remark on machines without accelerators is not for us.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import psutil
import ray

from emotion_core.batch.items import DIED_TWICE, Item, Outcome, Shard, Tell
from emotion_core.batch.options import BatchOptions
from emotion_core.batch.reader import ONE_THREAD, ItemReader
from emotion_core.errors import BatchError, Cancelled, EmotionLensError
from emotion_core.jobs.processes import environment

# Parts go through it, some hundred kilobytes each; Ray's own least is 75 MB.
_STORE_BYTES = 100_000_000
# Unix sockets have at most 107 characters in their paths; Ray adds up to 65 to this folder.
_MOST_FOLDER_CHARACTERS = 40
# A CPU of Ray is a number to plan with. Whole ones would leave no room beside others' work, and a
# batch that waits for room looks like one that hangs.
_SHARE_OF_CPUS = 0.9
_LEAST_CPUS = 0.01
_MOST_START_DEATHS = 3
# On a busy machine a part of Ray may not come up within the time that Ray gives it, which nobody
# can set.
_TRIES = 5
_LOOK_S = 0.2
# How often somebody looks whether the cluster is still there.
_ALIVE_S = 10.0


class _Reader:
    """What an actor does."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        os.environ.update(ONE_THREAD)
        self._problem = ""
        try:
            self._reader = ItemReader(BatchOptions.from_dict(options))
        except EmotionLensError as error:
            self._problem = str(error)

    def identity(self) -> dict[str, Any]:
        """See ``ItemReader``; ``{"problem": sentence}`` where it cannot be opened."""
        return {"problem": self._problem} if self._problem else self._reader.identity()

    def read(self, items: list[tuple[int, Item]]) -> tuple[list[Outcome], bool]:
        """What came of some inputs, and whether this process should be replaced."""
        outcomes = [self._reader.read(position, item) for position, item in items]
        return outcomes, self._reader.is_worn_out()


@dataclass(slots=True)
class _Task:
    """Some inputs of a shard for one call."""

    number: int
    items: list[tuple[int, Item]]
    died: bool = False


@dataclass(slots=True)
class _Open:
    """A shard of which something is still to be read."""

    shard: Shard
    outcomes: dict[int, Outcome] = field(default_factory=dict)


class RayExecutor:
    """Reads shards by actors of Ray.

    Args:
        options: how.
        identity: what every reader must say of itself (``ItemReader.identity``).
        workers: how many actors; 0: as many as the cluster has processors.
        address: of a cluster; None: one of this machine for this batch alone.
    """

    #: Class of the actors.
    actor: type = _Reader

    def __init__(
        self,
        options: BatchOptions,
        identity: Mapping[str, Any],
        *,
        workers: int,
        address: str | None,
    ) -> None:
        self._options = options.to_dict()
        self._identity = dict(identity)
        self._workers = workers
        self._address = address
        self._start_deaths = 0
        self._starting: dict[Any, Any] = {}
        self._reading: dict[Any, tuple[Any, _Task]] = {}
        self._idle: deque[Any] = deque()

    def run(
        self, shards: Iterable[Shard], tell: Tell, cancelled: Callable[[], bool]
    ) -> Iterator[tuple[Shard, list[Outcome]]]:
        """See ``Executor``."""
        with _cluster(self._address, self._workers):
            try:
                yield from self._run(iter(shards), tell, cancelled)
            finally:
                for actor in [*self._starting.values(), *self._idle]:
                    ray.kill(actor)
                for actor, _ in self._reading.values():
                    ray.kill(actor)

    def _run(
        self, shards: Iterator[Shard], tell: Tell, cancelled: Callable[[], bool]
    ) -> Iterator[tuple[Shard, list[Outcome]]]:
        resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        cpus = resources.get("CPU", 1.0)
        workers = self._workers or max(1, int(cpus))
        share = math.floor(100 * _SHARE_OF_CPUS * cpus / workers) / 100
        kind: Any = ray.remote(self.actor).options(
            num_cpus=min(1.0, max(_LEAST_CPUS, share)),
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        )
        tasks: deque[_Task] = deque()
        open_: dict[int, _Open] = {}
        looked = time.monotonic()
        while True:
            if time.monotonic() - looked > _ALIVE_S:
                _check_alive()
                looked = time.monotonic()
            while len(open_) <= workers and (shard := next(shards, None)) is not None:
                open_[shard.number] = _Open(shard)
                tasks.append(_Task(shard.number, list(enumerate(shard.items))))
            if not open_:
                return
            wanted = min(workers, len(tasks) + len(self._reading))
            while len(self._starting) + len(self._idle) + len(self._reading) < wanted:
                self._start(kind)
            while tasks and self._idle:
                actor, task = self._idle.popleft(), tasks.popleft()
                self._reading[actor.read.remote(task.items)] = actor, task
            for reference in _ready([*self._starting, *self._reading]):
                if reference in self._starting:
                    self._started(reference)
                    continue
                task, outcomes = self._answer(reference, tasks)
                current = open_[task.number]
                current.outcomes.update({one.position: one for one in outcomes})
                if outcomes:
                    tell(len(outcomes), sum(bool(one.error) for one in outcomes))
                if len(current.outcomes) == len(current.shard.items):
                    del open_[task.number]
                    yield current.shard, [current.outcomes[i] for i in sorted(current.outcomes)]
            if cancelled():
                raise Cancelled("Stopped.")

    def _start(self, kind: Any) -> None:
        actor = kind.remote(self._options)
        self._starting[actor.identity.remote()] = actor

    def _started(self, reference: Any) -> None:
        actor = self._starting.pop(reference)
        try:
            found = ray.get(reference)
        except ray.exceptions.RayError as error:
            self._start_deaths += 1
            if self._start_deaths >= _MOST_START_DEATHS:
                said = " ".join(str(error).split())[:300]
                raise BatchError(
                    f"Ray's processes end before they read anything: {said}"
                ) from error
            return
        self._start_deaths = 0
        if "problem" in found:
            raise BatchError(f"A machine of the cluster cannot read: {found['problem']}")
        if found != self._identity:
            raise BatchError(
                "A machine of the cluster has another model, detector or version of a package than "
                "this one, and its rows would differ. Install the same everywhere."
            )
        self._idle.append(actor)

    def _answer(self, reference: Any, tasks: deque[_Task]) -> tuple[_Task, list[Outcome]]:
        """What came of a task; after a death it waits again, or its only input has failed."""
        actor, task = self._reading.pop(reference)
        try:
            outcomes, worn_out = ray.get(reference)
        except ray.exceptions.RayError:
            with contextlib.suppress(ray.exceptions.RayError, ValueError):
                ray.kill(actor)
            if not task.died:
                task.died = True
                tasks.append(task)
            elif len(task.items) == 1:
                return task, [Outcome(task.items[0][0], error=DIED_TWICE)]
            else:
                middle = len(task.items) // 2
                tasks.extend(
                    _Task(task.number, half, died=True)
                    for half in (task.items[:middle], task.items[middle:])
                )
            return task, []
        if worn_out:
            ray.kill(actor)
        else:
            self._idle.append(actor)
        return task, outcomes


def _check_alive() -> None:
    """Ray waits for ever for machines that are gone.

    Raises:
        BatchError: none is left.
    """
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    if not any(node.get("Alive") for node in nodes):
        raise BatchError(
            "The Ray cluster has no machine left. Finished parts are kept; run the batch again "
            "with --resume once the cluster is there."
        )


def _ready(references: list[Any]) -> list[Any]:
    done, _ = ray.wait(references, num_returns=len(references), timeout=_LOOK_S)
    return list(done)


@contextlib.contextmanager
def _cluster(address: str | None, workers: int) -> Iterator[None]:
    """Connected to a cluster; one that was started here ends at the end.

    Raises:
        BatchError: it cannot be reached or started.
    """
    if ray.is_initialized():  # whoever did it ends it
        yield
        return
    # Processes of a cluster that starts here find the package in whatever folder they are.
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = environment()["PYTHONPATH"]
    folder = Path(tempfile.mkdtemp(prefix="el-ray-"))
    try:
        _connect(address, workers, folder)
        yield
    finally:
        with contextlib.suppress(Exception):  # it may have gone already
            ray.shutdown()
        if before is None:
            os.environ.pop("PYTHONPATH", None)
        else:
            os.environ["PYTHONPATH"] = before
        _delete(folder)


def _connect(address: str | None, workers: int, folder: Path) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        options |= {
            "num_cpus": max(workers, os.cpu_count() or 1),
            "object_store_memory": _STORE_BYTES,
            "include_dashboard": False,
            # Nobody else may reach it, and without a network there is no other address.
            "_node_ip_address": "127.0.0.1",
        }
        if len(str(folder)) <= _MOST_FOLDER_CHARACTERS:
            options["_temp_dir"] = str(folder)
    for left in reversed(range(_TRIES if address is None else 1)):
        try:
            ray.init(address=address or "local", **options)
            return
        except Exception as error:  # Ray raises whatever it meets
            with contextlib.suppress(Exception):
                ray.shutdown()
            _end_processes(folder)
            if not left:
                what = " ".join(str(error).split())[:300]
                where = f"at {address} cannot be reached" if address else "cannot be started here"
                raise BatchError(f"The Ray cluster {where}: {what}") from error


def _end_processes(folder: Path) -> None:
    """Ends what a start that failed leaves: Ray forgets it, and it would slow down the next one."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if any(str(folder) in word for word in child.cmdline()):
                child.kill()


def _delete(folder: Path) -> None:
    """Deletes what a cluster wrote; its last processes may still be ending."""
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(_LOOK_S)
