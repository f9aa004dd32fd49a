"""Work that takes longer than a click: a thread per job, shared by all sessions of the server."""

import logging
import threading
import time
from collections.abc import Callable, Hashable

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.evaluation.predictor import Cancelled
from emotion_core.files.atomic_files import full_disk_in_words
from emotion_core.markdown import plain

_logger = logging.getLogger(__name__)

#: (progress, cancelled) -> nothing; the result goes into the cache of evaluations.
Work = Callable[[Callable[[int, int], None], Callable[[], bool]], object]


class Job:
    """One piece of work in a thread of its own. It goes on when the page is left.

    Args:
        work: what is done; it starts at once.
    """

    def __init__(self, work: Work) -> None:
        self.done = 0
        self.total = 0
        self.error = ""
        self._began = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(work,), name="evaluation", daemon=True
        )
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self._thread.is_alive()

    @property
    def seconds_left(self) -> float | None:
        """An estimate, None before there is one."""
        if not self.done or not self.total:
            return None
        return (time.monotonic() - self._began) / self.done * (self.total - self.done)

    def stop(self) -> None:
        """Ends the work after its current batch. What is finished is kept."""
        self._stop.set()

    def wait(self, timeout_s: float | None = None) -> None:
        """Waits for the end."""
        self._thread.join(timeout_s)

    def _run(self, work: Work) -> None:
        try:
            work(self._progress, self._stop.is_set)
        except Cancelled:
            self.error = "Stopped. What was finished is kept."
        except EmotionLensError as error:
            self.error = str(error)
        except Exception as error:
            _logger.exception("An evaluation failed")
            self.error = (
                full_disk_in_words(error)
                or "This failed. What happened exactly stands in the server's log."
            )

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class JobBoard:
    """The jobs of the server by their key."""

    def __init__(self) -> None:
        self._jobs: dict[Hashable, Job] = {}
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Job | None:
        """The last job with this key."""
        with self._lock:
            return self._jobs.get(key)

    def start(self, key: Hashable, work: Work) -> Job:
        """Starts a job, unless one with this key is running."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or not job.running:
                job = self._jobs[key] = Job(work)
            return job


@st.cache_resource(show_spinner=False)
def job_board() -> JobBoard:
    """The one board of the server."""
    return JobBoard()


def job_progress(key: Hashable, what: str, live: Callable[[], None] | None = None) -> None:
    """Progress of a job with a way to stop it; when it ends, the page is drawn again.

    Args:
        key: of the job.
        what: the things that are counted.
        live: draws what is there so far, again and again while the job runs.
    """
    job = job_board().find(key)
    if job is None:
        return
    if job.running:
        _watch(key, what, live)
    elif job.error:
        st.warning(plain(job.error), icon=":material/info:")


@st.fragment(run_every=1.5)
def _watch(key: Hashable, what: str, live: Callable[[], None] | None) -> None:
    job = job_board().find(key)
    if job is None or not job.running:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.done / job.total if job.total else 0.0, text=plain(_words(job, what)))
        st.button("Stop", icon=":material/stop:", on_click=job.stop, key=f"stop_{hash(key)}")
    if live is not None:
        live()


def _words(job: Job, what: str) -> str:
    if not job.total:
        return "Starting"
    words = f"{job.done:,} of {job.total:,} {what}"
    left = job.seconds_left
    return f"{words} · about {max(1, round(left))} s left" if left is not None else words
