"""Progress of work in several stages, which its user may stop."""

from collections.abc import Callable
from dataclasses import dataclass

from emotion_core.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """Tells how far the work is, and ends it where its user asked for that.

    Attributes:
        callback: gets the stage in words and the share of the whole work, 0-1.
        cancelled: whether the user asked to stop; asked before every report.
        start: share of the whole work at which this part begins.
        end: share of the whole work at which this part ends.
    """

    callback: Callable[[str, float], None] | None = None
    cancelled: Callable[[], bool] | None = None
    start: float = 0.0
    end: float = 1.0

    def tell(self, stage: str, share: float) -> None:
        """Reports a stage and the share of this part that is done.

        Raises:
            Cancelled: the user asked to stop.
        """
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(f"Stopped while: {stage.lower()}.")
        if self.callback is not None:
            share = min(1.0, max(0.0, share))
            self.callback(stage, self.start + (self.end - self.start) * share)

    def part(self, start: float, end: float) -> "Progress":
        """The stretch from ``start`` to ``end``, as shares of this part."""
        length = self.end - self.start
        return Progress(
            self.callback, self.cancelled, self.start + length * start, self.start + length * end
        )
