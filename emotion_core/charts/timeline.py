"""Scores over time."""

import copy
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np

from emotion_core.charts.theme import TEXT_COLOUR, Chart, emotion_colour, themed, word_axis
from emotion_core.emotions import Emotion
from emotion_core.types import Float32Array

#: Height of a face's band in a timeline, of 1; the rest keeps the bands apart.
_BAND = 0.86
# A face that was away for longer has a gap in its band.
_GAP_S = 1.6


#: Name of the rows in the specification of a live timeline.
ROWS = "moments"

#: (time in seconds, {face number: scores of all emotions}), oldest first.
Moments = Sequence[tuple[float, Mapping[int, Sequence[float] | Float32Array]]]


def timeline_chart(
    moments: Moments,
    names: Sequence[str],
    *,
    span_s: float,
    ends_now: bool = True,
    markers: Sequence[tuple[float, str]] = (),
    height: int = 200,
    gap_s: float = _GAP_S,
    face_names: Mapping[int, str] | None = None,
    legend: bool = False,
) -> Chart:
    """Scores over time: one band per face, in which the expressions share the height.

    The axes stay the same while time goes on, so that a chart that is redrawn does not jump.

    Args:
        moments: a face may come and go; its band then has gaps. Scores are in the order of
            ``names``.
        names: emotions.
        span_s: seconds that the axis covers.
        ends_now: the axis ends with the newest moment and counts seconds back from it; otherwise
            it begins at 0.
        markers: (time in seconds, note) of moments to mark.
        height: in pixels, whatever the number of faces.
        gap_s: a face that was away for longer has a gap in its band.
        face_names: what the faces are called, by number; they then stand beside their bands.
        legend: whether the chart itself says which colour is which expression.

    Raises:
        ValueError: an unknown emotion, or scores of another number than ``names``.
    """
    newest = moments[-1][0] if moments and ends_now else 0.0
    rows = _bands(moments, names, newest, gap_s)
    domain = (-span_s, 0.0) if ends_now else (0.0, span_s)
    faces = _faces(moments)
    called = {face: f"Face {face}" for face in faces} if ends_now else {}
    chart = _chart(rows, names, faces, domain, face_names or called, ends_now=ends_now)
    if legend:
        chart.layer[0].encoding.color.legend = alt.Legend(orient="bottom", title=None, columns=0)
    if markers:
        values = [{"time_s": time_s - newest, "note": note or "marked"} for time_s, note in markers]
        rules = alt.Chart(alt.InlineData(values=values)).mark_rule(
            color=TEXT_COLOUR, strokeDash=[4, 3]
        )
        tooltip = [alt.Tooltip("note:N", title="Marker")]
        chart.layer.append(rules.encode(x=_time(domain, ends_now=ends_now), tooltip=tooltip))
    return themed(chart, height=height)


def live_timeline(
    moments: Moments, names: Sequence[str], *, span_s: float, height: int = 200
) -> dict[str, Any]:
    """The same chart as a Vega-Lite specification, for a page that draws it every second.

    To build and check a chart takes 50 ms in which nothing else can run, and live video would
    stand still for as long. Only the rows are made anew here, in 2 ms.

    Args:
        moments: as for `timeline_chart`.
        names: emotions.
        span_s: seconds that the axis covers; it ends with the newest moment.
        height: in pixels.

    Returns:
        A specification whose one data set, `ROWS`, is a table.

    Raises:
        ValueError: an unknown emotion, or scores of another number than ``names``.
    """
    newest = moments[-1][0] if moments else 0.0
    rows = _bands(moments, names, newest, _GAP_S)
    frame = _live_frame(tuple(names), _faces(moments), span_s, height)
    return {**copy.deepcopy(frame), "datasets": {ROWS: rows}}


