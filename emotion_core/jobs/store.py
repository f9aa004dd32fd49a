"""The files of a job. A reader never sees half a file, and another version's files are read."""

import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from typing_extensions import TypedDict

from emotion_core.errors import JobError
from emotion_core.files.atomic_files import write_json
from emotion_core.files.outside_files import read_json, tail_of
from emotion_core.jobs.job import JobInfo, JobState, Progress
from emotion_core.jobs.kinds import KINDS
from emotion_core.jobs.processes import is_alive
from emotion_core.schema.validation import validated
from emotion_core.schema.value_types import Number, OneOf, Text, TextMap, WholeNumber

_MOMENT = Number(0, 253_000_000_000, words="a moment in seconds since 1970", or_none=True)
_AMOUNT = Number(0, 1e15, or_none=True)
_MAX_RESULT_BYTES = 1 << 28

VANISHED = (
    "The process ended without a message: it was killed, memory ran out, or the machine was "
    "switched off."
)


class StoredJob(TypedDict, total=False):
    """``job.json``: what shall be done."""

    kind: Annotated[str, Text(100)]
    title: Annotated[str, Text(1000)]
    key: Annotated[str, Text(2000)]
    arguments: dict[str, Any]
    created: Annotated[float, Number(0, 253_000_000_000)]
    log: Annotated[str, Text(10_000)]


class StoredState(TypedDict, total=False):
    """``status.json``: how far it is."""

    state: Annotated[str, OneOf(("queued", "running", "stopped", "failed", "done"))]
    position: Annotated[int | None, WholeNumber(0, 10**9, or_none=True)]
    pid: Annotated[int | None, WholeNumber(1, 2**31 - 1, or_none=True)]
    process_started: Annotated[float | None, _MOMENT]
    started: Annotated[float | None, _MOMENT]
    ended: Annotated[float | None, _MOMENT]
    updated: Annotated[float | None, _MOMENT]
    done: Annotated[float | None, _AMOUNT]
    total: Annotated[float | None, _AMOUNT]
    unit: Annotated[str | None, Text(100, or_none=True)]
    rate: Annotated[float | None, _AMOUNT]
    eta_s: Annotated[float | None, _AMOUNT]
    message: Annotated[str | None, Text(1000, or_none=True)]
    preview: Annotated[dict[str, str] | None, TextMap(longest=100_000, or_none=True)]
    error: Annotated[str | None, Text(or_none=True)]


class JobFolder:
    """Paths and small files of one job.

    Args:
        path: its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.job = path / "job.json"
        self.status = path / "status.json"
        self.result = path / "result.json"
        self.stop = path / "stop"
        self.inputs = path / "inputs"

    def load_job(self) -> dict[str, Any]:
        """Everything in ``job.json``.

        Raises:
            JobError: it cannot be read, or something in it cannot be used.
        """
        return _cached(self.job, "job")

    def load_status(self) -> dict[str, Any]:
        """Everything in ``status.json``.

        Raises:
            JobError: it cannot be read, or something in it cannot be used.
        """
        return _cached(self.status, "status")

    def write_status(self, state: JobState, **values: Any) -> None:
        """Replaces ``status.json``.

        Raises:
            OutputError: it cannot be written.
        """
        write_json(self.status, {"state": state.value, "updated": time.time(), **values})

    def update_status(self, **values: Any) -> None:
        """Changes some entries of ``status.json``."""
        write_json(self.status, {**self.load_status(), **values, "updated": time.time()})

    def log(self) -> Path:
        """The log: a file of its own, or the one that its arguments named."""
        try:
            named = self.load_job().get("log")
        except JobError:
            named = ""
        return Path(named) if named else self.path / "log.txt"

    def log_tail(self, n: int = 40) -> str:
        """The last ``n`` lines of the log; empty without any."""
        return tail_of(self.log(), n)

    def load_result(self) -> dict[str, Any] | None:
        """What the job came to; None while there is nothing.

        Raises:
            JobError: it cannot be read.
        """
        if not self.result.is_file():
            return None
        found = read_json(self.result, JobError, max_bytes=_MAX_RESULT_BYTES)
        if not isinstance(found, dict):
            raise JobError(f"{self.result}: wanted an object of names and values.")
        return found

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Keeps what the job came to."""
        write_json(self.result, dict(result))


