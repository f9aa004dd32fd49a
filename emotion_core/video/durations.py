"""How long each row of a frame table stands for: a frame is shown until the next one is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]


def row_spans(times_s: Times, end_s: float | None = None) -> tuple[Times, Times]:
    """From when until when each row stands for what is seen.

    A sampled frame stands for the time until the next one. The last one stands for the median of
    those times, and not beyond the end.

    Args:
        times_s: (N,) of the rows, ascending; faces of one frame have one time.
        end_s: where the video, or the window that was read, ends; None where nobody knows.

    Returns:
        (N,) begins and (N,) ends.
    """
    if not len(times_s):
        return times_s, times_s
    frames, row_frame = np.unique(times_s, return_inverse=True)
    steps = np.diff(frames)
    last = frames[-1] + (float(np.median(steps)) if len(steps) else 0.0)
    if end_s is not None:
        # A single frame stands for all there is.
        last = min(last, end_s) if len(steps) else end_s
    ends = np.append(frames[1:], max(last, frames[-1]))
    return frames[row_frame], ends[row_frame]


def overlap_s(begins: Times, ends: Times, intervals: Sequence[tuple[float, float]]) -> Times:
    """(N,) how much of each span lies within intervals of which no two meet."""
    inside = np.zeros(len(begins))
    for start, end in intervals:
        inside += np.clip(np.minimum(ends, end) - np.maximum(begins, start), 0, None)
    return inside


def left_over(
    window: tuple[float, float], excluded: Sequence[tuple[float, float]]
) -> tuple[tuple[float, float], ...]:
    """What is left of a window without some intervals of which no two meet."""
    start, end = window
    left = []
    for begin, until in excluded:
        if until <= start or begin >= end:
            continue
        if begin > start:
            left.append((start, begin))
        start = max(start, until)
    if start < end:
        left.append((start, end))
    return tuple(left)
