"""Which frames of a video are read: every one, every n-th, or n a second, from a time to a time."""

import math
import re
from dataclasses import dataclass, replace

from emotion_core.errors import VideoError

# Times of frames are binary fractions: 3 * 0.1 s must still begin the third tenth.
_ROUNDING_S = 1e-6
_SECONDS = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE]-?[0-9]+)?)\s*s\s*")
_NUMBER = re.compile(r"\s*([0-9]+)\s*")
_CLOCK = re.compile(r"\s*(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames are read; without ``every_s`` and ``every_n`` every one in the window.

    Whether a frame is read follows from its own number and time and the time of the frame before
    it, so reading may begin anywhere and finds the same ones.

    Attributes:
        every_s: the first frame of every so many seconds, counted from ``from_s``.
        every_n: every n-th frame of the file: those whose number, from 0, is a multiple of it.
        from_s: begin of the window, in seconds from the start of the video.
        to_s: end of the window; a frame at this very time is outside. None: to the end.
    """

    every_s: float | None = None
    every_n: int | None = None
    from_s: float = 0.0
    to_s: float | None = None

    def __post_init__(self) -> None:
        if self.every_s is not None and self.every_n is not None:
            raise VideoError(
                "Sampling: wanted either seconds or a number of frames between two sampled ones. "
                f"Received both: {self.every_s:g} s and {self.every_n}."
            )
        if self.every_s is not None and not 0 < self.every_s < math.inf:
            raise VideoError(
                f"Sampling: wanted more than 0 seconds between frames. Received: {self.every_s}"
            )
        if self.every_n is not None and self.every_n < 1:
            raise VideoError(f"Sampling: wanted every 1st frame or more. Received: {self.every_n}")
        if not 0 <= self.from_s < math.inf:
            raise VideoError(
                f"Sampling: wanted a begin of 0 seconds or later. Received: {self.from_s}"
            )
        if self.to_s is not None and not self.from_s < self.to_s:
            raise VideoError(
                f"Sampling: wanted an end after the begin at {self.from_s:g} s. "
                f"Received: {self.to_s}"
            )

    @classmethod
    def parse(
        cls, every: str = "", *, from_s: str | float = 0.0, to_s: str | float | None = None
    ) -> "Sampling":
        """Reads what people write.

        Args:
            every: ``"0.2s"`` for the first frame of every 0.2 seconds, ``"5"`` for every fifth
                frame, empty for every frame.
            from_s: seconds, or ``"1:02:03.5"``.
            to_s: the same; None or empty for the end of the video.

        Raises:
            VideoError: not of these forms, or not possible.
        """
        window = cls(
            from_s=parse_time(from_s), to_s=None if to_s in (None, "") else parse_time(to_s)
        )
        if not every.strip():
            return window
        if match := _SECONDS.fullmatch(every):
            return replace(window, every_s=float(match[1]))
        if match := _NUMBER.fullmatch(every):
            return replace(window, every_n=int(match[1]))
        raise VideoError(
            "Sampling: wanted seconds such as 0.2s, or a number of frames such as 5. "
            f"Received: {every}"
        )

    def takes(self, index: int, time_s: float, before_s: float | None) -> bool:
        """Whether a frame is read.

        Args:
            index: number of the frame in the file, from 0.
            time_s: its time.
            before_s: time of the frame before it; None for the first one.
        """
        if time_s < self.from_s - _ROUNDING_S or self.is_over(time_s):
            return False
        if self.every_n is not None:
            return index % self.every_n == 0
        if self.every_s is None or before_s is None or before_s < self.from_s - _ROUNDING_S:
            return True
        return self._interval(time_s) > self._interval(before_s)

    def is_over(self, time_s: float) -> bool:
        """Whether the window ends at this time or before."""
        return self.to_s is not None and time_s >= self.to_s - _ROUNDING_S

    def _interval(self, time_s: float) -> int:
        return math.floor((time_s - self.from_s + _ROUNDING_S) / (self.every_s or 1.0))


#: Every frame of the whole video.
EVERY_FRAME = Sampling()


def parse_time(text: str | float) -> float:
    """Seconds from ``"12.5"``, ``"1:02"`` (minutes) or ``"1:02:03.5"`` (hours).

    Raises:
        VideoError: none of these forms.
    """
    if isinstance(text, int | float):
        return float(text)
    if match := _CLOCK.fullmatch(text):
        hours, minutes, seconds = match.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    try:
        return float(text.strip().removesuffix("s"))
    except ValueError:
        raise VideoError(
            f"Sampling: wanted a time such as 12.5 or 1:02:03. Received: {text}"
        ) from None
