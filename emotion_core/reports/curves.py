"""Mean scores along a common axis: by time, from a marker on, or by percent of length."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from emotion_core.errors import ReportError
from emotion_core.reports.session_frames import SessionFrames, SessionKind
from emotion_core.reports.statistics import is_numbered
from emotion_core.reports.uncertainty import mean_interval
from emotion_core.types import Float64Array

if TYPE_CHECKING:
    import pandas as pd

#: How sessions are laid over each other.
ALIGNMENTS = ("time", "marker", "percent")
CURVE_COLUMNS = ("condition", "expression", "position", "value", "low", "high", "people")
# More would be finer than any chart, and slow to draw.
_MOST_POINTS = 2_000


def aligned_curves(
    sessions: Sequence[SessionFrames],
    *,
    align: str = "time",
    step: float = 1.0,
    marker: str = "",
    before_s: float = 5.0,
    after_s: float = 10.0,
    condition: Callable[[SessionFrames, str], str] | None = None,
) -> "pd.DataFrame":
    """Mean smoothed scores over people, at each step of a common axis.

    A step's value is a person's mean over the time of the step in which they were seen.

    Args:
        sessions: videos or live recordings.
        align: ``time``, seconds from the start; ``marker``, seconds from the first marker of a
            text in each session; ``percent``, of what was read, from 0 to 100.
        step: of the axis, in seconds or percent.
        marker: the text, for ``marker``; a session without it is left out.
        before_s: where the axis begins before the marker.
        after_s: where it ends after it.
        condition: which curve a person of a session belongs to, by session and name; None: the
            session's group, else its name.

    Returns:
        Columns ``CURVE_COLUMNS``: ``position`` is the middle of a step, ``low`` and ``high`` the
        95 % interval of the mean over people (NaN for one), ``people`` how many were seen.

    Raises:
        ReportError: unknown alignment, a step that makes no sense, photos, or no session has the
            marker.
    """
    import pandas as pd

    _check(sessions, align, step)
    places = {s.id: _axis_origin(s, align, marker) for s in sessions}
    if align == "marker" and all(place is None for place in places.values()):
        raise ReportError(f'No session has a marker "{marker}". Set one, or align by time.')
    edges = _edges(sessions, align, step, before_s, after_s)
    parts: dict[tuple[str, str], dict[str, list[Float64Array]]] = {}
    for session in sessions:
        place = places[session.id]
        if place is None:
            continue
        at_s = place[0] + edges * place[1]
        for person, name in session.view.names.items():
            of = (session.group or session.name) if condition is None else condition(session, name)
            unit = f"{session.id} · {name}" if is_numbered(name) else name
            for expression, values in _means(session, person, at_s).items():
                parts.setdefault((of, expression), {}).setdefault(unit, []).append(values)
    bounds = (-1.0, 1.0) if any(session.baselines for session in sessions) else (0.0, 1.0)
    rows = []
    for (of, expression), by_unit in parts.items():
        table = np.stack([_mean_of(curves) for curves in by_unit.values()])
        for i in np.flatnonzero(np.isfinite(table).any(axis=0)):
            seen = table[:, i][np.isfinite(table[:, i])]
            value = float(seen.mean())
            spread = float(seen.std(ddof=1)) if len(seen) > 1 else float("nan")
            low, high = mean_interval(value, spread, len(seen))
            low, high = max(low, bounds[0]), min(high, bounds[1])
            position = float((edges[i] + edges[i + 1]) / 2)
            rows.append((of, expression, position, value, low, high, len(seen)))
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def _check(sessions: Sequence[SessionFrames], align: str, step: float) -> None:
    if align not in ALIGNMENTS:
        raise ReportError(f"align: wanted one of {', '.join(ALIGNMENTS)}. Received: {align!r}")
    if not 0 < step < float("inf"):
        raise ReportError(f"step: wanted a number above 0. Received: {step}")
    photos = [session.name for session in sessions if session.kind is SessionKind.PHOTOS]
    if photos:
        raise ReportError(f"Photos have no time to draw a curve over: {', '.join(photos)}.")


def _axis_origin(session: SessionFrames, align: str, marker: str) -> tuple[float, float] | None:
    """(second at which the axis is 0, seconds of one step of 1), or None without the marker."""
    begin, end = session.view.window
    if align == "percent":
        return begin, (end - begin) / 100
    if align == "time":
        return begin, 1.0
    found = [m.start_s for m in session.markers if m.text.strip() == marker.strip()]
    return (min(found), 1.0) if found else None


def _edges(
    sessions: Sequence[SessionFrames], align: str, step: float, before_s: float, after_s: float
) -> Float64Array:
    lengths = [s.view.window[1] - s.view.window[0] for s in sessions]
    low, high = {
        "percent": (0.0, 100.0),
        "time": (0.0, max(lengths, default=0.0)),
        "marker": (-before_s, after_s),
    }[align]
    n = max(1, round(np.ceil((high - low) / step - 1e-9)))
    if n > _MOST_POINTS:
        raise ReportError(
            f"step: wanted at most {_MOST_POINTS:,} steps. Received: {n:,} of {step:g}. "
            "Take a larger step."
        )
    edges = low + step * np.arange(n + 1)
    if align == "percent":
        edges[-1] = high
    return edges


def _means(session: SessionFrames, person: int, at_s: Float64Array) -> dict[str, Float64Array]:
    """{expression: (len(at_s) - 1,) time-weighted means}, NaN where the person is not seen."""
    view = session.view
    frames = view.frames
    rows = frames[((frames["person_id"] == person) & frames["counts"]).to_numpy(np.bool_)]
    starts, ends = rows["start_s"].to_numpy(np.float64), rows["end_s"].to_numpy(np.float64)
    weights = rows["seconds"].to_numpy(np.float64)
    scores = rows[[f"smoothed_{n}" for n in view.label_set.names]].to_numpy(np.float64)
    # The integral is a straight line within a row's span and level between spans, so that its
    # values at the edges give the exact mean of what lies between them.
    knots = np.stack([starts, ends], axis=1).ravel()
    sums = np.zeros((2 * len(rows), 1 + scores.shape[1]))
    sums[1::2] = np.cumsum(weights[:, None] * np.c_[np.ones(len(rows)), scores], axis=0)
    sums[2::2] = sums[1:-1:2]
    at_edges = [np.interp(at_s, knots, column) for column in sums.T]
    seen, *weighed = (np.diff(column) for column in at_edges)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = [np.where(seen > 1e-9, part / seen, np.nan) for part in weighed]
    return dict(zip(view.label_set.names, means, strict=True))


def _mean_of(curves: Sequence[Float64Array]) -> Float64Array:
    """Of one person's curves, step by step, over those that have one there."""
    table = np.stack(curves)
    known = np.isfinite(table)
    n = known.sum(axis=0)
    total = np.where(known, table, 0.0).sum(axis=0)
    mean: Float64Array = np.where(n > 0, total / np.maximum(n, 1), np.nan)
    return mean
