"""The process of one job: ``python -m emotion_core.jobs.worker FOLDER``.

SIGTERM and SIGINT ask it to stop, as the file ``stop`` in its folder does; a second one ends it.
"""

import os
import shutil
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from emotion_core.errors import Cancelled, EmotionLensError, OutputError
from emotion_core.files.atomic_files import full_disk_in_words
from emotion_core.jobs.context import JobContext
from emotion_core.jobs.job import JobState, Progress
from emotion_core.jobs.kinds import kind_named
from emotion_core.jobs.processes import own_identity
from emotion_core.jobs.store import JobFolder

# The status file is written at most this often, and the file that asks to stop looked for.
_EVERY_S = 0.25
# Leaves the processor to the app when both want it.
_NICENESS = 5


class StopRequest:
    """Whether the job shall stop: asked by a signal or by the file in its folder.

    Args:
        file: that asks by being there; None: signals alone do.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._asked = False
        self._looked = 0.0
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._take)

    def __call__(self) -> bool:
        """Whether anybody asked; asked often."""
        now = time.monotonic()
        if self._file is not None and not self._asked and now - self._looked > _EVERY_S:
            self._looked, self._asked = now, self._file.exists()
        return self._asked

    def _take(self, number: int, _: Any) -> None:
        if self._asked:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._asked = True


class StatusWriter:
    """Writes the progress, not more often than anybody looks.

    Args:
        folder: of the job.
        started: Unix time at which it began.
    """

    def __init__(self, folder: JobFolder, started: float) -> None:
        self._folder = folder
        self._fixed: dict[str, Any] = {**own_identity(), "started": started}
        self._last, self._message = 0.0, ""
        self.progress = Progress()

    def __call__(self, progress: Progress) -> None:
        """Takes how far the job is."""
        self.progress = progress
        now = time.monotonic()
        if now - self._last < _EVERY_S and progress.message == self._message:
            return
        self._last, self._message = now, progress.message
        try:
            self.write(JobState.RUNNING)
        except OutputError as error:  # the work itself may still have room, or says it better
            print(f"The progress cannot be written: {error}", file=sys.stderr)

    def write(self, state: JobState, **values: Any) -> None:
        """Writes a state now.

        Raises:
            OutputError: it cannot be written.
        """
        now = self.progress
        preview = dict(now.preview)
        if state != JobState.RUNNING:
            preview.pop("image", None)  # pictures of people do not stay behind
        self._folder.write_status(
            state,
            **self._fixed,
            done=now.done,
            total=now.total,
            unit=now.unit,
            rate=now.rate,
            eta_s=now.eta_s,
            message=now.message,
            preview=preview,
            **values,
        )


def run_job(path: Path) -> JobState:
    """Does a job's work in this process and writes down what came of it.

    Raises:
        JobError: the folder is no job.
        OutputError: what came of it cannot be written.
    """
    folder = JobFolder(path)
    job = folder.load_job()
    kind = kind_named(job["kind"])
    write, stop = StatusWriter(folder, time.time()), StopRequest(folder.stop)
    write.write(JobState.RUNNING)
    context = JobContext(path, write=write, is_cancelled=stop)
    result: dict[str, Any] = {}
    try:
        result = dict(kind.load()(context, job.get("arguments", {})) or {})
        folder.write_result(result)
        state, error = JobState.DONE, ""
    except Cancelled:
        state, error = JobState.STOPPED, ""
    except EmotionLensError as cause:
        state, error = JobState.FAILED, str(cause)
    except Exception as cause:
        traceback.print_exc()
        state, error = JobState.FAILED, full_disk_in_words(cause) or _unexpected(cause, kind.kept)
    if "question" not in result:
        shutil.rmtree(folder.inputs, ignore_errors=True)
    write.write(state, error=error, ended=time.time())
    return state


def _unexpected(error: Exception, kept: str) -> str:
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return f"The work ended unexpectedly ({what}). {kept} The log says more."


def main() -> int:
    """Runs the job of the first argument."""
    if sys.platform != "win32":
        os.nice(max(0, _NICENESS - os.nice(0)))
    return 0 if run_job(Path(sys.argv[1])) == JobState.DONE else 1


if __name__ == "__main__":
    sys.exit(main())
