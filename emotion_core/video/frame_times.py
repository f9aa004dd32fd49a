"""When every frame of a video is shown, without decoding any: for stepping from frame to frame."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from emotion_core.video.containers import open_video
from emotion_core.video.timing import Timeline


def frame_times(path: Path | str) -> npt.NDArray[np.float64]:
    """(N,) seconds from the start of the video, ascending, one per frame.

    Reads the whole file, which takes about a second for 300 MB.

    Raises:
        VideoError: it cannot be read as a video.
    """
    with open_video(path) as video:
        stamps = [
            video.seconds(packet.pts)
            for packet in video.container.demux(video.stream)
            if packet.pts is not None and not packet.is_discard
        ]
        if not video.may_jump:
            stamps.sort()  # packets come in the order of decoding
        timeline = Timeline(video.start_s, may_jump=video.may_jump)
        return np.array([timeline.time_of(stamp) for stamp in stamps], np.float64)
