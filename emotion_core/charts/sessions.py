"""Charts of stored sessions: shares of time, and scores over time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import altair as alt

from emotion_core.charts.theme import BAR_STEP_PX, Chart, themed, word_axis
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
_AREA_PX = 76


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
        y=alt.Y("person:N", sort=list(shares), title=None, axis=word_axis(labelLimit=230))
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
    span: tuple[float, float] | None = None,
) -> alt.VConcatChart:
    """Mean scores over time: an area per person, in which the expressions share the height.

    Args:
        curves: of ``aligned_curves``; ``condition`` is the person.
        names: the expressions, in order.
        step: of the axis.
        markers: (position, text) to mark; they are numbered from 1.
        title: of the axis.
        span: first and last position; None: those of the curves.
    """
    persons = list(dict.fromkeys(curves["condition"]))
    low, high = float(curves["position"].min()), float(curves["position"].max())
    domain = [low - step / 2, high + step / 2] if span is None else list(span)
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
            values = _numbered(markers, (high - low) / 60)
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


def _numbered(markers: Sequence[tuple[float, str]], apart: float) -> list[dict[str, Any]]:
    """Markers with their numbers; those that nearly meet share one label, or none could be read."""
    found: list[dict[str, Any]] = []
    for number, (at, _) in sorted(enumerate(markers, start=1), key=lambda one: one[1][0]):
        if found and at - found[-1]["last"] < apart:
            found[-1]["note"] += f", {number}"
            found[-1]["last"] = at
        else:
            found.append({"position": at, "note": str(number), "last": at})
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
) -> alt.Color:
    colours = [_UNCERTAIN_COLOUR if s == UNCERTAIN else Emotion(s).colour for s in states]
    words = alt.Legend(orient="top", title=None, columns=8) if legend else None
    scale = alt.Scale(domain=list(states), range=colours)
    return alt.Color("state:N", scale=scale, legend=words)


def _percents(**options: Any) -> alt.Axis:
    words = "format(datum.value * 100, 'd') + ' %'"
    return alt.Axis(labelExpr=words, domain=False, grid=False, **options)
