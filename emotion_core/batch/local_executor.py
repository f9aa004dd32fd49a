"""Processes of this machine, each with an interpreter, a model and one thread of its own.

A process that dies costs the input that it was reading: another one goes on with that input. If
that dies at it, too, the input is reported as an error, and the rest of the shard is read.
"""

import contextlib
import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion_core.batch.items import DIED_TWICE, Item, Outcome, Shard, Tell
from emotion_core.batch.local_worker import receive, send
from emotion_core.batch.options import BatchOptions
from emotion_core.batch.reader import ONE_THREAD
from emotion_core.errors import BatchError, Cancelled
from emotion_core.files.atomic_files import readable, writing
from emotion_core.files.outside_files import tail_of
from emotion_core.jobs.processes import environment, reason_of_exit

_WORKER = "emotion_core.batch.local_worker"
# A process that dies so often before it reads anything will not do better.
_MOST_START_DEATHS = 3
_LOOK_S = 0.2


class _Died(Exception):  # noqa: N818 (not one of ours: nobody sees it)
    """A process has gone without having read all."""


@dataclass(frozen=True, slots=True)
class _Read:
    failed: bool


@dataclass(frozen=True, slots=True)
class _Finished:
    shard: Shard
    outcomes: list[Outcome]


@dataclass(frozen=True, slots=True)
class _Broken:
    error: BaseException


class LocalExecutor:
    """Reads shards in processes of this machine.

    Args:
        options: how.
        identity: what every reader must say of itself (``ItemReader.identity``).
        workers: how many processes.
        scratch: folder in which a long video goes on after a death.
        log: file for what the processes print.
    """

    def __init__(
        self,
        options: BatchOptions,
        identity: Mapping[str, Any],
        *,
        workers: int,
        scratch: Path,
        log: Path,
    ) -> None:
        self._order = {"options": options.to_dict(), "scratch": str(scratch)}
        self._identity = dict(identity)
        self._workers = workers
        self._log = log

    def run(
        self, shards: Iterable[Shard], tell: Tell, cancelled: Callable[[], bool]
    ) -> Iterator[tuple[Shard, list[Outcome]]]:
        """See ``Executor``."""
        waiting: queue.Queue[Shard | None] = queue.Queue()
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        lanes: list[_Lane] = []
        source, pending = iter(shards), 0
        try:
            while True:
                # One more than are read, so that nobody waits for the manifest.
                while pending <= self._workers and (shard := next(source, None)) is not None:
                    waiting.put(shard)
                    pending += 1
                    if len(lanes) < min(self._workers, pending):
                        lanes.append(self._lane(waiting, events))
                if not pending:
                    return
                with contextlib.suppress(queue.Empty):
                    event = events.get(timeout=_LOOK_S)
                    if isinstance(event, _Broken):
                        raise event.error
                    if isinstance(event, _Read):
                        tell(1, event.failed)
                    else:
                        pending -= 1
                        yield event.shard, event.outcomes
                if cancelled():
                    raise Cancelled("Stopped.")
        finally:
            for lane in lanes:
                lane.stop()
            for _ in lanes:
                waiting.put(None)
            for lane in lanes:
                lane.join()

    def _lane(
        self, waiting: "queue.Queue[Shard | None]", events: "queue.SimpleQueue[Any]"
    ) -> "_Lane":
        lane = _Lane(self._order, self._identity, self._log, waiting, events)
        lane.start()
        return lane


class _Lane(threading.Thread):
    """One process after the other, and the thread that waits for its answers."""

    def __init__(
        self,
        order: Mapping[str, Any],
        identity: Mapping[str, Any],
        log: Path,
        waiting: "queue.Queue[Shard | None]",
        events: "queue.SimpleQueue[Any]",
    ) -> None:
        super().__init__(daemon=True)
        self._order, self._identity, self._log = order, identity, log
        self._waiting, self._events = waiting, events
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()
        self._changing = threading.Lock()
        self._start_deaths = 0

    def stop(self) -> None:
        """Ends the process at once; finished parts are kept by whoever has them."""
        self._stopped.set()
        with self._changing:
            if self._process is not None:
                self._process.kill()

    def run(self) -> None:
        """Reads what waits until there is nothing any more."""
        try:
            while (shard := self._waiting.get()) is not None and not self._stopped.is_set():
                outcomes = self._read(shard)
                self._events.put(_Finished(shard, outcomes))
        except _Died:
            pass  # it was stopped
        except BaseException as error:
            self._events.put(_Broken(error))
        finally:
            self._end()

    def _read(self, shard: Shard) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        deaths: Counter[int] = Counter()
        while left := [(i, item) for i, item in enumerate(shard.items) if i not in outcomes]:
            try:
                self._ask(shard.number, left, outcomes)
            except _Died:
                self._end()
                if self._stopped.is_set():
                    raise
                if self._start_deaths:
                    continue
                # It reads in this order, so it was at the first one without an answer.
                at = next((i for i, _ in left if i not in outcomes), None)
                if at is None:
                    continue
                deaths[at] += 1
                if deaths[at] > 1:
                    self._keep(Outcome(at, error=DIED_TWICE), outcomes)
        return [outcomes[i] for i in range(len(shard.items))]

    def _ask(self, number: int, left: list[tuple[int, Item]], outcomes: dict[int, Outcome]) -> None:
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            send(process.stdin, (number, left))
        except OSError as error:
            raise _Died from error
        while True:
            word, value = self._receive(process)
            if word == "end":
                if value:  # worn out
                    self._end()
                return
            self._keep(value, outcomes)

    def _keep(self, outcome: Outcome, outcomes: dict[int, Outcome]) -> None:
        outcomes[outcome.position] = outcome
        self._events.put(_Read(bool(outcome.error)))

    def _start(self) -> "subprocess.Popen[bytes]":
        """Starts a process and waits until it can read.

        Raises:
            BatchError: it cannot, or is another version than the one that leads.
        """
        with self._changing, writing(self._log), self._log.open("ab") as log:
            if self._stopped.is_set():
                raise _Died
            process = subprocess.Popen(
                [sys.executable, "-m", _WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**environment(), **ONE_THREAD},
            )
            self._process = process
        assert process.stdin is not None
        try:
            send(process.stdin, self._order)
            word, value = self._receive(process)
        except (_Died, OSError) as error:
            self._start_deaths += 1
            if self._start_deaths >= _MOST_START_DEATHS and not self._stopped.is_set():
                said = tail_of(self._log, 1) or reason_of_exit(process.wait(), oom_killed=False)
                raise BatchError(
                    f"The processes that read end before they begin: {said} "
                    f"{readable(self._log)} says more."
                ) from error
            raise _Died from error
        self._start_deaths = 0
        if word == "refused":
            raise BatchError(str(value))
        if value != self._identity:
            raise BatchError(
                "Model, detector or packages changed while the batch ran. Resume it, which says "
                "what is different."
            )
        return process

    def _receive(self, process: "subprocess.Popen[bytes]") -> tuple[str, Any]:
        assert process.stdout is not None
        try:
            word, value = receive(process.stdout)
        except (EOFError, OSError, ValueError) as error:
            raise _Died from error
        return word, value

    def _end(self) -> None:
        with self._changing:
            process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # between two inputs it keeps nothing
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.wait()
