"""Charts: numbers in, an Altair chart out. Pure functions with one look.

The charts have a clear background and take fonts and text colours from where they are shown, so
they stay readable on light and dark pages. Emotions keep their order and their colours everywhere.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from emotion_core.emotions import Emotion
from emotion_core.wording import percent

Chart = alt.Chart | alt.LayerChart

_BAR_STEP_PX = 24
#: For numbers inside marks, which do not take the page's text colour: a grey for both themes.
_TEXT = "#767B84"
_TRACK = "#8A8F98"
_STRONG = 0.35
#: Height of a face's band in a timeline, of 1; the rest keeps the bands apart.
_BAND = 0.86


def score_bars_chart(scores: Mapping[str, float], *, uncertain: bool = False) -> Chart:
    """The scores of one face as one bar per emotion.

    Args:
        scores: {emotion: probability}; the order given is the order drawn.
        uncertain: the bars are then pale with a dashed outline.

    Raises:
        ValueError: an unknown emotion, or a share outside 0 to 1.
    """
    rows = [
        {"emotion": name, "share": _share(name, value), "value": percent(value)}
        for name, value in scores.items()
    ]
    style: dict[str, Any] = {}
    if uncertain:
        style = {"fillOpacity": 0.3, "strokeDash": [3, 2], "strokeWidth": 1}
    return _share_bars(rows, list(scores), "score", style)


def recall_chart(
    per_class: Mapping[str, Mapping[str, Any]],
    confusion: Sequence[Sequence[int]] | None = None,
) -> Chart:
    """How many faces of each emotion are recognised, and what the missed ones are taken for.

    Args:
        per_class: {emotion: {"recall": share, "support": number of faces, ...}} in label order.
        confusion: counts, rows are the true emotions in the order of ``per_class``. With it every
            bar names the most frequent wrong answer.

    Raises:
        ValueError: an unknown emotion, a recall outside 0 to 1, or a confusion of another size.
    """
    names = list(per_class)
    mistakes = _main_mistakes(names, confusion) if confusion is not None else {}
    rows = [
        {
            "emotion": name,
            "share": _share(name, float(values["recall"])),
            "value": percent(float(values["recall"])),
            "faces": int(values.get("support", 0)),
            "taken_for": mistakes.get(name, ""),
        }
        for name, values in per_class.items()
    ]
    return _share_bars(rows, names, "recognised", {}, note="taken_for" if mistakes else "")


def confusion_chart(confusion: Sequence[Sequence[int]], labels: Sequence[str]) -> Chart:
    """Which emotion is taken for which, each row as shares of the true emotion.

    Args:
        confusion: counts, rows true, columns predicted, both in the order of ``labels``.
        labels: emotion names.

    Raises:
        ValueError: an unknown emotion, or counts that are not square in the number of labels.
    """
    _check_square(confusion, len(labels))
    rows = []
    for true, counts in zip(labels, confusion, strict=True):
        total = max(1, sum(counts))
        for predicted, count in zip(labels, counts, strict=True):
            share = count / total
            rows.append(
                {
                    "true": Emotion(true).value,
                    "predicted": Emotion(predicted).value,
                    "share": share,
                    "value": f"{share * 100:.0f}",
                    "faces": int(count),
                }
            )
    order = list(labels)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("predicted:N", sort=order, title="Predicted", axis=_word_axis(orient="top")),
        y=alt.Y("true:N", sort=order, title="True", axis=_word_axis()),
        tooltip=[
            alt.Tooltip("true:N", title="True"),
            alt.Tooltip("predicted:N", title="Predicted"),
            alt.Tooltip("share:Q", title="Share of the true ones", format=".1%"),
            alt.Tooltip("faces:Q", title="Faces"),
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
    numbers = base.mark_text(fontSize=12).encode(
        text="value:N",
        color=alt.when(f"datum.share >= {_STRONG}")
        .then(alt.value("#FFFFFF"))
        .otherwise(alt.value(_TEXT)),
    )
    return _themed(alt.LayerChart(layer=[cells, numbers]), height=_BAR_STEP_PX * 1.5 * len(order))


def _share_bars(
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
    track = base.mark_bar(height=10, cornerRadius=3, color=_TRACK, opacity=0.16, aria=False).encode(
        y=row(_word_axis()), x=alt.X(datum=1.0, scale=scale, axis=bar_axis)
    )
    bars = base.mark_bar(height=10, cornerRadius=3, **style).encode(
        y=row(_column_axis(rows, "value", 0)),
        x=alt.X("share:Q", scale=scale, axis=bar_axis),
        color=_emotion_colour(names, "color"),
        tooltip=tooltip,
        **({"stroke": _emotion_colour(names, "stroke")} if style else {}),
    )
    layers = [track, bars]
    if note:
        invisible = base.mark_bar(opacity=0, aria=False)
        layers.append(invisible.encode(y=row(_column_axis(rows, note, 44))))
    chart = alt.LayerChart(layer=layers).resolve_axis(y="independent")
    return _themed(chart, height=_BAR_STEP_PX * len(names))


def _column_axis(rows: list[dict[str, Any]], column: str, offset_px: int) -> alt.Axis:
    """A column of words right of the bars. As axis labels they take the page's text colour."""
    words = {row["emotion"]: row[column] for row in rows}
    axis = _word_axis(orient="right", offset=offset_px)
    axis["labelExpr"] = f"({json.dumps(words)})[datum.value]"
    return axis


