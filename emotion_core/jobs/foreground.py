"""A job in the process that asks for it: a command in a terminal, seen and stopped as any other."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import Timeout

from emotion_core.errors import Cancelled, JobError, OutputError
from emotion_core.files.atomic_files import make_folder, write_json
from emotion_core.files.publishing import published_folder
from emotion_core.jobs.board import JobBoard, new_id
from emotion_core.jobs.context import JobContext
from emotion_core.jobs.job import JobState
from emotion_core.jobs.kinds import kind_named
from emotion_core.jobs.store import JobFolder
from emotion_core.jobs.worker import StatusWriter, StopRequest

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_here(
    board: JobBoard,
    kind: str,
    arguments: Mapping[str, Any],
    work: Callable[[JobContext], Mapping[str, Any]],
    *,
    title: str,
    key: str,
) -> None:
    """Does work in this process, as a job that everybody sees.

    SIGTERM, SIGINT and ``JobBoard.stop`` ask it to stop; a second signal ends it. If this process
    is killed, the job has failed and can be resumed, in the background, if its kind can. Where no
    job can be written, or one of the same key is active, the work is done without one.

    Args:
        board: where the job is seen.
        kind: key of ``kinds.KINDS``.
        arguments: with which its function would do the same.
        work: does it; what it returns is the job's result.
        title: what it does, for people.
        key: what it is about.

    Raises:
        Cancelled: it was asked to stop, and ``work`` heeded that.
        Exception: whatever ``work`` raises.
    """
    folder = _begun(board, kind, arguments, title, key)
    with _signals_kept():
        if folder is None:
            stop = StopRequest(None)
            work(JobContext(Path(), is_cancelled=stop))
            return
        write, stop = StatusWriter(folder, time.time()), StopRequest(folder.stop)
        context = JobContext(folder.path, write=write, is_cancelled=stop)
        state, error = JobState.FAILED, ""
        try:
            with suppress(OutputError):
                write.write(JobState.RUNNING)
            result = work(context)
            state = JobState.DONE
            with suppress(OutputError):
                folder.write_result(result)
        except (Cancelled, KeyboardInterrupt):
            state = JobState.STOPPED
            raise
        except Exception as cause:
            error = str(cause)
            raise
        finally:
            with suppress(OutputError):
                write.write(state, error=error, ended=time.time())


def _begun(
    board: JobBoard, kind: str, arguments: Mapping[str, Any], title: str, key: str
) -> JobFolder | None:
    kind_named(kind)
    try:
        make_folder(board.root)
        with board.lock():
            known = board.find(key)
            if known is not None and known.is_active:
                return None
            path = board.root / new_id(kind)
            with published_folder(path) as new:
                job = {"kind": kind, "title": title, "key": key, "arguments": dict(arguments)}
                write_json(JobFolder(new).job, {**job, "created": time.time()})
                StatusWriter(JobFolder(new), time.time()).write(JobState.RUNNING)
        return JobFolder(path)
    except (OutputError, JobError, Timeout):  # the work itself needs no job
        return None


@contextmanager
def _signals_kept() -> Iterator[None]:
    """What signals did before, they do afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
