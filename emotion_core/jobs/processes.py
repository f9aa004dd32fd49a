"""Processes: start one that outlives this one; is one alive, what does it use, what ended it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil

from emotion_core.files.atomic_files import writing
from emotion_core.paths import ROOT

# Two readings of a process's start differ by rounding; two processes with one number do not
# start within this time.
_SAME_START_S = 2.0

# Two looks at one process within this time get the same answer: between them hardly any time of
# the processor is counted.
_LOOK_AGAIN_S = 0.5

_OOM_KILLS = Path("/sys/fs/cgroup/memory.events")

OUT_OF_MEMORY = "Out of memory. Choose a smaller batch, or close other programs."
KILLED = "The process was killed by somebody, or by the system because memory ran out."


# What this process has started: somebody has to ask for their end, or they stay in the system's
# table of processes.
_started: list["subprocess.Popen[bytes]"] = []


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
def _watched(pid: int, _started: float | None) -> _Watched:
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
        return f"The process ended by signal {-code}."
    return f"The process ended with exit code {code}. The log says more."


def terminate(pid: int, started: float | None = None) -> None:
    """Asks a process to end, if it is still the same one."""
    if is_alive(pid, started):
        try:
            psutil.Process(pid).terminate()
        except psutil.NoSuchProcess:
            return


def environment() -> dict[str, str]:
    """This process's environment, in which the package is found from any working directory."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def start_detached(module: str, arguments: list[str], log: Path) -> "subprocess.Popen[bytes]":
    """Starts ``python -m module`` so that it outlives this process and its terminal.

    Args:
        module: of this package.
        arguments: of it.
        log: gets everything that it prints, behind what is there.

    Raises:
        OutputError: the log cannot be written.
        DiskFullError: there is no room for it.
    """
    apart = (
        {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        if os.name == "nt"
        else {"start_new_session": True}
    )
    _started[:] = [process for process in _started if process.poll() is None]
    with writing(log), log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(),
            **apart,
        )
    _started.append(process)
    return process
