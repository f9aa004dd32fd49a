"""What there is to know of a job at one moment, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from emotion_core.wording import duration


class JobState(StrEnum):
    """A job is in one of these."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"

    @property
    def is_active(self) -> bool:
        """Whether the job waits or works."""
        return self in (JobState.QUEUED, JobState.RUNNING, JobState.STOPPING)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        done: how much of the present stage is done.
        total: how much there is to do in it; 0 while nobody knows.
        unit: what is counted, in the plural: ``"faces"``; empty for a share.
        rate: units per second; None before there is one.
        eta_s: estimated seconds until the stage ends; None before there is an estimate.
        message: what is being done, as a short sentence without a full stop.
        preview: what may be shown of the work: ``text``, and ``image`` as a data URI.
    """

    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    rate: float | None = None
    eta_s: float | None = None
    message: str = ""
    preview: Mapping[str, str] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """How much is done, 0-1; 0 while the total is not known."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0


@dataclass(frozen=True, slots=True)
class JobInfo:
    """One job at one moment.

    Attributes:
        id: name of its folder; jobs made later have a later one.
        kind: key of ``kinds.KINDS``.
        title: what it does, for people.
        key: what it is about; of one key at most one job is active.
        folder: where its files are.
        state: a job whose process has gone without a word is ``failed``.
        arguments: what its function gets.
        progress: how far it is.
        created: Unix time at which it was put into the queue.
        started: Unix time at which it began; None before.
        ended: Unix time at which it ended; None before.
        error: why it failed, in words; else empty.
        position: place in the queue from 1; 0 when it does not wait.
        pid: its process while it runs.
        can_resume: whether it can be put into the queue again.
        resumes: whether it then goes on where it was, rather than anew.
        problem: what of its files cannot be read; empty when nothing is wrong.
    """

    id: str
    kind: str
    title: str
    key: str
    folder: Path
    state: JobState
    arguments: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    error: str = ""
    position: int = 0
    pid: int | None = None
    can_resume: bool = False
    resumes: bool = False
    problem: str = ""

    @property
    def is_active(self) -> bool:
        """Whether it waits or works."""
        return self.state.is_active

    def to_dict(self) -> dict[str, Any]:
        """What the command ``jobs`` and the HTTP interface say of it, as JSON."""
        now = self.progress
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "state": self.state.value,
            "done": now.done,
            "total": now.total,
            "unit": now.unit,
            "rate": now.rate,
            "eta_s": None if now.eta_s is None else round(now.eta_s, 1),
            "message": now.message,
            "position": self.position,
            "created": self.created,
            "started": self.started,
            "ended": self.ended,
            "error": self.error,
        }


def progress_words(job: JobInfo) -> str:
    """How far a job is, on one line: ``"Reading · 1,200 of 35,887 faces · about 2 min left"``."""
    if job.state == JobState.QUEUED:
        return f"Waiting, number {job.position} in the queue" if job.position > 1 else "Starting"
    if job.state == JobState.STOPPING:
        return "Stopping"
    now = job.progress
    parts = [now.message or "Starting"]
    if now.total and now.unit:
        parts.append(f"{now.done:,.0f} of {now.total:,.0f} {now.unit}")
    elif now.total:
        parts.append(f"{now.share * 100:.0f} %")
    if now.eta_s is not None and now.share < 1:
        parts.append(f"about {duration(now.eta_s)} left")
    return " · ".join(parts)
