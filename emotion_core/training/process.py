"""Processes of runs: is one alive, what does it use, what ended it."""

import os
import shutil
import signal
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil

from emotion_core.errors import OutputError
from emotion_core.files.atomic_files import disk_full_text, is_disk_full

# Two readings of a process's start differ by rounding; two processes with one number do not
# start within this time.
_SAME_START_S = 2.0

# Two looks at one process within this time get the same answer: between them hardly any time of
# the processor is counted.
_LOOK_AGAIN_S = 0.5

_AS_GOOD_AS_FULL_BYTES = 1 << 20

_OOM_KILLS = Path("/sys/fs/cgroup/memory.events")

#: What is there all the same, and what to do, for ``disk_full_text``.
KEPT = "Everything up to the last full epoch is kept."
RESUME = "resume"
OUT_OF_MEMORY = "Out of memory. Choose a smaller batch, or close other programs, then resume."
KILLED = (
    "The process was killed by somebody, or by the system because memory ran out. Resuming "
    "continues after the last full epoch."
)
VANISHED = (
    "The process ended without a message: it was killed, memory ran out, or the machine was "
    "switched off. Resuming continues after the last full epoch."
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children use.

    Attributes:
        cpu_percent: 100 for one core; since the look before, at the first one since its start.
        rss_mb: resident memory.
    """

    cpu_percent: float
    rss_mb: float


def own_identity() -> dict[str, float]:
    """``pid`` and ``process_started`` of this process, for a status file."""
    return {"pid": os.getpid(), "process_started": psutil.Process().create_time()}


def is_alive(pid: int | None, started: float | None = None) -> bool:
    """Whether a process runs. Its start tells it from a later one with the same number."""
    if not pid:
        return False
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return started is None or abs(process.create_time() - started) < _SAME_START_S
    except (psutil.Error, ValueError, OverflowError):  # also for what is no process number
        return False


class _Watched:
    """A process and the last look at it."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._look_s, self._spent_s, self._share = self._process.create_time(), 0.0, 0.0

    def usage(self) -> Usage:
        times = self._process.cpu_times()
        now, spent_s = time.time(), times.user + times.system
        if now - self._look_s >= _LOOK_AGAIN_S:
            self._share = (spent_s - self._spent_s) / (now - self._look_s)
            self._look_s, self._spent_s = now, spent_s
        return Usage(round(100 * self._share, 1), round(self._process.memory_info().rss / 2**20, 1))


@lru_cache(maxsize=64)
def _watched(pid: int, started: float | None) -> _Watched:
    """One for all who ask; a process's start tells it from a later one with the same number."""
    return _Watched(pid)


def usage(pid: int, started: float | None = None) -> Usage | None:
    """CPU and memory of a process; None when it has gone."""
    try:
        return _watched(pid, started).usage()
    except (psutil.Error, ValueError, OverflowError):
        return None


def oom_kills() -> int:
    """How many processes the system has killed for memory so far, as far as it tells (Linux)."""
    try:
        lines = _OOM_KILLS.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def reason_of_exit(code: int, *, oom_killed: bool) -> str:
    """Why a process ended that left no reason itself.

    Args:
        code: as ``subprocess`` gives it: negative for a signal.
        oom_killed: the system killed a process for memory meanwhile.
    """
    if oom_killed:
        return OUT_OF_MEMORY
    if code == -getattr(signal, "SIGKILL", 9):
        return KILLED
    if code < 0:
        return f"The process ended by signal {-code}. Resuming continues after the last full epoch."
    return f"The process ended with exit code {code}. The log says more."


def reason_of_error(error: BaseException, folder: Path) -> str:
    """An exception in words for the person who started the run.

    Args:
        error: what a run raised.
        folder: of the run. Some writers report a full disk in a form of their own; there its
            free space tells.
    """
    if is_disk_full(error) or (
        isinstance(error, OSError | RuntimeError)
        and shutil.disk_usage(folder).free < _AS_GOOD_AS_FULL_BYTES
    ):
        return disk_full_text(folder, kept=KEPT, then=RESUME)
    if isinstance(error, OutputError):
        return str(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return OUT_OF_MEMORY
    return f"{type(error).__name__}: {error}"


def terminate(pid: int, started: float | None = None) -> None:
    """Asks a process to end, if it is still the same one."""
    if is_alive(pid, started):
        try:
            psutil.Process(pid).terminate()
        except psutil.NoSuchProcess:
            return
