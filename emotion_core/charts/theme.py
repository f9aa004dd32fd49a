"""The one look of all charts, and the parts that several of them draw with."""

import json
from collections.abc import Sequence
from typing import Any

import altair as alt

from emotion_core.emotions import Emotion

Chart = alt.Chart | alt.LayerChart

BAR_STEP_PX = 24
#: For numbers inside marks, which do not take the page's text colour: a grey for both themes.
TEXT_COLOUR = "#767B84"
TRACK_COLOUR = "#8A8F98"


def share_bars(
    rows: list[dict[str, Any]],
    names: list[str],
    title: str,
    style: dict[str, Any],
    *,
    note: str = "",
) -> Chart:
    """One horizontal bar from 0 to 1 per emotion, with its value in words behind it."""
    tooltip = [
        alt.Tooltip("emotion:N", title="Expression"),
        alt.Tooltip("value:N", title=title.capitalize()),
    ]
    if rows and "faces" in rows[0]:
        tooltip.append(alt.Tooltip("faces:Q", title="Faces", format=","))
    if note:
        tooltip.append(alt.Tooltip(f"{note}:N", title="Mostly taken for"))
    base = alt.Chart(alt.InlineData(values=rows))

    def row(axis: alt.Axis) -> alt.Y:
        return alt.Y("emotion:N", sort=names, title=None, axis=axis)

    bar_axis = alt.Axis(title=None, labels=False, ticks=False, domain=False, grid=False)
    scale = alt.Scale(domain=[0, 1])
    # The pale track shows where 100 % is without an axis.
    track = base.mark_bar(
        height=10, cornerRadius=3, color=TRACK_COLOUR, opacity=0.16, aria=False
    ).encode(y=row(word_axis()), x=alt.X(datum=1.0, scale=scale, axis=bar_axis))
    bars = base.mark_bar(height=10, cornerRadius=3, **style).encode(
        y=row(column_axis(rows, "value", 0)),
        x=alt.X("share:Q", scale=scale, axis=bar_axis),
        color=emotion_colour(names, "color"),
        tooltip=tooltip,
        **({"stroke": emotion_colour(names, "stroke")} if style else {}),
    )
    layers = [track, bars]
    if note:
        invisible = base.mark_bar(opacity=0, aria=False)
        layers.append(invisible.encode(y=row(column_axis(rows, note, 44))))
    chart = alt.LayerChart(layer=layers).resolve_axis(y="independent")
    return themed(chart, height=BAR_STEP_PX * len(names))


def column_axis(rows: list[dict[str, Any]], column: str, offset_px: int) -> alt.Axis:
    """A column of words right of the bars. As axis labels they take the page's text colour."""
    words = {row["emotion"]: row[column] for row in rows}
    axis = word_axis(orient="right", offset=offset_px)
    axis["labelExpr"] = f"({json.dumps(words)})[datum.value]"
    return axis


def emotion_colour(names: Sequence[str], channel: str) -> Any:
    """The colours of the named emotions, for the channel ``color`` or ``stroke``."""
    kind = alt.Stroke if channel == "stroke" else alt.Color
    colours = [Emotion(name).colour for name in names]
    return kind("emotion:N", scale=alt.Scale(domain=list(names), range=colours), legend=None)


def word_axis(**options: Any) -> alt.Axis:
    """An axis of words: no ticks, no lines, the words level."""
    look = {"ticks": False, "domain": False, "grid": False, "labelAngle": 0}
    sizes = {"labelPadding": 8, "labelLimit": 120, "labelFontSize": 12, "titleFontSize": 12}
    return alt.Axis(**{**look, **sizes, **options})


def themed(chart: alt.LayerChart, *, height: float) -> Chart:
    """The one look: no frame, no background, a fixed height so that nothing jumps."""
    # Four sides, because Streamlit adds to "bottom".
    padding = {"left": 2, "top": 2, "right": 2, "bottom": 2}
    sized = chart.properties(height=height, background="transparent", padding=padding)
    look: Chart = sized.configure_view(stroke=None).configure_scale(bandPaddingInner=0.1)
    return look


def checked_share(name: str, value: float) -> float:
    """The value, or a ``ValueError`` if it is no share from 0 to 1."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name}: wanted a share from 0 to 1. Received: {value!r}")
    return float(value)
