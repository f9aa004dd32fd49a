"""The process that trains queued runs, one at a time, and says why one ended."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
from filelock import FileLock

from emotion_core.errors import OutputError, TrainingError
from emotion_core.files.named_locks import named_lock
from emotion_core.training.detached import start_detached
from emotion_core.training.process import oom_kills, reason_of_exit
from emotion_core.training.queue import SUPERVISOR_LOCK, RunQueue
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import RunInfo

# How often the queue is looked at while another process trains, and how long an empty queue is
# watched before the process ends.
_LOOK_S = 0.5
_IDLE_S = 5.0
# SIGINT and SIGTERM before the run could listen to them.
_ASKED_TO_END = (-2, -15, 130, 143)


def work_queue(
    root: Path, *, idle_s: float = _IDLE_S, report: Callable[[str], None] = print
) -> int:
    """Trains what is queued in a folder until nothing is left.

    Args:
        root: folder of run folders.
        idle_s: how long to wait for more when nothing is left.
        report: gets a line per run.

    Returns:
        How many runs were trained. 0 at once when another process does it already.

    Raises:
        TrainingError: there is no such folder.
        OutputError: what became of a run cannot be written down, so it stays in the queue.
    """
    if not root.is_dir():
        raise TrainingError(f"{root}: wanted the folder of the runs. There is none.")
    queue, lock, trained = RunQueue(root, start=False), named_lock(root / SUPERVISOR_LOCK), 0
    # A run that is queued while the lock is given back would wait for ever: look again after it.
    while _taken(lock):
        try:
            trained += _until_empty(queue, idle_s, report)
        finally:
            lock.release()
        if not queue.queued():
            break
    return trained


def _taken(lock: FileLock) -> bool:
    """Whoever asks whether the lock is held holds it for a moment, so one try is not enough."""
    try:
        lock.acquire(timeout=0.5)
    except OSError:
        return False
    return True


def _until_empty(queue: RunQueue, idle_s: float, report: Callable[[str], None]) -> int:
    trained, empty_since = 0, time.monotonic()
    while time.monotonic() - empty_since < idle_s:
        busy = any(run.state == "running" for run in queue.runs())
        waiting = queue.queued()
        if busy or not waiting:
            # A run of a terminal, or one whose supervisor was killed: one at a time.
            empty_since = time.monotonic() if busy else empty_since
            time.sleep(min(_LOOK_S, idle_s))
            continue
        _train(waiting[0], report)
        trained, empty_since = trained + 1, time.monotonic()
    return trained


def _train(run: RunInfo, report: Callable[[str], None]) -> None:
    """Runs ``train --resume`` in a process of its own and waits for its end."""
    folder, kills = RunFolder(run.folder), oom_kills()
    report(f"{run.name}: training")
    folder.make_way(folder.log)
    process = start_detached(["train", "--run-dir", str(run.folder), "--resume"], folder.log)
    started = psutil.Process(process.pid).create_time()
    with suppress(OutputError):  # the run itself says that the disk is full
        folder.set_status("running", pid=process.pid, process_started=started, eta_s=None)
    code = process.wait()
    status = folder.read_status()
    unheard = status.get("state") == "queued" and code > 0  # the disk was full
    if unheard or status.get("state") == "running":
        # It had no time to say anything.
        if code in _ASKED_TO_END:
            folder.set_status("stopped")
        else:
            reason = reason_of_exit(code, oom_killed=oom_kills() > kills)
            # A refusal before the first step: its last line is the error in words.
            said = folder.log_tail(1) if code > 0 else ""
            folder.set_status("failed", error=said or reason)
    report(f"{run.name}: {folder.read_status().get('state')} (exit code {code})")


def give_way() -> None:
    """Leaves the processor to the app when both want it."""
    if sys.platform != "win32":
        os.nice(max(0, 5 - os.nice(0)))
