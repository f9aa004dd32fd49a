"""Other thresholds and another smoothing for a frame table, without reading the video again."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emotion_core.emotions import LabelSet
from emotion_core.errors import VideoError
from emotion_core.smoothing import ScoreSmoother
from emotion_core.types import Float32Array, Int64Array
from emotion_core.video.frame_table import FrameTable

if TYPE_CHECKING:
    import pandas as pd


def redecide(
    frames: "pd.DataFrame", label_set: LabelSet, *, threshold: float, half_life_s: float
) -> "pd.DataFrame":
    """The same raw scores, smoothed and decided anew, as the analysis itself does it.

    Args:
        frames: rows of a frame table, in the order of time.
        label_set: of the scores.
        threshold: top probability below which a face counts as uncertain, 0-1.
        half_life_s: of the smoothing; 0 for none.

    Returns:
        A copy with other ``expression``, ``confidence``, ``uncertain`` and smoothed scores.

    Raises:
        VideoError: an option is out of range.
    """
    if not 0 <= threshold <= 1:
        raise VideoError(f"threshold: wanted a number from 0 to 1. Received: {threshold}")
    if not 0 <= half_life_s < float("inf"):
        raise VideoError(f"half_life_s: wanted 0 seconds or more. Received: {half_life_s}")
    rows = np.flatnonzero(frames["track"].notna().to_numpy())
    raw = frames[list(label_set.names)].to_numpy(np.float32)[rows]
    tracks = frames["track"].to_numpy(np.int64, na_value=0)[rows]
    times = frames["time_s"].to_numpy(np.float64)[rows]
    smoothed, labels, uncertain = _decide(raw, tracks, times, threshold, half_life_s)
    out = frames.copy()
    names = np.array(label_set.names, dtype=object)
    for column, values in (
        ("expression", names[labels]),
        ("confidence", smoothed[np.arange(len(rows)), labels]),
        ("uncertain", uncertain),
        *((f"smoothed_{name}", smoothed[:, i]) for i, name in enumerate(label_set.names)),
    ):
        changed = out[column].array.copy()
        changed[rows] = values
        out[column] = changed
    return out


def redecided_table(
    table: FrameTable, *, threshold: float | None, half_life_s: float | None
) -> FrameTable:
    """A table decided anew where another threshold or smoothing is asked for; else as it is.

    Args:
        table: as the analysis wrote it.
        threshold: None: that of the analysis.
        half_life_s: None: that of the analysis.

    Raises:
        VideoError: an option is out of range.
    """
    if threshold is None and half_life_s is None:
        return table
    own = table.metadata.get("options", {})
    threshold = float(own.get("threshold") or 0.0) if threshold is None else threshold
    half_life_s = float(own.get("half_life_s", 0.4)) if half_life_s is None else half_life_s
    frames = redecide(table.frames, table.label_set, threshold=threshold, half_life_s=half_life_s)
    return replace(table, frames=frames)


def _decide(
    raw: Float32Array,
    tracks: Int64Array,
    times: np.ndarray,
    threshold: float,
    half_life_s: float,
) -> tuple[Float32Array, Int64Array, np.ndarray]:
    """Smoothed scores (N, C), labels (N,) and doubts (N,) of rows in the order of time."""
    smoother = ScoreSmoother(half_life_s)
    smoothed = np.empty_like(raw)
    labels = np.empty(len(raw), np.int64)
    uncertain = np.empty(len(raw), np.bool_)
    for row, (track, time_s) in enumerate(zip(tracks.tolist(), times.tolist(), strict=True)):
        smoothed[row], labels[row], uncertain[row] = smoother.step(
            track, raw[row], time_s, threshold
        )
    return smoothed, labels, uncertain
