"""When every frame of a video is shown, without decoding any: for stepping from frame to frame."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from emotion_core.video.containers import open_video
from emotion_core.video.timing import Timeline

# As in timing and probing: a clock that steps so far back, or forth, begins anew.
_BACK_S, _FORTH_S = 0.25, 10.0


def frame_times(path: Path | str) -> npt.NDArray[np.float64]:
    """(N,) seconds from the start of the video, ascending, one per frame.

    Reads the whole file, which takes about a second for 300 MB.

    Raises:
        VideoError: it cannot be read as a video.
    """
    with open_video(path) as video:
        # Packets come in the order of decoding. Between two jumps of the clock, which transport
        # streams may have and their decoding times tell, sorted stamps are those of the frames in
        # the order in which they are shown.
        parts: list[list[float]] = [[]]
        before_s: float | None = None
        for packet in video.container.demux(video.stream):
            if packet.pts is None or packet.is_discard:
                continue
            clock_s = video.seconds(packet.pts if packet.dts is None else packet.dts)
            step_s = 0.0 if before_s is None else clock_s - before_s
            if video.may_jump and not -_BACK_S <= step_s <= _FORTH_S:
                parts.append([])
            before_s = clock_s
            parts[-1].append(video.seconds(packet.pts))
        timeline = Timeline(video.start_s, may_jump=video.may_jump)
        stamps = [stamp for part in parts for stamp in sorted(part)]
        return np.array([timeline.time_of(stamp) for stamp in stamps], np.float64)
