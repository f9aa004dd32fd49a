"""How far a batch is: ``status.json``, for whoever looks while it runs and afterwards."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from emotion_core.errors import OutputError
from emotion_core.files.atomic_files import write_json
from emotion_core.jobs.context import RateMeter
from emotion_core.jobs.processes import own_identity

_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a batch is.

    Attributes:
        done: inputs that are through, with those that failed.
        total: all inputs.
        failed: inputs that could not be read.
        rate: inputs a second, of late; None before there is a rate.
        eta_s: seconds left; None before there is an estimate.
    """

    done: int
    total: int
    failed: int
    rate: float | None = None
    eta_s: float | None = None


class Status:
    """Counts, and writes what it has counted, not more often than anybody looks.

    Args:
        path: of ``status.json``.
        total: all inputs.
        workers: how many processes read.
        executor: which one.
        progress: is told of every change.
    """

    def __init__(
        self,
        path: Path,
        total: int,
        *,
        workers: int,
        executor: str,
        progress: Callable[[BatchProgress], None],
    ) -> None:
        self._path = path
        self._tell = progress
        self._fixed = {
            "executor": executor, "workers": workers, "started": time.time(), **own_identity(),
        }  # fmt: skip
        self._meter = RateMeter()
        self._written = float("-inf")
        self.now = BatchProgress(0, total, 0)

    def begin(self, done: int, failed: int) -> None:
        """Takes what was there before."""
        self.now = BatchProgress(done, self.now.total, failed)
        self.write("running")
        self._tell(self.now)

    def add(self, done: int, failed: int) -> None:
        """Takes inputs that are through."""
        done, failed = self.now.done + done, self.now.failed + failed
        rate = self._meter.rate(done)
        eta_s = (self.now.total - done) / rate if rate else None
        self.now = BatchProgress(done, self.now.total, failed, rate, eta_s)
        self._tell(self.now)
        if time.monotonic() - self._written >= _EVERY_S:
            # The work itself may still have room, or says it better.
            with suppress(OutputError):
                self.write("running")

    def write(self, state: str, error: str = "") -> None:
        """Writes the file.

        Raises:
            OutputError: it cannot be written.
        """
        self._written = time.monotonic()
        now = self.now
        write_json(
            self._path,
            {
                "state": state,
                "total": now.total,
                "done": now.done,
                "read": now.done - now.failed,
                "failed": now.failed,
                "rate": None if now.rate is None else round(now.rate, 3),
                "eta_s": None if now.eta_s is None else round(now.eta_s, 1),
                "unit": "inputs",
                "error": error,
                **self._fixed,
                "updated": time.time(),
            },
        )
