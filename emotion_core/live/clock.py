"""The time of frames: from the camera where it makes sense, and never backwards."""

import time
from collections.abc import Callable
from fractions import Fraction

# A camera's clock that is off by more than this was restarted or jumped.
_MAX_DRIFT_S = 1.0


class FrameClock:
    """Seconds since the first frame.

    The camera's own time stamps are steadier than the moments at which frames happen to be read,
    but they start anew with every connection and may be missing.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._start: float | None = None
        self._offset = 0.0
        self._last = 0.0

    def read(self, pts: int | None, time_base: Fraction | None) -> float:
        """The time of a frame, not before that of the frame read last.

        Args:
            pts: the frame's time stamp in units of ``time_base``, or None.
            time_base: seconds per unit, or None.
        """
        now = self._now()
        if self._start is None:
            self._start = now
            if pts is not None and time_base is not None:
                self._offset = -float(pts * time_base)
        passed = now - self._start
        if pts is None or time_base is None:
            time_s = passed
        else:
            time_s = float(pts * time_base) + self._offset
            if abs(time_s - passed) > _MAX_DRIFT_S:
                # On from the last frame, so that a camera that ran ahead does not stand still now.
                resumed_s = max(passed, self._last)
                self._offset += resumed_s - time_s
                time_s = resumed_s
        self._last = max(self._last, time_s)
        return self._last
