"""Until when a row of a live recording stands for what is seen, and where frames are missing."""

import numpy as np
import numpy.typing as npt

#: A longer time from one frame to the next counts as without a frame. As in
#: ``emotion_core.live.timeline``, which cannot be imported where the dashboard is not installed.
MAX_GAP_S = 1.0

Times = npt.NDArray[np.float64]


def live_ends(times_s: Times, following_s: float | None = None) -> Times:
    """Until when each row stands: until the next frame, unless that one is long in coming.

    Before a gap, and at the end, a frame stands for the median time between two frames.

    Args:
        times_s: (N,) ascending; faces of one frame have one time.
        following_s: of the frame after these; None where there is none (yet).

    Returns:
        (N,) ends.
    """
    if not len(times_s):
        return times_s
    frames, row_frame = np.unique(times_s, return_inverse=True)
    following = np.append(frames[1:], np.inf if following_s is None else following_s)
    steps = following - frames
    usual = steps[steps <= MAX_GAP_S]
    step = float(np.median(usual)) if len(usual) else 0.0
    ends = np.where(steps <= MAX_GAP_S, following, frames + step)
    return np.asarray(ends[row_frame], np.float64)


def gaps(times_s: Times) -> list[tuple[float, float]]:
    """Between which frames none came for too long, as (start, end) in seconds.

    Args:
        times_s: (N,) ascending.
    """
    steps = np.diff(times_s)
    return [
        (float(times_s[place]), float(times_s[place + 1]))
        for place in np.flatnonzero(steps > MAX_GAP_S)
    ]
