"""What a viewer chooses of a stream, and what is shown of it."""

from dataclasses import dataclass, field

from emotion_core.drawing import DrawOptions
from emotion_core.live.health import Health
from emotion_core.live.resting_face import BaselineState
from emotion_core.live.timeline import Moment
from emotion_core.stream import StreamOptions
from emotion_core.types import FrameResult


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """What the viewer chose; a new object is swapped in whole.

    Attributes:
        stream: how frames are read.
        drawing: what is drawn.
        mirror: show the picture as a mirror would.
        raw: show the scores of each frame alone instead of the smoothed ones.
    """

    stream: StreamOptions = field(default_factory=StreamOptions)
    drawing: DrawOptions = field(default_factory=DrawOptions)
    mirror: bool = True
    raw: bool = False


@dataclass(frozen=True, slots=True)
class LiveView:
    """What the page shows of a stream at one moment.

    Attributes:
        result: the newest frame's, None before the first.
        health: figures of the stream.
        moments: scores of the last minute, oldest first.
        seconds: {emotion, "uncertain", "no face" or "no frame": seconds} since the start.
        baseline: state of the personal baseline.
        message: what went wrong with the newest frame, empty if nothing.
        idle_s: seconds since the last frame, None before the first.
    """

    result: FrameResult | None = None
    health: Health = field(default_factory=Health)
    moments: tuple[Moment, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    baseline: BaselineState = field(default_factory=BaselineState)
    message: str = ""
    idle_s: float | None = None
