"""Scores over time."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from emotion_core.charts.theme import TEXT_COLOUR, Chart, emotion_colour, themed, word_axis
from emotion_core.emotions import Emotion

#: Height of a face's band in a timeline, of 1; the rest keeps the bands apart.
_BAND = 0.86


def timeline_chart(
    moments: Sequence[tuple[float, Mapping[int, Sequence[float]]]],
    names: Sequence[str],
    *,
    span_s: float,
    ends_now: bool = True,
    markers: Sequence[tuple[float, str]] = (),
    height: int = 200,
    gap_s: float = 1.6,
) -> Chart:
    """Scores over time: one band per face, in which the expressions share the height.

    The axes stay the same while time goes on, so that a chart that is redrawn does not jump.

    Args:
        moments: (time in seconds, {face number: scores in the order of ``names``}), oldest first.
            A face may come and go; its band then has gaps.
        names: emotions.
        span_s: seconds that the axis covers.
        ends_now: the axis ends with the newest moment and counts seconds back from it; otherwise
            it begins at 0.
        markers: (time in seconds, note) of moments to mark.
        height: in pixels, whatever the number of faces.
        gap_s: a face that was away for longer has a gap in its band.

    Raises:
        ValueError: an unknown emotion, or scores of another number than ``names``.
    """
    newest = moments[-1][0] if moments and ends_now else 0.0
    faces = sorted({face for _, scores in moments for face in scores})
    rows = _bands(moments, [Emotion(name).value for name in names], faces, newest, gap_s)
    domain = [-span_s, 0] if ends_now else [0, span_s]
    time_axis = alt.Axis(
        title="Seconds ago" if ends_now else "Seconds",
        grid=False, domain=False, tickSize=3, tickCount=6, labelFontSize=11, titleFontSize=11,
        labelExpr="format(abs(datum.value), 'd')",
    )  # fmt: skip
    x = alt.X("time_s:Q", scale=alt.Scale(domain=domain, clamp=True), axis=time_axis)
    words = {str(-band): f"Face {face}" for band, face in enumerate(faces)}
    face_axis = word_axis(
        values=[-band for band in range(len(faces))],
        labelExpr=f"({json.dumps(words)})[datum.value] || ''",
    )
    bottom = 0.5 - max(1, len(faces))
    y = alt.Y(
        "low:Q", title=None, axis=face_axis if faces and ends_now else None,
        scale=alt.Scale(domain=[bottom, 0.5], nice=False, zero=False),
    )  # fmt: skip
    areas = (
        alt.Chart(rows)
        .mark_area(interpolate="linear", line=False)
        .encode(
            x=x,
            y=y,
            y2="high:Q",
            color=emotion_colour(names, "color"),
            detail=["part:N"],
            tooltip=[
                alt.Tooltip("emotion:N", title="Expression"),
                alt.Tooltip("share:Q", title="Share", format=".0%"),
                alt.Tooltip("face:N", title="Face"),
            ],
        )
    )
    layers = [areas]
    if markers:
        values = [{"time_s": time_s - newest, "note": note or "marked"} for time_s, note in markers]
        rules = alt.Chart(alt.InlineData(values=values)).mark_rule(
            color=TEXT_COLOUR, strokeDash=[4, 3]
        )
        layers.append(rules.encode(x=x, tooltip=[alt.Tooltip("note:N", title="Marker")]))
    return themed(alt.LayerChart(layer=layers), height=height)


def _bands(
    moments: Sequence[tuple[float, Mapping[int, Sequence[float]]]],
    names: Sequence[str],
    faces: Sequence[int],
    newest_s: float,
    gap_s: float,
) -> Any:
    """A table of areas: from ``low`` to ``high``, face after face from the top downwards."""
    import pandas as pd

    columns: dict[str, list[Any]] = {
        name: [] for name in ("time_s", "low", "high", "share", "emotion", "face", "part")
    }
    seen: dict[int, float] = {}
    parts: dict[int, int] = {}
    for time_s, scores in moments:
        for face, shares in scores.items():
            if len(shares) != len(names):
                raise ValueError(f"scores: wanted {len(names)} per face. Received: {len(shares)}")
            if face not in seen or time_s - seen[face] > gap_s:
                parts[face] = parts.get(face, 0) + 1
            seen[face] = time_s
            low = -faces.index(face) - _BAND / 2
            for name, share in zip(names, shares, strict=True):
                high = low + _BAND * float(share)
                values = (
                    round(time_s - newest_s, 2), round(low, 4), round(high, 4),
                    round(float(share), 4), name, face, f"{face}.{parts[face]}",
                )  # fmt: skip
                for column, value in zip(columns.values(), values, strict=True):
                    column.append(value)
                low = high
    return pd.DataFrame(columns)