@lru_cache(maxsize=32)
def _live_frame(
    names: tuple[str, ...], faces: tuple[int, ...], span_s: float, height: int
) -> dict[str, Any]:
    rows = alt.NamedData(name=ROWS)
    called = {face: f"Face {face}" for face in faces}
    domain = (-span_s, 0.0)
    chart = themed(_chart(rows, names, faces, domain, called, ends_now=True), height=height)
    frame: dict[str, Any] = chart.to_dict()
    return frame


def _chart(
    rows: Any,
    names: Sequence[str],
    faces: Sequence[int],
    domain: tuple[float, float],
    face_names: Mapping[int, str],
    *,
    ends_now: bool,
) -> alt.LayerChart:
    words = {str(-band): face_names.get(face, "") for band, face in enumerate(faces)}
    face_axis = word_axis(
        values=[-band for band in range(len(faces))],
        labelExpr=f"({json.dumps(words)})[datum.value] || ''",
    )
    bottom = 0.5 - max(1, len(faces))
    y = alt.Y(
        "low:Q", title=None, axis=face_axis if faces and face_names else None,
        scale=alt.Scale(domain=[bottom, 0.5], nice=False, zero=False),
    )  # fmt: skip
    areas = (
        alt.Chart(rows)
        .mark_area(interpolate="linear", line=False)
        .encode(
            x=_time(domain, ends_now=ends_now),
            y=y,
            y2="high:Q",
            color=emotion_colour(names, "color"),
            detail=["part:N"],
            tooltip=[
                alt.Tooltip("emotion:N", title="Expression"),
                alt.Tooltip("share:Q", title="Probability", format=".0%"),
                alt.Tooltip("face:N", title="Face"),
            ],
        )
    )
    return alt.LayerChart(layer=[areas])


def _time(domain: tuple[float, float], *, ends_now: bool) -> alt.X:
    axis = alt.Axis(
        title="Seconds ago" if ends_now else "Seconds",
        grid=False, domain=False, tickSize=3, tickCount=6, labelFontSize=11, titleFontSize=11,
        labelExpr="format(abs(datum.value), 'd')",
    )  # fmt: skip
    return alt.X("time_s:Q", scale=alt.Scale(domain=list(domain), clamp=True), axis=axis)


def _faces(moments: Moments) -> tuple[int, ...]:
    return tuple(sorted({face for _, scores in moments for face in scores}))


def _bands(moments: Moments, names: Sequence[str], newest_s: float, gap_s: float) -> Any:
    """A table of areas: from ``low`` to ``high``, face after face from the top downwards."""
    import pandas as pd

    band = {face: place for place, face in enumerate(_faces(moments))}
    times, faces, parts, shares = [], [], [], []
    seen: dict[int, float] = {}
    part: dict[int, int] = {}
    for time_s, scores in moments:
        for face, row in scores.items():
            if len(row) != len(names):
                raise ValueError(f"scores: wanted {len(names)} per face. Received: {len(row)}")
            if face not in seen or time_s - seen[face] > gap_s:
                part[face] = part.get(face, 0) + 1
            seen[face] = time_s
            times.append(time_s - newest_s)
            faces.append(face)
            parts.append(f"{face}.{part[face]}")
            shares.append(row)
    table = np.array(shares, np.float64).reshape(len(times), len(names))
    edges = np.cumsum(np.pad(table, ((0, 0), (1, 0))), axis=1) * _BAND
    edges += np.array([[-band[face] - _BAND / 2] for face in faces]).reshape(-1, 1)
    edges = edges.round(4)
    each = len(names)
    return pd.DataFrame(
        {
            "time_s": np.repeat(np.round(times, 2), each),
            "low": edges[:, :-1].ravel(),
            "high": edges[:, 1:].ravel(),
            "share": table.round(4).ravel(),
            "emotion": [Emotion(name).value for name in names] * len(times),
            "face": np.repeat(np.array(faces, np.int64), each),
            "part": np.repeat(np.array(parts, object), each),
        }
    )
