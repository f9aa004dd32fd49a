"""How hard a live stream may work: less when frames come faster than they are read, and back.

What is given up first costs least: the average with the mirror image (consecutive frames average
over time already), then detection in fewer frames (faces are followed in between), then detection
on smaller pictures.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

#: {level: what it gives up, in words for the health strip}, each with all before it.
LEVELS = (
    "",
    "no mirror average",
    "faces searched less often",
    "faces searched in smaller pictures",
)

_WINDOW_S = 1.5
_LEAST_FRAMES = 8
# A stream is late when it skips more than this part of its frames.
_LATE = 0.10
# It is late for its own work only if a frame takes more than this part of the time between two.
_BUSY = 0.6
# There is room for more when a frame takes less than this part.
_ROOMY = 0.7
_UP_AFTER_S = 4.0
_MOST_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a stream does at a level.

    Attributes:
        level: index of ``LEVELS``.
        flip_tta: whether faces and their mirror images are averaged, where the model's card says
            so.
        detect_every: factor for the frames from one detection to the next.
        detect_side: factor for the long side of the pictures that faces are searched in.
    """

    level: int = 0
    flip_tta: bool = True
    detect_every: int = 1
    detect_side: float = 1.0


_LOADS = (
    Load(),
    Load(1, flip_tta=False),
    Load(2, flip_tta=False, detect_every=2),
    Load(3, flip_tta=False, detect_every=2, detect_side=0.7),
)


class LoadController:
    """Watches what frames cost and how many come, and says how hard to work. For one thread.

    Args:
        now: the clock, seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        # (moment, frames that came, milliseconds) of the frames since the last change.
        self._recent: deque[tuple[float, int, float]] = deque()
        self._level = 0
        self._changed = now()
        self._went_up: float | None = None
        self._patience_s = _UP_AFTER_S

    @property
    def load(self) -> Load:
        """How hard to work now."""
        return _LOADS[self._level]

    def begin(self) -> None:
        """A new connection: nothing is known of it."""
        self._recent.clear()
        self._level = 0
        self._changed, self._went_up, self._patience_s = self._now(), None, _UP_AFTER_S

    def count(self, *, queued: int, frame_ms: float) -> bool:
        """Counts one frame.

        Args:
            queued: frames that came since the one before, this one included.
            frame_ms: how long it took.

        Returns:
            Whether ``load`` is another one now.
        """
        now = self._now()
        self._recent.append((now, queued, frame_ms))
        while len(self._recent) > _LEAST_FRAMES and now - self._recent[0][0] > _WINDOW_S:
            self._recent.popleft()
        if len(self._recent) < _LEAST_FRAMES or now - self._changed < _WINDOW_S:
            return False
        came = sum(queued for _, queued, _ in self._recent)
        span = self._recent[-1][0] - self._recent[0][0]
        if span <= 0:
            return False
        cost = sorted(ms for _, _, ms in self._recent)[len(self._recent) // 2]
        interval_ms = 1000 * span / max(1, came - self._recent[0][1])
        late = 1 - len(self._recent) / came
        if late > _LATE and cost > _BUSY * interval_ms:
            return self._go(self._level + 1, now)
        patient = now - self._changed > self._patience_s
        if self._level and late <= _LATE and patient and cost < _ROOMY * interval_ms:
            return self._go(self._level - 1, now)
        return False

    def _go(self, level: int, now: float) -> bool:
        if level >= len(_LOADS):
            return False
        if level > self._level:
            # What was too much a moment ago is not tried again soon.
            hasty = self._went_up is not None and now - self._went_up < 2 * _UP_AFTER_S
            self._patience_s = min(_MOST_PATIENCE_S, 2 * self._patience_s if hasty else _UP_AFTER_S)
        else:
            self._went_up = now
        self._level, self._changed = level, now
        self._recent.clear()
        return True
