"""A table for the timeline chart: as many moments as a picture has room for, however long it is."""

from collections.abc import Mapping

import numpy as np

from emotion_core.types import Float32Array
from emotion_core.video.view import VideoView

#: Moments of a chart of usual width.
MOMENTS = 480


def timeline_moments(
    view: VideoView, n: int = MOMENTS
) -> tuple[list[tuple[float, Mapping[int, Float32Array]]], float]:
    """Mean smoothed scores per person in stretches of equal length.

    Args:
        view: the table; what is excluded and who is hidden are not in it.
        n: stretches at most; fewer frames than that stand for themselves.

    Returns:
        (time in seconds, {person: (C,) scores}) of the stretches in which somebody is seen, oldest
        first; and from which absence on, in seconds, a person's band has a gap.
    """
    rows = view.frames[(view.frames["counts"] & ~view.frames["excluded"]).to_numpy(np.bool_)]
    begin, end = view.window
    frames = view.frames["time_s"].drop_duplicates().to_numpy(np.float64)
    step = float(np.median(np.diff(frames))) if len(frames) > 1 else max(end - begin, 1e-3)
    width = max((end - begin) / n, step)
    names = [f"smoothed_{name}" for name in view.label_set.names]
    place = np.floor((rows["time_s"].to_numpy(np.float64) - begin) / width + 1e-6)
    means = rows[names].groupby([place, rows["person_id"].to_numpy(np.int64)]).mean()
    moments: dict[float, dict[int, Float32Array]] = {}
    values = means.to_numpy(np.float32)
    for (stretch, person), scores in zip(means.index, values, strict=True):
        moments.setdefault(begin + float(stretch) * width, {})[int(person)] = scores
    return sorted(moments.items()), 2.5 * width
