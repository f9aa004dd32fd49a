"""Time cut into windows, each with the label that fills most of it."""

import math

import numpy as np

from emotion_core.errors import ReportError
from emotion_core.reports.session_frames import SessionFrames
from emotion_core.types import Float64Array, Int64Array

# Of a window that somebody saw or coded for less than half, nobody knows what it shows.
_LEAST = 0.5
_MOST_WINDOWS = 2_000_000
#: Label of a window of which nobody knows.
NOTHING = -1


def window_edges(session: SessionFrames, window_s: float, tolerance_s: float) -> Float64Array:
    """(W + 1,) edges of the windows of a session; the last may end after it.

    Raises:
        ReportError: a length makes no sense.
    """
    if not 0 < window_s < math.inf:
        raise ReportError(f"window_s: wanted a number above 0. Received: {window_s}")
    if not 0 <= tolerance_s < math.inf:
        raise ReportError(f"tolerance_s: wanted 0 or more. Received: {tolerance_s}")
    begin, end = session.view.window
    n = math.ceil((end - begin) / window_s - 1e-9)
    if not 0 < n <= _MOST_WINDOWS:
        raise ReportError(
            f"window_s: wanted 1 to {_MOST_WINDOWS:,} windows in {end - begin:g} s. Received: {n:,}"
        )
    return begin + window_s * np.arange(n + 1, dtype=np.float64)


def label_windows(
    spans: Float64Array, labels: Int64Array, n_labels: int, edges: Float64Array
) -> tuple[Float64Array, Int64Array]:
    """What fills each window.

    Args:
        spans: (N, 2) begins and ends in seconds; time that stands twice counts once.
        labels: (N,) of the spans.
        n_labels: how many labels there are.
        edges: (W + 1,) of the windows.

    Returns:
        (W, n_labels) share of each window by label, and (W,) labels, ``NOTHING`` where all of them
        together fill less than half.
    """
    share = np.zeros((len(edges) - 1, n_labels))
    for label in range(n_labels):
        own = _merged(spans[labels == label])
        if len(own):
            covered = np.append(0.0, np.cumsum(own[:, 1] - own[:, 0]))
            knots = np.stack([covered[:-1], covered[1:]], axis=1).ravel()
            share[:, label] = np.diff(np.interp(edges, own.ravel(), knots)) / np.diff(edges)
    return share, filling_label(share)


def filling_label(share: Float64Array) -> Int64Array:
    """(W,) the label with the largest share of each window, or ``NOTHING``."""
    label: Int64Array = share.argmax(axis=1).astype(np.int64)
    label[share.sum(axis=1) < _LEAST - 1e-9] = NOTHING
    return label


def _merged(spans: Float64Array) -> Float64Array:
    """Spans in order, those that meet joined: neighbouring frames become one stretch."""
    spans = spans[spans[:, 1] > spans[:, 0]]
    if not len(spans):
        return spans
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    new = np.append(True, spans[1:, 0] > reach[:-1] + 1e-9)
    firsts = np.flatnonzero(new)
    lasts = np.append(firsts[1:], len(spans)) - 1
    return np.stack([spans[firsts, 0], reach[lasts]], axis=1)
