"""The time of a recording: from its first frame on, across reloads, whatever the clocks do."""

import time
from collections.abc import Callable

from emotion_core.store.row_times import MAX_GAP_S

# Between two frames there is time, also where the clocks see none.
_LEAST_S = 1e-3


class SessionClock:
    """Turns a stream's times, which begin anew with every connection, into the session's.

    Args:
        begin_s: the session's time now; 0 for a new one, whose first frame is at 0.
        now: a clock in seconds that never goes back.
    """

    def __init__(self, begin_s: float = 0.0, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._begin_s = begin_s
        self._began: float | None = now() if begin_s else None
        self._last: tuple[float, float] | None = None  # the stream's time, the session's
        self._offset_s = 0.0

    def at(self, stream_s: float) -> float:
        """The session's time of a frame.

        Args:
            stream_s: its time in the stream; one that is not later than the frame's before
                belongs to a new stream.
        """
        if self._last is None or stream_s <= self._last[0]:
            now = self._now()
            self._began = now if self._began is None else self._began
            begin_s = self._begin_s + (now - self._began)
            if self._last is not None:
                begin_s = max(begin_s, self._last[1] + _LEAST_S)
            self._offset_s = begin_s - stream_s
        found = stream_s + self._offset_s
        self._last = (stream_s, found)
        return found


def resumed_at(last_s: float, last_wall: float, wall: float) -> tuple[float, bool]:
    """The session's time at which an interrupted recording goes on.

    Args:
        last_s: the session's time of the last frame that was written.
        last_wall: Unix time of it.
        wall: Unix time now.

    Returns:
        The time, and whether it is known: the clock of a computer can be set back.
    """
    passed_s = wall - last_wall
    if passed_s < 0:
        return last_s + 2 * MAX_GAP_S, False
    return last_s + max(passed_s, _LEAST_S), True
