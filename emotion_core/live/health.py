"""How the stream is doing, counted on the media thread."""

import statistics
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_WINDOW_S = 4.0


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a stream at one moment.

    Attributes:
        fps_in: frames a second that came from the camera.
        fps_out: frames a second that were read and drawn.
        stage_ms: {stage: median milliseconds} of the last seconds.
        frames: read since the start.
        skipped: frames since the start that came while an older one was being read.
        faces: in the newest frame.
        errors: frames since the start that could not be read.
        load: index of ``adaptation.LEVELS``: what is left out to keep up.
    """

    fps_in: float = 0.0
    fps_out: float = 0.0
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    frames: int = 0
    skipped: int = 0
    faces: int = 0
    errors: int = 0
    load: int = 0

    @property
    def frame_ms(self) -> float:
        """Milliseconds that one frame takes, all stages."""
        return sum(self.stage_ms.values())


class HealthMeter:
    """Counts frames and times. Not thread-safe: its owner holds a lock."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        # (moment, frames that came, milliseconds per stage) of each frame of the last seconds.
        self._recent: deque[tuple[float, int, Mapping[str, float]]] = deque()
        self._began: float | None = None
        self._frames = self._skipped = self._faces = self._errors = 0

    def count(
        self, *, queued: int, stage_ms: Mapping[str, float], faces: int, failed: bool
    ) -> None:
        """Counts one frame that was handled.

        Args:
            queued: frames that had come since the one before; all but the newest were skipped.
            stage_ms: milliseconds per stage.
            faces: how many the frame shows.
            failed: whether it could not be read.
        """
        now = self._now()
        self._began = now if self._began is None else self._began
        self._recent.append((now, queued, stage_ms))
        self._forget(now)
        self._skipped += queued - 1
        self._faces = faces
        if failed:
            self._errors += 1
        else:
            self._frames += 1

    def read(self) -> Health:
        """The figures now; without new frames they fall to zero."""
        now = self._now()
        self._forget(now)
        # A stream that has just begun is not judged by seconds in which it was not there.
        span = min(_WINDOW_S, max(now - self._began, 0.5)) if self._began is not None else 1.0
        stages = dict.fromkeys(name for _, _, ms in self._recent for name in ms)
        return Health(
            fps_in=sum(queued for _, queued, _ in self._recent) / span,
            fps_out=len(self._recent) / span,
            stage_ms={
                name: statistics.median(ms[name] for _, _, ms in self._recent if name in ms)
                for name in stages
            },
            frames=self._frames,
            skipped=self._skipped,
            faces=self._faces,
            errors=self._errors,
        )

    def _forget(self, now: float) -> None:
        while self._recent and now - self._recent[0][0] > _WINDOW_S:
            self._recent.popleft()
