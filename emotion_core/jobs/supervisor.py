"""Starts queued jobs, each in a process of its own, and says why one ended without a word.

``python -m emotion_core.jobs.supervisor FOLDER``, started by the ``JobBoard``. It ends by itself
when nothing waits or works any more.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import Timeout

from emotion_core.errors import JobError, OutputError
from emotion_core.files.named_locks import named_lock
from emotion_core.jobs.board import JobBoard
from emotion_core.jobs.job import JobInfo, JobState
from emotion_core.jobs.kinds import LANES, kind_named
from emotion_core.jobs.processes import oom_kills, reason_of_exit, start_detached, terminate
from emotion_core.jobs.store import JobFolder
from emotion_core.jobs.supervisor_file import announce

_LOOK_S = 0.2
#: How long an empty queue is watched before the process ends.
IDLE_S = 10.0
#: A job that was asked to stop and does not is ended after this time.
STOP_WITHIN_S = 60.0
_WORKER = "emotion_core.jobs.worker"


@dataclass(slots=True)
class _Started:
    """A job's process."""

    job: JobInfo
    process: "subprocess.Popen[bytes]"
    lane: str
    oom_kills: int
    stop_asked: float | None = field(default=None)


class Supervisor:
    """Works through the jobs of a folder.

    Args:
        root: folder of job folders.
        idle_s: how long to wait for more when nothing is left.
        report: gets a line per job that begins or ends.
    """

    def __init__(
        self, root: Path, *, idle_s: float = IDLE_S, report: Callable[[str], None] = print
    ) -> None:
        self._board = JobBoard(root, start=False)
        self._idle_s = idle_s
        self._report = report
        self._running: list[_Started] = []

    def run(self) -> bool:
        """Works until nothing is left.

        Returns:
            False at once where another process does it already.

        Raises:
            JobError: there is no such folder.
            OutputError: nothing can be written there, so what waits stays in the queue.
        """
        if not self._board.root.is_dir():
            raise JobError(f"{self._board.root}: wanted the folder of the jobs. There is none.")
        lock = named_lock(self._board.root / ".supervisor.lock")
        # A job that is queued while the lock is given back would wait for ever: look once more.
        while True:
            try:
                with lock:
                    announce(self._board.root)
                    self._until_empty()
            except Timeout:
                return False
            if not self._board.queued():
                return True

    def _until_empty(self) -> None:
        idle_since = time.monotonic()
        while self._running or time.monotonic() - idle_since < self._idle_s:
            self._look_after_running()
            if self._start_waiting() or self._running or self._board.queued():
                idle_since = time.monotonic()
            time.sleep(min(_LOOK_S, self._idle_s))

    def _start_waiting(self) -> bool:
        """Starts what may start now; whether anything did."""
        busy = Counter(one.lane for one in self._running)
        # Of a supervisor that was killed: their processes live on.
        mine = {one.job.id for one in self._running}
        active = self._board.active()
        busy.update(
            kind_named(job.kind).lane
            for job in active
            if job.state != JobState.QUEUED and job.id not in mine
        )
        began = False
        for job in active:
            if job.state != JobState.QUEUED:
                continue
            try:
                lane = kind_named(job.kind).lane
            except JobError as error:
                self._end(job, JobState.FAILED, str(error))
                continue
            if busy[lane] < LANES[lane]:
                busy[lane] += 1
                began |= self._begin(job, lane)
        return began

    def _begin(self, job: JobInfo, lane: str) -> bool:
        folder, kills = JobFolder(job.folder), oom_kills()
        # Under the lock: it may have been stopped since it was looked at.
        with self._board.lock():
            if self._board.get(job.id).state != JobState.QUEUED:
                return False
            # On a full disk this ends the supervisor, and the job waits for the next one.
            process = start_detached(_WORKER, [str(job.folder)], folder.log())
            with suppress(OutputError):  # the job itself says that the disk is full
                folder.write_status(JobState.RUNNING, pid=process.pid, started=time.time())
        self._running.append(_Started(job, process, lane, kills))
        self._report(f"{job.id}: started, {job.title}")
        return True

    def _look_after_running(self) -> None:
        for one in list(self._running):
            code = one.process.poll()
            if code is None:
                self._hurry(one)
                continue
            self._running.remove(one)
            self._settle(one, code)

    def _hurry(self, one: _Started) -> None:
        """Ends a job that was asked to stop and does not."""
        if not JobFolder(one.job.folder).stop.exists():
            return
        now = time.monotonic()
        if one.stop_asked is None:
            one.stop_asked = now
        elif now - one.stop_asked > STOP_WITHIN_S:
            one.stop_asked = now
            terminate(one.process.pid)

    def _settle(self, one: _Started, code: int) -> None:
        """Writes down why a process ended, if it had no time to say so itself."""
        folder = JobFolder(one.job.folder)
        try:
            status = folder.load_status()
        except JobError:
            status = {}
        # It may have been put into the queue again, and run, before this process was gone.
        is_latest = status.get("pid", one.process.pid) == one.process.pid
        if is_latest and status.get("state", "running") == JobState.RUNNING:
            if folder.stop.exists():
                self._end(one.job, JobState.STOPPED, "")
            else:
                kind = kind_named(one.job.kind)
                reason = reason_of_exit(code, oom_killed=oom_kills() > one.oom_kills)
                self._end(one.job, JobState.FAILED, f"{reason} {kind.kept}")
        self._report(f"{one.job.id}: {self._board.get(one.job.id).state} (exit code {code})")

    def _end(self, job: JobInfo, state: JobState, error: str) -> None:
        with suppress(OutputError, JobError):
            values = {} if not (known := JobFolder(job.folder).load_status()) else known
            keep = {name: values[name] for name in ("done", "total", "unit") if name in values}
            JobFolder(job.folder).write_status(state, error=error, ended=time.time(), **keep)
        try:
            died = kind_named(job.kind).load_died()
        except JobError:
            return
        if died is not None:
            died(job.arguments, error)


def main() -> int:
    """Works through the jobs of the folder in the first argument."""
    return 0 if Supervisor(Path(sys.argv[1])).run() else 1


if __name__ == "__main__":
    sys.exit(main())
