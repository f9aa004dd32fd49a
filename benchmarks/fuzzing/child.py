"""Runs a reader in a child process that is watched: crashes, hangs and memory are found too."""

import faulthandler
import multiprocessing
import os
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

#: Seconds for one file, with room for a busy machine.
LIMIT_S = 60.0
#: Bytes of address space above what the child has when it begins.
LIMIT_BYTES = 6 << 30

READ, REFUSED, ESCAPED = "read", "refused", "escaped"

Task = Callable[[int, Path], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one damaged file.

    Attributes:
        seed: that made the file.
        kind: ``read`` (it was taken), ``refused`` (in words) or ``escaped``.
        text: the words, or the trace of what escaped.
    """

    seed: int
    kind: str
    text: str = ""


class Child:
    """One process that reads damaged files one after the other; it is replaced when it dies.

    Args:
        start: called once in the process; gives the function that makes and reads file ``seed``
            in a folder.
        folder: where it may write.
        refusal: what a reader may raise.
    """

    def __init__(self, start: Callable[[], Task], folder: Path, refusal: type[Exception]) -> None:
        self._start, self._folder, self._refusal = start, folder, refusal
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    def run(self, seed: int, limit_s: float = LIMIT_S) -> Outcome:
        """Makes and reads one file."""
        if self._pipe is None:
            self._begin()
        assert self._pipe is not None
        try:
            self._pipe.send(seed)
            if not self._pipe.poll(limit_s):
                self.close()
                return Outcome(seed, ESCAPED, f"hang: no answer within {limit_s:g} s")
            outcome: Outcome = self._pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            assert self._process is not None
            self._process.join(10)
            code = self._process.exitcode
            self.close()
            return Outcome(seed, ESCAPED, f"crash: the process ended with {_ending(code)}")
        return outcome

    def close(self) -> None:
        """Ends the process."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def _begin(self) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self._start, self._folder, self._refusal), daemon=True
        )
        self._process.start()
        theirs.close()


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _serve(
    pipe: Connection, start: Callable[[], Task], folder: Path, refusal: type[Exception]
) -> None:
    # What libraries print of damaged files is not part of the answer.
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    faulthandler.disable()
    sys.stdin.close()
    # As where the product runs: a test run makes errors of warnings.
    warnings.simplefilter("ignore")
    task = start()
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT_BYTES, used + LIMIT_BYTES))
    while True:
        try:
            seed = pipe.recv()
        except EOFError:
            return
        try:
            task(seed, folder)
            outcome = Outcome(seed, READ)
        except refusal as error:
            outcome = Outcome(seed, REFUSED, str(error))
        except Exception:
            outcome = Outcome(seed, ESCAPED, traceback.format_exc(limit=-6))
        pipe.send(outcome)
