"""What a job's function works with: it tells how far it is and learns that it shall stop."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from emotion_core.errors import Cancelled
from emotion_core.jobs.job import Progress

# Rates are those of the last seconds: work gets slower and faster.
_WINDOW_S = 30.0
# A rate from less than this is noise.
_LEAST_S = 0.7


class RateMeter:
    """Units per second of late, from how much was done when."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: deque[tuple[float, float]] = deque()

    def rate(self, done: float) -> float | None:
        """Takes how much is done now; gives units per second, None before there is a rate."""
        now = self._now()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] > _WINDOW_S:
            self._seen.popleft()
        (then, before) = self._seen[0]
        if now - then < _LEAST_S or done <= before:
            return None
        return (done - before) / (now - then)


class JobContext:
    """Handed to a job's function.

    Args:
        folder: of the job; relative paths in its arguments are meant from there.
        write: is given every new state of the progress.
        is_cancelled: whether somebody asked the job to stop.
        now: the clock, seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        write: Callable[[Progress], None] = lambda _: None,
        is_cancelled: Callable[[], bool] = lambda: False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._write = write
        self._is_cancelled = is_cancelled
        self._now = now
        self._stage: tuple[str, float] | None = None
        self._meter = RateMeter(now)

    def cancelled(self) -> bool:
        """Whether somebody asked the job to stop; asked often."""
        return self._is_cancelled()

    def check(self) -> None:
        """Ends the work here if somebody asked for it.

        Raises:
            Cancelled: somebody did.
        """
        if self.cancelled():
            raise Cancelled("Stopped.")

    def tell(
        self,
        message: str,
        done: float = 0.0,
        total: float = 0.0,
        *,
        unit: str = "",
        rate: float | None = None,
        eta_s: float | None = None,
        preview: Mapping[str, str] | None = None,
    ) -> None:
        """Tells how far the work is. Rate and time left are measured unless they are given.

        Args:
            message: the present stage; with another one, or another total, counting begins anew.
            done: how much of the stage is done.
            total: how much there is to do in it; 0 where nobody knows.
            unit: what is counted, in the plural; empty for a share.
            rate: units per second, where the work knows better.
            eta_s: seconds until the end, where the work knows better.
            preview: what may be shown of the work; see ``Progress``.
        """
        if (message, total) != self._stage:
            self._stage, self._meter = (message, total), RateMeter(self._now)
        measured = self._meter.rate(done)
        rate = measured if rate is None else rate
        if eta_s is None and rate and total:
            eta_s = max(0.0, total - done) / rate
        self._write(Progress(done, total, unit, rate, eta_s, message, dict(preview or {})))

    def path(self, name: str) -> Path:
        """A path of the arguments: as it is, or of a file that came with the job."""
        return self.folder / Path(name).expanduser()