def read_job(path: Path) -> JobInfo:
    """One job; what cannot be read of it is said in ``problem``."""
    folder, problem = JobFolder(path), ""
    try:
        job = folder.load_job()
    except JobError as error:
        job, problem = {}, str(error)
    try:
        status = folder.load_status()
    except JobError as error:
        status, problem = {}, problem or str(error)
    state, reason = JobState(status.get("state", "failed")), str(status.get("error") or "")
    pid = int(status.get("pid") or 0)
    if state == JobState.RUNNING and not is_alive(pid, status.get("process_started")):
        # It may have ended between the two looks.
        status = _fresh(folder.status)
        state = JobState(status.get("state", "failed"))
        reason = str(status.get("error") or "")
        if state == JobState.RUNNING:
            state, reason = JobState.FAILED, f"{VANISHED} {_kept(job)}"
    if state == JobState.RUNNING and folder.stop.exists():
        state = JobState.STOPPING
    kind = KINDS.get(job.get("kind", ""))
    ended = not state.is_active
    return JobInfo(
        id=path.name,
        kind=str(job.get("kind", "")),
        title=str(job.get("title", "")) or (kind.title if kind else path.name),
        key=str(job.get("key", "")),
        folder=path,
        state=state,
        arguments=job.get("arguments", {}),
        progress=_progress(status, state),
        created=float(job.get("created", 0.0)),
        started=status.get("started"),
        ended=status.get("ended"),
        error=problem or reason,
        position=int(status.get("position") or 0) if state == JobState.QUEUED else 0,
        pid=pid if state in (JobState.RUNNING, JobState.STOPPING) else None,
        can_resume=ended and state != JobState.DONE and kind is not None
        and not _lost_inputs(folder, job),
        resumes=kind is not None and kind.resumes,
        problem=problem,
    )  # fmt: skip


def _kept(job: Mapping[str, Any]) -> str:
    kind = KINDS.get(job.get("kind", ""))
    return kind.kept if kind else ""


def _lost_inputs(folder: JobFolder, job: Mapping[str, Any]) -> bool:
    """Whether files that came with the job are gone; they are deleted when it ends."""
    names = (str(value) for value in job.get("arguments", {}).values())
    return any(
        name.startswith(f"{folder.inputs.name}/") and not (folder.path / name).exists()
        for name in names
    )


def _progress(status: Mapping[str, Any], state: JobState) -> Progress:
    eta = status.get("eta_s")
    if eta is not None:
        since = time.time() - (status.get("updated") or time.time())
        eta = max(0.0, eta - since) if state == JobState.RUNNING else None
    return Progress(
        float(status.get("done") or 0.0),
        float(status.get("total") or 0.0),
        str(status.get("unit") or ""),
        status.get("rate"),
        eta,
        str(status.get("message") or ""),
        status.get("preview") or {},
    )


def _fresh(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path, "status")
    except JobError:
        return {}


def _cached(path: Path, kind: str) -> dict[str, Any]:
    """A file's content; read anew only when the file has changed."""
    try:
        now = path.stat()
    except OSError as error:
        raise JobError(f"{path}: cannot be read: {error.strerror}.") from error
    return dict(_remembered(path, kind, now.st_mtime_ns, now.st_size, now.st_ino))


@lru_cache(maxsize=1024)
def _remembered(path: Path, kind: str, _changed: int, _size: int, _inode: int) -> dict[str, Any]:
    return _parsed(path, kind)


def _parsed(path: Path, kind: str) -> dict[str, Any]:
    schema: Any = StoredJob if kind == "job" else StoredState
    found: dict[str, Any] = validated(schema, read_json(path, JobError), str(path), JobError)
    return found
