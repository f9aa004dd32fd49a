"""Long work of the page: a process per job, watched by a thread, known to all sessions."""

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from emotion_core.markdown import plain

_APP = Path(__file__).resolve().parents[3]
_KEPT_LOG_LINES = 20

_logger = logging.getLogger(__name__)


class Job:
    """One piece of work. It goes on when the page is left, and ends with the server.

    Args:
        order: what ``tasks`` shall do; it starts at once.
        at_end: is called once when it has ended, whichever way; of a job that ended with a
            question when that is answered or put away.
    """

    def __init__(self, order: dict[str, Any], at_end: Callable[[], None] | None = None) -> None:
        self.order = order
        self.stage = "Starting"
        self.done = 0.0
        self.total = 0.0
        self.result: dict[str, Any] | None = None
        self.error = ""
        self.stopped = False
        self._began = time.monotonic()
        self._at_end = at_end
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pages.parts.datasets.tasks"],
            cwd=_APP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self._thread = threading.Thread(target=self._watch, name="dataset job", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self._thread.is_alive()

    @property
    def question(self) -> dict[str, Any] | None:
        """What a person must say before the work can go on, if it ended with that."""
        return None if self.running or self.result is None else self.result.get("question")

    @property
    def share(self) -> float:
        """How much is done, 0-1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """An estimate; None before there is one."""
        if self.share < 0.02:
            return None
        return (time.monotonic() - self._began) * (1 - self.share) / self.share

    def stop(self) -> None:
        """Asks the work to end; it leaves nothing half done."""
        self.stopped = True
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()

    def close(self) -> None:
        """Clears up after it; for a job that will not go on."""
        if at_end := self.take_at_end():
            at_end()

    def take_at_end(self) -> Callable[[], None] | None:
        """Hands what clears up after it to the job that goes on with it."""
        at_end, self._at_end = self._at_end, None
        return at_end

    def wait(self, timeout_s: float | None = None) -> None:
        """Waits for the end."""
        self._thread.join(timeout_s)

    def _watch(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        log: list[str] = []
        with self._process:  # closes its pipes at the end
            reader = threading.Thread(target=_drain, args=(self._process.stderr, log), daemon=True)
            reader.start()
            for line in self._process.stdout:
                self._take(json.loads(line))
            code = self._process.wait()
            reader.join()
        if self.result is None and not self.error and not self.stopped:
            _logger.error("A job of the data set page ended with %s: %s", code, "".join(log))
            self.error = (
                "The work ended unexpectedly; perhaps the memory was used up. Nothing was "
                "written. What happened exactly stands in the server's log."
            )
        if self.result is None or "question" not in self.result:
            self.close()

    def _take(self, message: dict[str, Any]) -> None:
        if "stage" in message:
            self.stage = message["stage"]
            self.done, self.total = message["done"], message["total"]
        self.result = message.get("result", self.result)
        self.error = message.get("error", self.error)
        self.stopped = self.stopped or "stopped" in message


class JobBoard:
    """The jobs of the server by name; of each name the last one."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def find(self, name: str) -> Job | None:
        """The last job of a name."""
        with self._lock:
            return self._jobs.get(name)

    def start(
        self, name: str, order: dict[str, Any], at_end: Callable[[], None] | None = None
    ) -> Job:
        """Starts a job, unless one of this name is running."""
        with self._lock:
            job = self._jobs.get(name)
            if job is None or not job.running:
                if job is not None:
                    job.close()
                job = self._jobs[name] = Job(order, at_end)
            return job

    def answer(self, name: str, answer: dict[str, Any]) -> None:
        """Goes on with a job that ended with a question: its order with the answer in it."""
        with self._lock:
            job = self._jobs.get(name)
            if job is not None and job.question is not None:
                self._jobs[name] = Job({**job.order, **answer}, job.take_at_end())

    def forget(self, name: str) -> None:
        """Takes a job that has ended off the board."""
        with self._lock:
            if name in self._jobs and not self._jobs[name].running:
                self._jobs.pop(name).close()


@st.cache_resource(show_spinner=False)
def job_board() -> JobBoard:
    """The one board of the server."""
    return JobBoard()


@st.fragment(run_every=1.0)
def job_progress(name: str) -> None:
    """Progress of a running job with a way to stop it; when it ends, the page is drawn again."""
    job = job_board().find(name)
    if job is None or not job.running:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.share, text=plain(_words(job)))
        st.button(
            "Stop",
            icon=":material/stop:",
            on_click=job.stop,
            key=f"ds_stop_{name}",
            disabled=job.stopped,
        )


def _words(job: Job) -> str:
    if job.stopped:
        return "Stopping"
    parts = [job.stage]
    if job.total:
        parts.append(f"{job.share * 100:.0f} %")
    left = job.seconds_left
    if left is not None:
        parts.append(f"about {_duration(left)} left")
    return " · ".join(parts)


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def _drain(stream: Any, log: list[str]) -> None:
    """Reads what a process says, so that it never waits, and keeps the end of it."""
    for line in stream:
        log.append(line)
        del log[:-_KEPT_LOG_LINES]
