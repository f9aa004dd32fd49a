"""Runs side by side: settings against result, and F1 per expression."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from emotion_core.charts.curves import run_colours
from emotion_core.charts.theme import BAR_STEP_PX, TEXT_COLOUR, Chart, themed, word_axis
from emotion_core.emotions import Emotion

_MAX_WORDS = 8


def parallel_chart(
    runs: Mapping[str, Mapping[str, Any]],
    columns: Sequence[str],
    chosen: Sequence[str] = (),
    *,
    height: int = 300,
    legend: bool = False,
) -> Chart:
    """Parallel coordinates: one line per run through its settings, the last column its result.

    Numbers lie between the smallest and the largest of their column, words on equal steps. A run
    without a value in a column has a gap there.

    Args:
        runs: {run: {column: number, word, True, False or None}}.
        columns: in order; those that no run has a value for are left out.
        chosen: runs drawn in their colours; the others are grey.
        height: in pixels.
        legend: draws the names of the chosen runs into the chart.

    Raises:
        ValueError: fewer than two columns have values.
    """
    kept = [c for c in columns if any(_known(values.get(c)) for values in runs.values())]
    if len(kept) < 2:
        raise ValueError(f"Wanted values in at least two columns. Received: {kept}")
    places = {c: _places([v.get(c) for v in runs.values() if _known(v.get(c))]) for c in kept}
    rows = []
    for run, values in runs.items():
        part = 0
        for place, name in enumerate(kept):
            if not _known(values.get(name)):
                part += 1
                continue
            word = _word(values[name])
            rows.append(
                {
                    "run": run, "column": name, "order": place, "place": places[name][word],
                    "value": word, "part": f"{run} {part}",
                }
            )  # fmt: skip
    marks = [
        {"column": name, "place": place, "value": word}
        for name in kept
        for word, place in _spread(places[name]).items()
    ]
    x_axis = word_axis(orient="top", labelFontWeight=600, labelLimit=110, labelOverlap=False)
    x = alt.X(
        "column:N", sort=kept, title=None, axis=x_axis, scale=alt.Scale(type="point", padding=0.5)
    )
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=[-0.04, 1.04]))
    lines = alt.Chart(alt.InlineData(values=rows))
    tooltip = [
        alt.Tooltip("run:N", title="Run"),
        alt.Tooltip("column:N", title="Setting"),
        alt.Tooltip("value:N", title="Value"),
    ]
    colours = run_colours(list(chosen))
    others = lines.transform_filter(
        alt.FieldOneOfPredicate("run", list(runs.keys() - colours.keys()))
    )
    picked = lines.transform_filter(alt.FieldOneOfPredicate("run", list(colours)))
    shown = alt.Legend(title=None, orient="bottom", columns=3, labelLimit=260)
    colour = alt.Color(
        "run:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=shown if legend else None,
    )  # fmt: skip
    axes = alt.Chart(alt.InlineData(values=marks))
    grey = {"size": 24, "color": TEXT_COLOUR}
    encoding = {"x": x, "y": y, "detail": ["part:N"], "order": alt.Order("order:Q")}
    bottom = alt.datum(-0.04, type="quantitative", axis=None)
    layers: list[Any] = [
        axes.mark_rule(color=TEXT_COLOUR, opacity=0.35).encode(x=x, y=bottom, y2=alt.datum(1.04)),
        others.mark_line(color=TEXT_COLOUR, opacity=0.4, strokeWidth=1.5, point=grey).encode(
            **encoding, tooltip=tooltip
        ),
        picked.mark_line(strokeWidth=2.5, point={"size": 45}).encode(
            **encoding, color=colour, tooltip=tooltip
        ),
        axes.mark_text(align="left", dx=6, dy=-8, fontSize=11, color=TEXT_COLOUR, limit=90).encode(
            x=x, y=y, text="value:N"
        ),
    ]
    return themed(alt.LayerChart(layer=layers), height=height)


def class_f1_chart(
    runs: Mapping[str, Mapping[str, float]], names: Sequence[str], *, legend: bool = False
) -> Chart:
    """F1 of each expression as one dot per run.

    Args:
        runs: {run: {emotion: F1 from 0 to 1}}; a run may lack emotions.
        names: the emotions, in order.
        legend: draws the names of the runs into the chart.

    Raises:
        ValueError: an unknown emotion.
    """
    rows = [
        {"emotion": Emotion(name).value, "run": run, "f1": round(float(values[name]), 4)}
        for run, values in runs.items()
        for name in names
        if name in values
    ]
    colours = run_colours(list(runs))
    base = alt.Chart(alt.InlineData(values=rows))
    y = alt.Y("emotion:N", sort=list(names), title=None, axis=word_axis())
    axis = alt.Axis(format=".0%", title=None, tickCount=6, domain=False, ticks=False)
    x = alt.X("f1:Q", scale=alt.Scale(domain=[0, 1]), axis=axis)
    spans = base.mark_rule(color=TEXT_COLOUR, opacity=0.5, aria=False).encode(
        y=y, x=alt.X("f1:Q", aggregate="min", title=None), x2=alt.X2("f1:Q", aggregate="max")
    )
    shown = alt.Legend(title=None, orient="bottom", columns=3, labelLimit=260)
    dots = base.mark_point(filled=True, size=90, opacity=0.95).encode(
        y=y,
        x=x,
        color=alt.Color(
            "run:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            legend=shown if legend else None,
        ),
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("emotion:N", title="Expression"),
            alt.Tooltip("f1:Q", title="F1", format=".1%"),
        ],
    )  # fmt: skip
    return themed(alt.LayerChart(layer=[spans, dots]), height=BAR_STEP_PX * 1.3 * len(names))


def _known(value: Any) -> bool:
    return value is not None and value == value


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _places(values: Sequence[Any]) -> dict[str, float]:
    """Where each value stands on its axis, 0 (bottom) to 1, by its word."""
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if numeric:
        low, high = min(values), max(values)
        span = high - low
        return {_word(v): (v - low) / span if span else 0.5 for v in sorted(values)}
    words = sorted({_word(v) for v in values})
    if len(words) == 1:
        return {words[0]: 0.5}
    return {word: i / (len(words) - 1) for i, word in enumerate(words)}


def _spread(places: Mapping[str, float]) -> dict[str, float]:
    """The values that are written beside an axis: not more than can be read."""
    ordered = sorted(places.items(), key=lambda item: item[1])
    kept = dict(ordered[:1])
    for word, place in ordered[1:]:
        if place - max(kept.values()) >= 1 / _MAX_WORDS:
            kept[word] = place
    word, place = ordered[-1]
    if word not in kept:  # the largest is always named
        kept.popitem() if len(kept) > 1 else None
        kept[word] = place
    return kept
