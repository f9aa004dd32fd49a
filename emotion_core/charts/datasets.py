"""A data set at a glance: how many of what, whose labels agree, and who stands near whom."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from emotion_core.charts.theme import (
    BAR_STEP_PX,
    TEXT_COLOUR,
    Chart,
    themed,
    word_axis,
)
from emotion_core.emotions import Emotion
from emotion_core.wording import percent

#: Name of the map's selection: {"map_x": [from, to], "map_y": [from, to]}.
AREA = "area"
#: More points than these take a browser seconds to draw and hide each other.
MAX_POINTS = 6000

_STRONG = 0.35
_MAP_HEIGHT_PX = 460
# Source: Okabe & Ito, as the emotions: grey for what is in order, orange for what is not.
_QUIET, _LOUD = "#8A8F98", "#D55E00"


def agreement_chart(table: npt.ArrayLike, labels: Sequence[str], columns: Sequence[str]) -> Chart:
    """What FER+'s raters say of the pictures of each original label, in shares of the row.

    Args:
        table: (C, V) counts.
        labels: C original labels.
        columns: V names: what most raters said.

    Raises:
        ValueError: a table of another shape.
    """
    counts = np.asarray(table)
    if counts.shape != (len(labels), len(columns)):
        raise ValueError(
            f"agreement: wanted ({len(labels)}, {len(columns)}) counts. Received: {counts.shape}"
        )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = [
        {
            "label": label,
            "majority": _in_words(column),
            "share": round(float(shares[i, j]), 4),
            "text": f"{100 * shares[i, j]:.0f}" if counts[i, j] else "",
            "value": percent(float(shares[i, j])),
            "pictures": int(counts[i, j]),
        }
        for i, label in enumerate(labels)
        for j, column in enumerate(columns)
    ]
    order = [*labels, *(_in_words(column) for column in columns if column not in labels)]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("majority:N", sort=order, title="FER+ majority", axis=word_axis(orient="top")),
        y=alt.Y("label:N", sort=list(labels), title="Original label", axis=word_axis()),
        tooltip=[
            alt.Tooltip("label:N", title="Original label"),
            alt.Tooltip("majority:N", title="FER+ majority"),
            alt.Tooltip("value:N", title="Share of the label"),
            alt.Tooltip("pictures:Q", title="Pictures", format=","),
        ],
    )
    cells = base.mark_rect(color="#4C6A92", cornerRadius=3).encode(
        fillOpacity=alt.FillOpacity(
            "share:Q",
            # The step keeps the numbers readable: grey on pale cells, white on strong ones.
            scale=alt.Scale(domain=[0, _STRONG, _STRONG, 1], range=[0.04, 0.3, 0.7, 1]),
            legend=None,
        )
    )
    text = base.mark_text(fontSize=12).encode(
        text="text:N",
        color=alt.when(f"datum.share >= {_STRONG}")
        .then(alt.value("#FFFFFF"))
        .otherwise(alt.value(TEXT_COLOUR)),
    )
    height = BAR_STEP_PX * 1.5 * len(labels)
    return themed(alt.LayerChart(layer=[cells, text]), height=height)


def map_chart(
    x: npt.NDArray[np.float32],
    y: npt.NDArray[np.float32],
    kinds: Sequence[str],
    order: Sequence[str],
    *,
    details: Mapping[str, Sequence[Any]] | None = None,
    max_points: int = MAX_POINTS,
) -> Chart:
    """The pictures of a data set as points, near each other where the model sees them alike.

    Dragging draws a rectangle, which Streamlit gives back as the selection ``AREA``.

    Args:
        x: (N,) float32.
        y: (N,) float32.
        kinds: N words, one per picture, which give the colour.
        order: the words that may occur, the most telling last (it is drawn on top). Emotions get
            their colours; of other words the last one stands out.
        details: {title: N values} for the tooltip.
        max_points: of more pictures, evenly spread ones are drawn.

    Raises:
        ValueError: not one word per picture, or a word that is not in the order.
    """
    if not len(x) == len(y) == len(kinds):
        raise ValueError(
            f"map: wanted x, y and kinds of one length. Received: {len(x)}, {len(y)}, {len(kinds)}"
        )
    unknown = sorted(set(kinds) - set(order))
    if unknown:
        raise ValueError(f"map: wanted kinds among {list(order)}. Received: {unknown[0]!r}")
    details = dict(details or {})
    drawn = shown_points(len(x), max_points)
    rank = {kind: number for number, kind in enumerate(order)}
    emotions = set(order) <= {emotion.value for emotion in Emotion}
    if not emotions:
        drawn = sorted(drawn, key=lambda row: rank[kinds[row]])
    # The keys are the names that the selection comes back with.
    rows = [
        {
            "map_x": round(float(x[row]), 3),
            "map_y": round(float(y[row]), 3),
            "emotion": kinds[row],
            **{f"d{number}": values[row] for number, values in enumerate(details.values())},
        }
        for row in drawn
    ]
    colours = (
        [Emotion(kind).colour for kind in order]
        if emotions
        else [*[_QUIET] * (len(order) - 1), _LOUD][-len(order) :]
    )
    axis = alt.Axis(labels=False, ticks=False, domain=False, grid=False)
    points = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_circle(size=16, opacity=0.6)
        .encode(
            x=alt.X("map_x:Q", title=None, axis=axis, scale=_span(x)),
            y=alt.Y("map_y:Q", title=None, axis=axis, scale=_span(y)),
            color=alt.Color(
                "emotion:N",
                scale=alt.Scale(domain=list(order), range=colours),
                legend=alt.Legend(orient="top", title=None, symbolOpacity=1),
            ),
            tooltip=[
                alt.Tooltip("emotion:N", title="Colour"),
                *(alt.Tooltip(f"d{n}:N", title=title) for n, title in enumerate(details)),
            ],
        )
        .add_params(alt.selection_interval(name=AREA, encodings=["x", "y"]))
    )
    return themed(alt.LayerChart(layer=[points]), height=_MAP_HEIGHT_PX)


def shown_points(n: int, max_points: int = MAX_POINTS) -> list[int]:
    """Which of n pictures a map draws: all, or evenly spread ones."""
    if n <= max_points:
        return list(range(n))
    return [int(row) for row in np.linspace(0, n - 1, max_points)]


def _span(values: npt.NDArray[np.float32]) -> alt.Scale:
    """The whole set's range, so that the map stays where it is when fewer points are drawn."""
    if not len(values):
        return alt.Scale(domain=[-1, 1])
    low, high = float(np.min(values)), float(np.max(values))
    margin = max(0.03 * (high - low), 1e-3)
    return alt.Scale(domain=[round(low - margin, 3), round(high + margin, 3)], nice=False)


def _in_words(column: str) -> str:
    return {"nf": "not a face"}.get(column, column)
