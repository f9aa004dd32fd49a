"""The jobs of an installation, and what can be done with them."""

import contextlib
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from filelock import FileLock

from emotion_core.errors import JobError
from emotion_core.files.atomic_files import AtomicFile, make_folder, write_json
from emotion_core.files.file_names import safe_file_name
from emotion_core.files.named_locks import named_lock
from emotion_core.files.publishing import published_folder, remove_folder
from emotion_core.jobs.job import JobInfo, JobState
from emotion_core.jobs.kinds import kind_named
from emotion_core.jobs.processes import is_alive, start_detached
from emotion_core.jobs.store import JobFolder, read_job
from emotion_core.jobs.supervisor_file import supervisor_identity
from emotion_core.paths import jobs_folder

# Changes of the queue wait this long for each other; each takes milliseconds.
_LOCK_S = 20.0
#: Jobs that have ended are forgotten beyond this number, and after this time.
KEPT_JOBS = 100
KEPT_S = 30 * 86_400.0

_SUPERVISOR = "emotion_core.jobs.supervisor"
_AGAIN_AFTER_S = 5.0
# What this process has started, and when, by folder.
_started: dict[Path, tuple["subprocess.Popen[bytes]", float]] = {}


class JobBoard:
    """The jobs of a folder. It holds nothing itself, so every process may have its own.

    Args:
        root: folder of job folders. None: the one of ``EMOTION_LENS_HOME``.
        start: whether queueing starts the process that works; off in tests.
    """

    def __init__(self, root: Path | None = None, *, start: bool = True) -> None:
        self.root = (jobs_folder() if root is None else root).resolve()
        self._start = start

    def jobs(self) -> tuple[JobInfo, ...]:
        """All jobs, newest first."""
        found = [read_job(path) for path in self._folders()]
        return tuple(sorted(found, key=lambda job: (job.created, job.id), reverse=True))

    def active(self) -> tuple[JobInfo, ...]:
        """The jobs that work, then those that wait in their order."""
        jobs = [job for job in self.jobs() if job.is_active]
        return tuple(sorted(jobs, key=lambda job: (job.position, job.created)))

    def find(self, key: str) -> JobInfo | None:
        """The newest job of a key."""
        return next((job for job in self.jobs() if job.key == key), None)

    def get(self, job: str) -> JobInfo:
        """A job by its id.

        Raises:
            JobError: there is none.
        """
        path = self.root / job
        if not job or path.parent != self.root or not (path / "job.json").is_file():
            raise JobError(f"There is no job {job!r} in {self.root}.")
        return read_job(path)

    def result(self, job: str) -> dict[str, Any] | None:
        """What a job came to; None while there is nothing.

        Raises:
            JobError: there is no such job, or its result cannot be read.
        """
        return JobFolder(self.get(job).folder).load_result()

    def log_tail(self, job: str, n: int = 40) -> str:
        """The last ``n`` lines of a job's log.

        Raises:
            JobError: there is no such job.
        """
        return JobFolder(self.get(job).folder).log_tail(n)

    def submit(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        *,
        title: str,
        key: str = "",
        inputs: Mapping[str, tuple[str, IO[bytes]]] | None = None,
        log: Path | None = None,
    ) -> JobInfo:
        """Puts a job at the end of the queue.

        Args:
            kind: key of ``kinds.KINDS``.
            arguments: what its function gets; can stand in JSON.
            title: what it does, for people.
            key: what it is about. While a job of the same key is active, that one is returned and
                no other is made. Empty: the kind.
            inputs: files that come with it, {argument: (name, open file)}; the argument becomes a
                path for ``JobContext.path``. They are deleted when the job has ended.
            log: file for what its process prints; None for one of its own.

        Raises:
            JobError: there is no such kind.
            OutputError: the job cannot be written.
            DiskFullError: there is no room for it.
        """
        kind_named(kind)
        key = key or kind
        make_folder(self.root)
        with self.lock():
            known = self.find(key)
            if known is not None and known.is_active:
                return known
            self._forget_old()
            folder = self.root / new_id(kind)
            with published_folder(folder, kept="Nothing was begun.") as path:
                given = {**arguments, **_stored(inputs or {}, path)}
                job = {"kind": kind, "title": title, "key": key, "arguments": given}
                extra = {"log": str(log)} if log is not None else {}
                new = JobFolder(path)
                write_json(new.job, {**job, **extra, "created": time.time()})
                new.write_status(JobState.QUEUED, position=self._last_position() + 1)
        self.ensure_supervisor()
        return read_job(folder)

    def answer(self, job: str, answer: Mapping[str, Any]) -> None:
        """Goes on with a job that ended with a question: its arguments with the answer in them.

        Raises:
            JobError: there is no such job, or it asks nothing.
        """
        info = self.get(job)
        folder = JobFolder(info.folder)
        if info.state != JobState.DONE or "question" not in (folder.load_result() or {}):
            raise JobError(f"{info.title}: wanted a job with a question. It is {info.state}.")
        stored = folder.load_job()
        write_json(folder.job, {**stored, "arguments": {**stored["arguments"], **answer}})
        folder.result.unlink(missing_ok=True)
        self._queue(folder)

    def stop(self, job: str) -> None:
        """Asks a job to stop. One that waits leaves the queue at once.

        Raises:
            JobError: there is no such job, or it neither waits nor works.
        """
        with self.lock():
            info = self.get(job)
            folder = JobFolder(info.folder)
            if info.state == JobState.QUEUED:
                folder.write_status(JobState.STOPPED, ended=time.time())
                shutil.rmtree(folder.inputs, ignore_errors=True)
            elif info.state in (JobState.RUNNING, JobState.STOPPING):
                folder.stop.touch()
            else:
                raise JobError(f"{info.title} neither waits nor works: it is {info.state}.")

    def resume(self, job: str) -> None:
        """Puts a job that was stopped or failed at the end of the queue.

        Raises:
            JobError: there is no such job, or it cannot be resumed.
        """
        info = self.get(job)
        if not info.can_resume:
            raise JobError(
                f"{info.title}: wanted a stopped or failed job whose files are there. It is "
                f"{info.state}. Start it anew."
            )
        self._queue(JobFolder(info.folder))

    def move(self, job: str, places: int) -> None:
        """Moves a waiting job towards the front (negative) or the back, among those of its lane.

        Raises:
            JobError: there is no such job, or it does not wait.
        """
        with self.lock():
            info = self.get(job)
            if info.state != JobState.QUEUED:
                raise JobError(f"{info.title} does not wait: it is {info.state}.")
            lane = kind_named(info.kind).lane
            waiting = [w for w in self.queued() if kind_named(w.kind).lane == lane]
            positions = [w.position for w in waiting]
            at = next(i for i, w in enumerate(waiting) if w.id == job)
            waiting.insert(max(0, at + places), waiting.pop(at))
            for position, each in zip(positions, waiting, strict=True):
                JobFolder(each.folder).update_status(position=position)

    def forget(self, job: str) -> None:
        """Deletes what is known of a job; what it made stays. One that waits leaves the queue.

        Raises:
            JobError: it still works.
        """
        with self.lock():
            try:
                info = self.get(job)
            except JobError:
                return
            if info.is_active and info.state != JobState.QUEUED:
                raise JobError(f"{info.title} is {info.state}. Stop it first.")
            remove_folder(info.folder)

    def queued(self) -> Sequence[JobInfo]:
        """The waiting jobs, next one first."""
        waiting = (job for job in self.jobs() if job.state == JobState.QUEUED)
        return sorted(waiting, key=lambda job: (job.position, job.created))

    def ensure_supervisor(self) -> bool:
        """Starts the process that works if jobs wait and it is not there.

        Called whenever somebody looks: a machine that was switched off has jobs that wait and
        nobody who does them.

        Returns:
            Whether a process was started.
        """
        if not self._start or not self.queued() or self.supervisor_runs():
            return False
        mine = _started.get(self.root)
        if mine is not None:
            process, since = mine
            # One that was started a moment ago has not said so yet; one that could not work, on
            # a full disk, cannot a moment later either.
            if process.poll() is None or (
                process.returncode and time.monotonic() - since < _AGAIN_AFTER_S
            ):
                return False
        process = start_detached(_SUPERVISOR, [str(self.root)], self.root / "supervisor.log")
        _started[self.root] = process, time.monotonic()
        return True

    def supervisor_runs(self) -> bool:
        """Whether the process that starts the jobs is there."""
        pid, started = supervisor_identity(self.root)
        return is_alive(pid, started)

    def wait(self, job: str, timeout_s: float = 600.0) -> JobInfo:
        """Waits until a job has ended.

        Raises:
            JobError: there is no such job.
            TimeoutError: it took longer.
        """
        end = time.monotonic() + timeout_s
        while (info := self.get(job)).is_active:
            if time.monotonic() > end:
                raise TimeoutError(f"{info.title} is still {info.state} after {timeout_s:.0f} s.")
            self.ensure_supervisor()
            time.sleep(0.05)
        return info

    def _folders(self) -> list[Path]:
        if not self.root.is_dir():
            return []
        paths = (path for path in self.root.iterdir() if not path.name.startswith("."))
        return [path for path in paths if (path / "job.json").is_file()]

    def _queue(self, folder: JobFolder) -> None:
        with self.lock():
            folder.stop.unlink(missing_ok=True)
            folder.write_status(JobState.QUEUED, position=self._last_position() + 1)
        self.ensure_supervisor()

    def _last_position(self) -> int:
        return max((job.position for job in self.queued()), default=0)

    def lock(self) -> FileLock:
        """Held while the queue changes."""
        return named_lock(self.root / ".lock", timeout_s=_LOCK_S)

    def _forget_old(self) -> None:
        ended = [job for job in self.jobs() if not job.is_active]
        long_ago = time.time() - KEPT_S
        for number, job in enumerate(ended):
            if number >= KEPT_JOBS or (job.ended or job.created) < long_ago:
                with contextlib.suppress(OSError):
                    remove_folder(job.folder)


def new_id(kind: str) -> str:
    """Name of a new job's folder; later ones have later names."""
    now = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return f"{now}-{kind}-{secrets.token_hex(3)}"


def _stored(inputs: Mapping[str, tuple[str, IO[bytes]]], folder: Path) -> dict[str, str]:
    """Copies files into a job's folder; gives their paths by argument."""
    paths = {}
    place = JobFolder(folder).inputs
    if inputs:
        make_folder(place)
    for number, (argument, (name, file)) in enumerate(inputs.items()):
        clean = re.sub(r"[^A-Za-z0-9._ -]+", "_", Path(name).name).strip(" ._")[-60:]
        stored = place / f"{number}-{safe_file_name(clean or 'file')}"
        with AtomicFile(stored, kept="Nothing was begun.") as output:
            shutil.copyfileobj(file, output)
        paths[argument] = f"{place.name}/{stored.name}"
    return paths
