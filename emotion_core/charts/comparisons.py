"""Charts of conditions: their figures, their differences, and their curves over each other.

Conditions are no emotions, so they have colours of their own, and shapes or dashes beside these.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import altair as alt

from emotion_core.charts.sessions import UNCERTAIN
from emotion_core.charts.theme import BAR_STEP_PX, TEXT_COLOUR, Chart, themed, word_axis
from emotion_core.emotions import Emotion

if TYPE_CHECKING:
    import pandas as pd

#: Colours of conditions. Source: Paul Tol, "Colour schemes", bright.
CONDITION_COLOURS = ("#4477AA", "#EE6677", "#228833", "#AA3377", "#66CCEE", "#CCBB44")
#: Below this a corrected p is commonly taken for more than chance.
CONVINCING = 0.05
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
_DASHES: tuple[list[int], ...] = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2], [4, 4], [1, 3])
_CURVE_PX, _WORDS_PX = 110, 34
_CONDITION_STEP_PX = 13
_MINUS = "replace(format(datum.value * 100, '.3~r'), '-', '−')"
_LONGEST_NAME = 28


#: What the words around rows take; a page draws these into the height of a chart.
AXES_PX = {"values": 92, "differences": 80}


def values_chart(
    values: "pd.DataFrame", states: Sequence[str], conditions: Sequence[str], *, title: str,
    percent: bool = False, words: tuple[str, str, str] = ("Condition", "Expression", "People"),
) -> Chart:  # fmt: skip
    """The figure of each condition for each expression, with its 95 % interval.

    Args:
        values: of ``condition_values``.
        states: the rows, in order.
        conditions: in order.
        title: of the axis.
        percent: whether the figures are shares.
        words: what conditions, rows and the column ``people`` are.
    """
    rows = _records(values[values["expression"].isin(list(states))])
    colour, shape = _conditions(conditions)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("expression:N", sort=list(states), title=None, axis=word_axis(labelLimit=230)),
        yOffset=alt.YOffset("condition:N", sort=list(conditions)),
        color=colour,
        tooltip=[
            alt.Tooltip("condition:N", title=words[0]),
            alt.Tooltip("expression:N", title=words[1]),
            alt.Tooltip("value:Q", title=title, format=".1%" if percent else ".3f"),
            alt.Tooltip("low:Q", title="95 % from", format=".1%" if percent else ".3f"),
            alt.Tooltip("high:Q", title="to", format=".1%" if percent else ".3f"),
            alt.Tooltip("people:Q", title=words[2]),
        ],
    )
    spans = base.mark_rule(strokeWidth=2, opacity=0.7).encode(
        x=alt.X("low:Q", title=title, axis=_axis(percent=percent, unit=" %")), x2="high:Q"
    )
    dots = base.mark_point(size=55, filled=True, opacity=1).encode(x="value:Q", shape=shape)
    step = max(BAR_STEP_PX, 8 + _CONDITION_STEP_PX * len(conditions))
    return themed(alt.LayerChart(layer=[spans, dots]), height=step * max(1, len(states)))


def differences_chart(
    pairs: "pd.DataFrame", names: Sequence[str], *, title: str, percent: bool = False
) -> Chart:
    """Differences with their 95 % intervals: a row per expression, a dot per pair of conditions.

    A filled dot stands for a corrected p below ``CONVINCING``; effect and p stand behind the rows.

    Args:
        pairs: ``ConditionComparison.pairs``.
        names: the expressions, in order.
        title: of what differs.
        percent: whether these are shares.
    """
    sides = pairs[["a", "b"]].drop_duplicates()
    several = len(sides) > 1
    every: Any = pairs[pairs["difference"].notna()].itertuples()
    rows = [
        {
            "row": f"{row.expression}: {_cut(row.b)} − {_cut(row.a)}" if several
            else row.expression,
            "difference": float(row.difference), "low": _or_none(row.low),
            "high": _or_none(row.high), "emotion": row.expression,
            "convincing": bool(row.p_holm < CONVINCING), "words": _behind(row),
            "effect": _or_none(row.effect), "p": _or_none(row.p_holm),
            "pair": f"{row.b} minus {row.a}",
        }
        for row in every
    ]  # fmt: skip
    order = list(dict.fromkeys(row["row"] for row in rows))
    states = [*names, UNCERTAIN]
    colours = [TEXT_COLOUR if s == UNCERTAIN else Emotion(s).colour for s in states]
    colour = alt.Scale(domain=states, range=colours)
    number, unit = ("+.1%", ", points") if percent else ("+.3f", "")
    title += unit
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        color=alt.Color("emotion:N", scale=colour, legend=None),
        tooltip=[
            alt.Tooltip("pair:N", title="Difference of"),
            alt.Tooltip("emotion:N", title="Expression"),
            alt.Tooltip("difference:Q", title="Difference", format=number),
            alt.Tooltip("low:Q", title="95 % from", format=number),
            alt.Tooltip("high:Q", title="to", format=number),
            alt.Tooltip("effect:Q", title="Hedges' g", format="+.2f"),
            alt.Tooltip("p:Q", title="p, corrected", format=".3f"),
        ],
    )
    left = alt.Y("row:N", sort=order, title=None, axis=word_axis(labelLimit=260))
    words = json.dumps({row["row"]: row["words"] for row in rows})
    right = word_axis(orient="right", labelExpr=f"({words})[datum.value]", labelLimit=200)
    heading: Any = title if several else _sides(title, sides)
    x = alt.X("difference:Q", title=heading, axis=_axis(percent=percent))
    zero = (
        alt.Chart(alt.InlineData(values=[{"zero": 0}]))
        .mark_rule(color=TEXT_COLOUR, strokeDash=[4, 3])
        .encode(x=alt.X("zero:Q", title=heading, axis=_axis(percent=percent)))
    )
    spans = base.mark_rule(strokeWidth=2.5).encode(
        y=left, x=alt.X("low:Q", title=heading, axis=_axis(percent=percent)), x2="high:Q"
    )
    dots = base.mark_point(size=75, strokeWidth=2.2, opacity=1).encode(
        y=alt.Y("row:N", sort=order, title=None, axis=right),
        x=x,
        fill=alt.when("datum.convincing").then(
            alt.Fill("emotion:N", scale=colour, legend=None)
        ).otherwise(alt.value("transparent")),
    )  # fmt: skip
    chart = alt.LayerChart(layer=[zero, spans, dots]).resolve_axis(y="independent")
    return themed(chart, height=BAR_STEP_PX * max(1, len(order)))


def condition_curves_chart(
    curves: "pd.DataFrame", names: Sequence[str], *, title: str
) -> alt.VConcatChart:
    """Mean scores of conditions over each other: a chart per expression, a line per condition.

    Args:
        curves: of ``aligned_curves``.
        names: the expressions to draw, in order.
        title: of the common axis.
    """
    parts = [
        _curve(curves, name, title, legend=name == names[0], last=name == names[-1]).properties(
            height=_CURVE_PX, title=alt.TitleParams(name, anchor="start", fontSize=12)
        )
        for name in names
    ]
    stacked: alt.VConcatChart = (
        alt.vconcat(*parts, spacing=12)
        .configure_view(stroke=None)
        .properties(background="transparent")
    )
    return stacked


def condition_curve_chart(
    curves: "pd.DataFrame", name: str, *, title: str, legend: bool = True
) -> Chart:
    """The curves of one expression, as wide as where it is shown.

    Args:
        curves: of ``aligned_curves``.
        name: of the expression.
        title: of the axis; empty for an axis without words, above another chart.
        legend: whether it says which condition is which.
    """
    chart = _curve(curves, name, title, legend=legend, last=bool(title))
    return themed(chart, height=_CURVE_PX + 40 * legend + 45 * bool(title))


def _curve(
    curves: "pd.DataFrame", name: str, title: str, *, legend: bool, last: bool
) -> alt.LayerChart:
    conditions = list(dict.fromkeys(curves["condition"]))
    colour, _ = _conditions(conditions, lines=True, legend=legend)
    dash = alt.StrokeDash(
        "condition:N",
        scale=alt.Scale(domain=conditions, range=_cycled(_DASHES, len(conditions))),
        legend=None,
    )
    low, high = float(curves["position"].min()), float(curves["position"].max())
    values = _records(_parted(curves[curves["expression"] == name]))
    axis = alt.Axis(
        title=title if last else None, labels=last, ticks=last, grid=False, tickCount=10
    )
    x = alt.X("position:Q", scale=alt.Scale(domain=[low, high], nice=False), axis=axis)
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=x,
        color=colour,
        detail="part:N",
        tooltip=[
            alt.Tooltip("condition:N", title="Condition"),
            alt.Tooltip("position:Q", title=title or "Position", format=".4~g"),
            alt.Tooltip("value:Q", title=f"Mean score, {name}", format=".2f"),
            alt.Tooltip("people:Q", title="People"),
        ],
    )
    # One width of the words for all, so that charts below each other have one axis.
    words = alt.Axis(tickCount=4, domain=False, minExtent=_WORDS_PX, maxExtent=_WORDS_PX)
    y = alt.Y("value:Q", title=None, axis=words)
    band = base.mark_area(opacity=0.16, clip=True).encode(
        y=alt.Y("low:Q", title=None, axis=words), y2="high:Q"
    )
    line = base.mark_line(strokeWidth=1.8).encode(y=y, strokeDash=dash)
    layers: list[Any] = [band, line]
    if low < 0 < high:
        zero = alt.Chart(alt.InlineData(values=[{"position": 0}]))
        layers.append(zero.mark_rule(color=TEXT_COLOUR, strokeDash=[4, 3]).encode(x=x))
    return alt.LayerChart(layer=layers)


def _conditions(
    conditions: Sequence[str], *, lines: bool = False, legend: bool = True
) -> tuple[alt.Color, alt.Shape]:
    n = len(conditions)
    domain = list(conditions)
    look: dict[str, Any] = {"symbolType": "stroke", "symbolStrokeWidth": 3} if lines else {}
    # One legend for both, because they have one field and one domain.
    words = (
        alt.Legend(orient="top", title=None, columns=0, labelLimit=260, symbolOpacity=1, **look)
        if legend
        else None
    )
    return (
        alt.Color(
            "condition:N", sort=domain, legend=words,
            scale=alt.Scale(domain=domain, range=_cycled(CONDITION_COLOURS, n)),
        ),
        alt.Shape(
            "condition:N", sort=domain, legend=words,
            scale=alt.Scale(domain=domain, range=_cycled(_SHAPES, n)),
        ),
    )  # fmt: skip


def _parted(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Where a condition has no value for some steps, its line has a gap."""
    steps = rows.groupby("condition", sort=False)["position"].diff()
    usual = float(steps.median()) if steps.notna().any() else 0.0
    part = (steps > 1.5 * usual).groupby(rows["condition"], sort=False).cumsum()
    return rows.assign(part=rows["condition"].astype(str) + "." + part.astype(str))


def _behind(row: Any) -> str:
    """What stands behind a difference: ``"g +0.44 · p 0.031"``; nothing without a test."""
    effect = "" if row.effect != row.effect else f"g {row.effect:+.2f}".replace("-", "−")
    p = "" if row.p_holm != row.p_holm else f"p {_p(row.p_holm)}"
    return " · ".join(filter(None, (effect, p)))


def _p(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _sides(title: str, sides: "pd.DataFrame") -> list[str]:
    a, b = (_cut(str(sides.iloc[0][side])) for side in "ab")
    return [title, f"← more in {a}\u2003\u2003more in {b} →"]


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _axis(*, percent: bool, unit: str = "") -> alt.Axis:
    look: dict[str, Any] = {"domain": False, "tickCount": 7}
    if percent:
        look["labelExpr"] = f"{_MINUS} + '{unit}'"
    return alt.Axis(**look)


def _records(table: "pd.DataFrame") -> Any:
    return table.astype(object).where(table.notna(), None).to_dict("records")


def _cycled(values: Sequence[Any], n: int) -> list[Any]:
    return [values[i % len(values)] for i in range(n)]


def _or_none(value: float) -> float | None:
    return None if value != value else float(value)
