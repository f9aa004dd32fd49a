"""Charts of stored sessions: shares of time, scores over time, conditions compared."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import altair as alt

from emotion_core.charts.theme import BAR_STEP_PX, TEXT_COLOUR, Chart, themed, word_axis
from emotion_core.emotions import Emotion
from emotion_core.wording import percent

if TYPE_CHECKING:
    import pandas as pd

#: Time in which a face was there and its expression was not clear.
UNCERTAIN = "uncertain"
# Lighter than neutral, which is grey itself.
_UNCERTAIN_COLOUR = "#D5D8DC"
# A segment of at least so much has room for its word.
_WORD_FROM = 0.11
_NUMBER_FROM = 0.045
_AREA_PX, _LINES_PX = 76, 110
#: Colours of conditions, which are no emotions. Source: Paul Tol, "Colour schemes", bright.
_CONDITIONS = ("#4477AA", "#EE6677", "#228833", "#AA3377", "#66CCEE", "#CCBB44")
_DASHES: tuple[list[int], ...] = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2], [4, 4], [1, 3])


def share_stack_chart(shares: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> Chart:
    """A bar from 0 to 100 % per person, divided by expression.

    Args:
        shares: {person: {expression or "uncertain": share}}.
        names: the expressions, in order.
    """
    states = [*names, UNCERTAIN]
    rows = []
    for person, of_person in shares.items():
        low = 0.0
        for state in states:
            share = of_person.get(state, 0.0)
            wide = share >= _WORD_FROM
            words = f"{state} {percent(share)}" if wide else percent(share)
            rows.append({
                "person": person, "state": state, "low": low, "high": low + share, "share": share,
                "middle": low + share / 2, "words": words if share >= _NUMBER_FROM else "",
            })  # fmt: skip
            low += share
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("person:N", sort=list(shares), title=None, axis=word_axis(labelLimit=160))
    )
    axis = _percents(title=None, tickCount=5)
    bars = base.mark_bar(stroke="#FFFFFF", strokeWidth=0.7).encode(
        x=alt.X("low:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=axis),
        x2="high:Q",
        color=_states(states, legend=True),
        tooltip=[
            alt.Tooltip("person:N", title="Person"),
            alt.Tooltip("state:N", title="Expression"),
            alt.Tooltip("share:Q", title="Share of time", format=".1%"),
        ],
    )
    dark = [state for state in states if state in ("sad", "neutral", "angry", "disgust")]
    numbers = base.mark_text(fontSize=11, aria=False).encode(
        x="middle:Q",
        text="words:N",
        color=alt.when(alt.FieldOneOfPredicate("state", dark))
        .then(alt.value("#FFFFFF"))
        .otherwise(alt.value("#23272E")),
    )
    height = BAR_STEP_PX * 1.4 * max(1, len(shares))
    return themed(alt.LayerChart(layer=[bars, numbers]), height=height)


def score_areas_chart(
    curves: "pd.DataFrame",
    names: Sequence[str],
    *,
    step: float,
    markers: Sequence[tuple[float, str]] = (),
    title: str = "Seconds",
) -> alt.VConcatChart:
    """Mean scores over time: an area per person, in which the expressions share the height.

    Args:
        curves: of ``aligned_curves``; ``condition`` is the person.
        names: the expressions, in order.
        step: of the axis.
        markers: (position, text) to mark; they are numbered from 1.
        title: of the axis.
    """
    persons = list(dict.fromkeys(curves["condition"]))
    low, high = float(curves["position"].min()), float(curves["position"].max())
    domain = [low - step / 2, high + step / 2]
    parts = []
    for number, person in enumerate(persons):
        last = number == len(persons) - 1
        rows = _areas(curves[curves["condition"] == person], names, step)
        axis = alt.Axis(
            title=title if last else None, labels=last, ticks=last, grid=False, tickCount=8
        )
        x = alt.X("position:Q", scale=alt.Scale(domain=domain, nice=False), axis=axis)
        areas = (
            alt.Chart(alt.InlineData(values=rows))
            .mark_area(interpolate="step")
            .encode(
                x=x,
                y=alt.Y(
                    "low:Q", title=None, scale=alt.Scale(domain=[0, 1], nice=False),
                    axis=_percents(values=[0, 0.5, 1]),
                ),
                y2="high:Q",
                color=_states(list(names), legend=number == 0),
                detail="part:N",
            )
        )  # fmt: skip
        layers: list[Any] = [areas]
        if markers:
            values = [
                {"position": at, "note": str(i)} for i, (at, _) in enumerate(markers, start=1)
            ]
            base = alt.Chart(alt.InlineData(values=values))
            layers.append(base.mark_rule(color="#23272E", strokeDash=[4, 3]).encode(x=x))
            if not number:
                layers.append(
                    base.mark_text(dy=-6, baseline="bottom", fontSize=11, color="#23272E").encode(
                        x=x, y=alt.value(0), text="note:N"
                    )
                )
        head = alt.TitleParams(person, anchor="start", fontSize=12, offset=14 if markers else 4)
        chart: Any = alt.LayerChart(layer=layers).properties(height=_AREA_PX, title=head)
        parts.append(chart)
    return _stacked(parts)


def condition_curves_chart(
    curves: "pd.DataFrame", names: Sequence[str], *, title: str
) -> alt.VConcatChart:
    """Mean scores of conditions over each other: a chart per expression, a line per condition.

    Args:
        curves: of ``aligned_curves``.
        names: the expressions to draw, in order.
        title: of the common axis.
    """
    conditions = list(dict.fromkeys(curves["condition"]))
    colour = alt.Color(
        "condition:N", sort=conditions, title=None,
        scale=alt.Scale(domain=conditions, range=_cycled(_CONDITIONS, len(conditions))),
        legend=alt.Legend(orient="top", symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1),
    )  # fmt: skip
    dash = alt.StrokeDash(
        "condition:N",
        scale=alt.Scale(domain=conditions, range=_cycled(_DASHES, len(conditions))),
        legend=None,
    )
    parts = []
    for number, name in enumerate(names):
        rows = curves[curves["expression"] == name]
        values: Any = rows.astype(object).where(rows.notna(), None).to_dict("records")
        last = number == len(names) - 1
        x = alt.X(
            "position:Q", scale=alt.Scale(nice=False),
            axis=alt.Axis(title=title if last else None, labels=last, ticks=last, grid=False),
        )  # fmt: skip
        base = alt.Chart(alt.InlineData(values=values)).encode(x=x)
        y = alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4, domain=False))
        band = base.mark_area(opacity=0.16, clip=True).encode(
            y=alt.Y("low:Q", title=None), y2="high:Q", color=colour
        )
        line = base.mark_line(strokeWidth=1.8).encode(y=y, color=colour, strokeDash=dash)
        head = alt.TitleParams(name, anchor="start", fontSize=12)
        chart: Any = alt.LayerChart(layer=[band, line]).properties(height=_LINES_PX, title=head)
        parts.append(chart)
    return _stacked(parts)


def differences_chart(pairs: "pd.DataFrame", names: Sequence[str], *, title: str) -> Chart:
    """Differences with their 95 % intervals: a row per expression, a dot per pair of conditions.

    Args:
        pairs: ``ConditionComparison.pairs``.
        names: the expressions, in order.
        title: of the axis.
    """
    several = len(pairs[["a", "b"]].drop_duplicates()) > 1
    every: Any = pairs.itertuples()
    rows = [
        {
            "expression": f"{row.expression}: {row.b} − {row.a}" if several else row.expression,
            "difference": float(row.difference), "low": _or_none(row.low),
            "high": _or_none(row.high), "emotion": row.expression,
        }
        for row in every
        if row.difference == row.difference
    ]  # fmt: skip
    order = list(dict.fromkeys(row["expression"] for row in rows))
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("expression:N", sort=order, title=None, axis=word_axis(labelLimit=260)),
        color=_states([*names, UNCERTAIN], field="emotion", unsure=TEXT_COLOUR),
    )
    x = alt.X("difference:Q", title=title, axis=alt.Axis(domain=False, tickCount=7))
    zero = (
        alt.Chart(alt.InlineData(values=[{"zero": 0}]))
        .mark_rule(color=TEXT_COLOUR, strokeDash=[4, 3])
        .encode(x="zero:Q")
    )
    spans = base.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    dots = base.mark_circle(size=70, opacity=1).encode(x=x)
    return themed(
        alt.LayerChart(layer=[zero, spans, dots]), height=BAR_STEP_PX * max(1, len(order))
    )


def _areas(rows: "pd.DataFrame", names: Sequence[str], step: float) -> list[dict[str, Any]]:
    """Edges of the expressions' areas; where the person is away, a new part begins."""
    table = rows.pivot(index="position", columns="expression", values="value")
    table = table.reindex(columns=list(names)).clip(lower=0)
    found, part, before = [], 0, None
    for position, values in zip(table.index, table.to_numpy(), strict=True):
        part += before is not None and position - before > 1.5 * step
        before, low = position, 0.0
        total = float(values.sum()) or 1.0
        for name, value in zip(names, values, strict=True):
            high = low + float(value) / total
            found.append({
                "position": round(float(position), 4), "state": name, "low": round(low, 4),
                "high": round(high, 4), "part": f"{name}.{part}",
            })  # fmt: skip
            low = high
    return found


def _stacked(parts: list[Any]) -> alt.VConcatChart:
    chart: alt.VConcatChart = (
        alt.vconcat(*parts, spacing=12)
        .configure_view(stroke=None)
        .properties(background="transparent")
    )
    return chart


def _states(
    states: Sequence[str],
    *,
    legend: bool = False,
    field: str = "state",
    unsure: str = _UNCERTAIN_COLOUR,
) -> alt.Color:
    colours = [unsure if s == UNCERTAIN else Emotion(s).colour for s in states]
    words = alt.Legend(orient="top", title=None, columns=8) if legend else None
    scale = alt.Scale(domain=list(states), range=colours)
    return alt.Color(f"{field}:N", scale=scale, legend=words)


def _percents(**options: Any) -> alt.Axis:
    words = "format(datum.value * 100, 'd') + ' %'"
    return alt.Axis(labelExpr=words, domain=False, grid=False, **options)


def _cycled(values: Sequence[Any], n: int) -> list[Any]:
    return [values[i % len(values)] for i in range(n)]


def _or_none(value: float) -> float | None:
    return None if value != value else float(value)
