"""How good a model is: along thresholds, under corrupted pictures, beside another model."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from emotion_core.charts.theme import (
    TEXT_COLOUR,
    TRACK_COLOUR,
    Chart,
    emotion_colour,
    themed,
    word_axis,
)
from emotion_core.emotions import Emotion

#: Two models beside each other. Source: Paul Tol, "Colour schemes"
#: (https://sronpersonalpages.nl/~pault/), the "bright" scheme, safe for the colour-blind.
MODEL_COLOURS = ("#4477AA", "#EE6677")

_HEIGHT_PX = 280
_SMALL_HEIGHT_PX = 170
#: More points than a curve of this width can show.
_MAX_POINTS = 160


def precision_recall_chart(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float], float]],
) -> Chart:
    """Precision against recall of each emotion against all others.

    Args:
        curves: {emotion: (precision, recall, average precision)}, recall rising.

    Raises:
        ValueError: an unknown emotion, or curves of unequal length.
    """
    rows = []
    for name, (precision, recall, area) in curves.items():
        points = list(zip(recall, precision, strict=True))
        # The first points jump: a handful of faces. The chart begins where 1 % is recalled.
        kept = [point for point in points if point[0] >= 0.01] or points
        for x, y in thinned(kept):
            rows.append(
                {
                    "emotion": Emotion(name).value,
                    "recall": round(float(x), 4),
                    "precision": round(float(y), 4),
                    "area": f"{area:.2f}",
                }
            )
    names = list(curves)
    colour = emotion_colour(names, "color")
    colour.legend = alt.Legend(title=None, orient="bottom", columns=4, symbolType="stroke")
    lines = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(strokeWidth=2, interpolate="step-before")
        .encode(
            x=alt.X("recall:Q", title="Recall", scale=_unit(), axis=_share_axis()),
            y=alt.Y("precision:Q", title="Precision", scale=_unit(), axis=_share_axis()),
            color=colour,
            tooltip=[
                alt.Tooltip("emotion:N", title="Expression"),
                alt.Tooltip("recall:Q", title="Recall", format=".0%"),
                alt.Tooltip("precision:Q", title="Precision", format=".0%"),
                alt.Tooltip("area:N", title="Average precision"),
            ],
        )
    )
    return themed(alt.LayerChart(layer=[lines]), height=_HEIGHT_PX + 60)


def reliability_chart(bins: Sequence[Mapping[str, float]]) -> Chart:
    """How often predictions of each confidence are right, beside the diagonal where both agree.

    Args:
        bins: dicts with confidence, accuracy, ci_low, ci_high, n, low, high.
    """
    most = max((row["n"] for row in bins), default=1)
    rows = [{**row, "weight": row["n"] / most} for row in bins]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("confidence:Q", title="Confidence", scale=_unit(), axis=_share_axis()),
        tooltip=[
            alt.Tooltip("confidence:Q", title="Mean confidence", format=".1%"),
            alt.Tooltip("accuracy:Q", title="Right", format=".1%"),
            alt.Tooltip("n:Q", title="Faces", format=","),
        ],
    )
    accuracy = alt.Y("accuracy:Q", title="Correct predictions", scale=_unit(), axis=_share_axis())
    colour = MODEL_COLOURS[0]
    layers = [
        _diagonal(),
        base.mark_rule(color=colour, strokeWidth=2, opacity=0.45).encode(
            y=alt.Y("ci_low:Q", scale=_unit()), y2="ci_high:Q"
        ),
        base.mark_line(color=colour, strokeWidth=1.5, opacity=0.6).encode(y=accuracy),
        base.mark_circle(color=colour, opacity=1).encode(
            y=accuracy,
            size=alt.Size("weight:Q", scale=alt.Scale(domain=[0, 1], range=[20, 220]), legend=None),
        ),
    ]
    return themed(alt.LayerChart(layer=layers), height=_HEIGHT_PX)


def coverage_chart(curve: Sequence[Mapping[str, float]], threshold: float) -> Chart:
    """Accuracy among the faces that get a confident prediction, against their share.

    Args:
        curve: dicts with threshold, coverage, accuracy, ci_low, ci_high, n.
        threshold: the one in use; its point is marked.
    """
    rows = [dict(row) for row in curve]
    low = min((row["ci_low"] for row in rows), default=0.0)
    floor = max(0.0, int(low * 10) / 10)
    scale = alt.Scale(domain=[floor, 1], nice=False)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "coverage:Q",
            title="Faces with a confident prediction",
            scale=_unit(),
            axis=_share_axis(),
        ),
        tooltip=_COVERAGE_TOOLTIP,
    )
    accuracy = alt.Y("accuracy:Q", title="Correct predictions", scale=scale, axis=_share_axis())
    colour = MODEL_COLOURS[0]
    layers = [
        base.mark_area(color=colour, opacity=0.15).encode(
            y=alt.Y("ci_low:Q", scale=scale), y2="ci_high:Q"
        ),
        base.mark_line(color=colour, strokeWidth=2).encode(y=accuracy),
    ]
    if rows:
        at = min(rows, key=lambda row: abs(row["threshold"] - threshold))
        here = alt.Chart(alt.InlineData(values=[{**at, "words": f"{threshold:.0%}"}])).encode(
            x="coverage:Q", y=accuracy, tooltip=_COVERAGE_TOOLTIP
        )
        layers += [
            here.mark_point(color=MODEL_COLOURS[1], size=110, filled=True, opacity=1),
            here.mark_text(color=TEXT_COLOUR, align="left", dx=9, dy=-9, fontSize=12).encode(
                text=alt.value(f"uncertain below {threshold:.0%}")
            ),
        ]
    return themed(alt.LayerChart(layer=layers), height=_HEIGHT_PX)


def robustness_chart(
    curves: Mapping[str, Sequence[Mapping[str, float]]],
    unit: str,
    *,
    reverse: bool = False,
    clean_level: float | None = None,
) -> Chart:
    """Accuracy as pictures get worse, one line per model.

    Args:
        curves: {model: dicts with level, accuracy, ci_low, ci_high, n}.
        unit: what the levels count.
        reverse: whether small levels are the worst and stand at the right.
        clean_level: level of the pictures themselves; marked by a rule.
    """
    names = list(curves)
    rows = [{"model": name, **row} for name, curve in curves.items() for row in curve]
    colour = alt.Color(
        "model:N", scale=alt.Scale(domain=names, range=list(MODEL_COLOURS)), legend=None
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "level:Q",
            title=unit,
            scale=alt.Scale(zero=False, reverse=reverse, nice=False, padding=6),
            axis=_number_axis(),
        ),
        color=colour,
        tooltip=[
            alt.Tooltip("model:N", title="Model"),
            alt.Tooltip("level:Q", title=unit),
            alt.Tooltip("accuracy:Q", title="Right", format=".1%"),
            alt.Tooltip("n:Q", title="Faces", format=","),
        ],
    )
    accuracy = alt.Y("accuracy:Q", title=None, scale=_unit(), axis=_share_axis())
    layers = [
        base.mark_area(opacity=0.15).encode(y=alt.Y("ci_low:Q", scale=_unit()), y2="ci_high:Q"),
        base.mark_line(strokeWidth=2).encode(y=accuracy, strokeDash=_model_dash(names)),
        base.mark_circle(size=36, opacity=1).encode(y=accuracy),
    ]
    if clean_level is not None:
        clean = alt.Chart(alt.InlineData(values=[{"level": clean_level}]))
        layers.insert(
            0,
            clean.mark_rule(color=TRACK_COLOUR, strokeDash=[2, 3], aria=False).encode(x="level:Q"),
        )
    return themed(alt.LayerChart(layer=layers), height=_SMALL_HEIGHT_PX)


def recall_change_chart(
    first: Mapping[str, float], second: Mapping[str, float], names: tuple[str, str]
) -> Chart:
    """Recall of each emotion by two models: a filled dot for the first, a ring for the second.

    Args:
        first: {emotion: recall} of the first model.
        second: the same of the second.
        names: the models' names.

    Raises:
        ValueError: an unknown emotion.
    """
    rows = [
        {
            "emotion": Emotion(name).value,
            "first": first[name],
            "second": second[name],
            "change": f"{100 * (second[name] - first[name]):+.1f} points",
        }
        for name in first
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("emotion:N", sort=list(first), title=None, axis=word_axis()),
        tooltip=[
            alt.Tooltip("emotion:N", title="Expression"),
            alt.Tooltip("first:Q", title=names[0], format=".1%"),
            alt.Tooltip("second:Q", title=names[1], format=".1%"),
            alt.Tooltip("change:N", title="Change"),
        ],
    )
    x = alt.X("first:Q", title="Recognised", scale=_unit(), axis=_share_axis())
    layers = [
        base.mark_rule(color=TRACK_COLOUR, strokeWidth=2).encode(x=x, x2="second:Q"),
        base.mark_point(color=MODEL_COLOURS[0], filled=True, size=90, opacity=1).encode(x=x),
        base.mark_point(color=MODEL_COLOURS[1], strokeWidth=2, size=90, opacity=1).encode(
            x="second:Q"
        ),
    ]
    return themed(alt.LayerChart(layer=layers), height=34 * len(rows) + 40)


def confidence_chart(conditions: Mapping[str, tuple[float, float]]) -> Chart:
    """How right and how sure a model is under each condition: a filled dot and a ring.

    Args:
        conditions: {condition: (accuracy, mean confidence)}.
    """
    rows = [
        {
            "condition": name,
            "accuracy": accuracy,
            "confidence": confidence,
            "gap": f"{100 * (confidence - accuracy):+.1f} points",
        }
        for name, (accuracy, confidence) in conditions.items()
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("condition:N", sort=list(conditions), title=None, axis=word_axis()),
        tooltip=[
            alt.Tooltip("condition:N", title="Condition"),
            alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
            alt.Tooltip("confidence:Q", title="Mean confidence", format=".1%"),
            alt.Tooltip("gap:N", title="Confidence above accuracy"),
        ],
    )
    x = alt.X("accuracy:Q", title=None, scale=_unit(), axis=_share_axis())
    layers = [
        base.mark_rule(color=TRACK_COLOUR, strokeWidth=2).encode(x=x, x2="confidence:Q"),
        base.mark_point(color=MODEL_COLOURS[0], filled=True, size=90, opacity=1).encode(x=x),
        base.mark_point(color=MODEL_COLOURS[1], strokeWidth=2, size=90, opacity=1).encode(
            x="confidence:Q"
        ),
    ]
    return themed(alt.LayerChart(layer=layers), height=34 * len(rows) + 40)


_COVERAGE_TOOLTIP = [
    alt.Tooltip("threshold:Q", title="Uncertain below", format=".0%"),
    alt.Tooltip("coverage:Q", title="Faces with a confident prediction", format=".1%"),
    alt.Tooltip("accuracy:Q", title="Accuracy among them", format=".1%"),
    alt.Tooltip("n:Q", title="Faces", format=","),
]


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most 160 of the points, the ends among them."""
    if len(points) <= _MAX_POINTS:
        return points
    step = (len(points) - 1) / (_MAX_POINTS - 1)
    return [points[round(i * step)] for i in range(_MAX_POINTS)]


def _diagonal() -> Any:
    ends = alt.InlineData(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}])
    line = alt.Chart(ends).mark_line(color=TRACK_COLOUR, strokeDash=[4, 4], aria=False)
    return line.encode(x=alt.X("x:Q", scale=_unit()), y=alt.Y("y:Q", scale=_unit()))


def _model_dash(names: Sequence[str]) -> Any:
    scale = alt.Scale(domain=list(names), range=[[1, 0], [5, 3]])
    return alt.StrokeDash("model:N", scale=scale, legend=None)


def _unit() -> alt.Scale:
    return alt.Scale(domain=[0, 1], nice=False)


def _share_axis() -> alt.Axis:
    return _number_axis(format=".0%", tickCount=5)


def _number_axis(**options: Any) -> alt.Axis:
    look = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    look |= {"gridOpacity": 0.5, "domain": False, "ticks": False, "labelPadding": 6}
    return alt.Axis(**{**look, **options})