def _emotion_colour(names: Sequence[str], channel: str) -> Any:
    kind = alt.Stroke if channel == "stroke" else alt.Color
    colours = [Emotion(name).colour for name in names]
    return kind("emotion:N", scale=alt.Scale(domain=list(names), range=colours), legend=None)


def _word_axis(**options: Any) -> alt.Axis:
    look = {"ticks": False, "domain": False, "grid": False, "labelAngle": 0}
    sizes = {"labelPadding": 8, "labelLimit": 120, "labelFontSize": 12, "titleFontSize": 12}
    return alt.Axis(**{**look, **sizes, **options})


def _themed(chart: alt.LayerChart, *, height: float) -> Chart:
    """The one look: no frame, no background, a fixed height so that nothing jumps."""
    # Four sides, because Streamlit adds to "bottom".
    padding = {"left": 2, "top": 2, "right": 2, "bottom": 2}
    sized = chart.properties(height=height, background="transparent", padding=padding)
    look: Chart = sized.configure_view(stroke=None).configure_scale(bandPaddingInner=0.1)
    return look


def _share(name: str, value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name}: wanted a share from 0 to 1. Received: {value!r}")
    return float(value)


def _check_square(confusion: Sequence[Sequence[int]], n: int) -> None:
    shape = [len(row) for row in confusion]
    if shape != [n] * n:
        raise ValueError(f"confusion: wanted {n} rows of {n} counts. Received rows of {shape}")


def _main_mistakes(names: Sequence[str], confusion: Sequence[Sequence[int]]) -> dict[str, str]:
    """{true emotion: "sad 21 %"}, the most frequent wrong answer of each."""
    _check_square(confusion, len(names))
    mistakes = {}
    for true, (name, counts) in enumerate(zip(names, confusion, strict=True)):
        wrong = [0 if column == true else count for column, count in enumerate(counts)]
        most = max(wrong, default=0)
        if most:
            share = percent(most / sum(counts))
            mistakes[name] = f"{names[wrong.index(most)]} {share}"
    return mistakes


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
    face_axis = _word_axis(
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
            color=_emotion_colour(names, "color"),
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
        rules = alt.Chart(alt.InlineData(values=values)).mark_rule(color=_TEXT, strokeDash=[4, 3])
        layers.append(rules.encode(x=x, tooltip=[alt.Tooltip("note:N", title="Marker")]))
    return _themed(alt.LayerChart(layer=layers), height=height)


def time_share_chart(seconds: Mapping[str, float], names: Sequence[str]) -> Chart:
    """How much of the time each expression was shown.

    Args:
        seconds: {emotion: seconds}; other keys, like "uncertain", count as time only.
        names: the emotions to draw, in order.

    Raises:
        ValueError: an unknown emotion.
    """
    total = sum(seconds.values())
    rows = []
    for name in names:
        share = seconds.get(Emotion(name).value, 0.0) / total if total > 0 else 0.0
        rows.append({"emotion": name, "share": min(1.0, share), "value": percent(min(1.0, share))})
    return _share_bars(rows, list(names), "of the time", {})


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
