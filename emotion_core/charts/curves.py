"""Curves of training runs: one panel per quantity, one line per run, one epoch axis for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import altair as alt

from emotion_core.charts.theme import TEXT_COLOUR
from emotion_core.emotions import FER2013, Emotion

if TYPE_CHECKING:
    import pandas as pd

#: Source: Paul Tol, "Colour schemes" (https://sronpersonalpages.nl/~pault/), the "bright" scheme,
#: safe for the colour-blind. Its grey is left out, and no emotion has one of these colours.
RUN_COLOURS = ("#4477AA", "#EE6677", "#228833", "#AA3377", "#CCBB44", "#66CCEE")

#: The panels that can be drawn, in order.
PANELS = ("Accuracy", "Loss", "Gap", "Learning rate", "F1")

_VALIDATION, _TRAINING = "validation", "training"
_LOG_PANELS = {"Loss", "Learning rate"}
_FORMATS = {"Accuracy": ".1%", "Gap": "+.1%", "F1": ".1%", "Loss": ".4f", "Learning rate": ".3g"}
_MACRO = "macro"
_POINTER = "pointer"
_ROOM = 0.07


@dataclass(frozen=True, slots=True)
class CurveOptions:
    """How curves are drawn.

    Attributes:
        smoothing: weight of what came before, 0 (none) to below 1; the plain curve stays visible.
        log: logarithmic axes for loss and learning rate.
        epochs: end of the epoch axis, for a run in progress; 0 for the longest history.
        f1_of: "macro" or an emotion, where several runs are compared.
        legend: draws the runs' names into the chart, for pictures that leave the page.
    """

    smoothing: float = 0.0
    log: bool = False
    epochs: int = 0
    f1_of: str = _MACRO
    legend: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.smoothing < 1.0:
            raise ValueError(f"smoothing: wanted 0 to below 1. Received: {self.smoothing}")


@dataclass(slots=True)
class _Panel:
    """One quantity: its rows, and the epoch with which the axis of all panels ends."""

    name: str
    title: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    last_epoch: int = 2
    is_lowest: bool = False
    stages: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, run: str, split: str, epochs: Sequence[float], values: Sequence[float], weight: float
    ) -> None:
        smooth = smoothed(values, weight)
        for epoch, value, soft in zip(epochs, values, smooth, strict=True):
            if value == value:  # no number: this epoch has none, as in other people's histories
                self.rows.append(
                    {
                        "epoch": int(epoch), "run": run, "split": split,
                        "value": float(f"{value:.6g}"), "smooth": float(f"{soft:.6g}"),
                    }
                )  # fmt: skip


def run_colours(names: Sequence[str]) -> dict[str, str]:
    """The colour of each run, in the order given; they repeat after six."""
    return {name: RUN_COLOURS[i % len(RUN_COLOURS)] for i, name in enumerate(names)}


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """An exponential moving average without the pull to zero at its beginning.

    Source: the smoothing of TensorBoard's scalar charts (debiased as in arXiv 1412.6980).
    """
    result, average, total = [], 0.0, 0.0
    for value in values:
        if value != value:
            result.append(value)
            continue
        average = weight * average + (1 - weight) * value
        total = weight * total + (1 - weight)
        result.append(average / total)
    return result


def best_epoch(history: "pd.DataFrame") -> int | None:
    """The epoch (from 1) of the highest validation accuracy, else of the lowest loss.

    With several stages that of the last one, which is what the model was taken from.
    """
    if "stage" in history:
        history = history[history["stage"] == history["stage"].max()]
    for column, sign in (("val_accuracy", 1), ("val_loss", -1)):
        if column in history and history[column].notna().any():
            return int(history["epoch"].iloc[int((sign * history[column]).fillna(-1e9).argmax())])
    return None


def stage_changes(history: "pd.DataFrame") -> list[tuple[float, int]]:
    """Where a stage ends and the next one begins, by the column ``stage``; empty without it.

    Returns:
        (place between two epochs, number of the next stage) of each change.
    """
    if "stage" not in history:
        return []
    first: dict[int, float] = {}
    for stage, epoch in zip(history["stage"].tolist(), history["epoch"].tolist(), strict=True):
        first.setdefault(int(stage), float(epoch))
    return [(epoch - 0.5, stage) for stage, epoch in first.items() if stage > 1]


def available_panels(histories: Mapping[str, "pd.DataFrame"]) -> tuple[str, ...]:
    """The panels for which at least one history has numbers."""
    return tuple(p for p in PANELS if _panel(p, histories, CurveOptions()).rows)


def curves_chart(
    histories: Mapping[str, "pd.DataFrame"],
    panels: Sequence[str] = PANELS,
    options: CurveOptions | None = None,
    *,
    height: int = 170,
) -> alt.VConcatChart:
    """Panels below each other, with one rule through all of them under the pointer.

    Solid lines are of the validation images, dashed ones of the training images; a dot marks each
    run's best epoch, a dashed upright rule where its next stage begins.

    Args:
        histories: {run: table with epoch, loss, accuracy, val_loss, val_accuracy, learning_rate,
            val_macro_f1, val_f1_<emotion> and stage}; columns may be missing.
        panels: of ``PANELS``; those without numbers are left out.
        options: how they are drawn.
        height: of one panel, in pixels.

    Raises:
        ValueError: an unknown panel, or no panel has numbers.
    """
    options = options or CurveOptions()
    unknown = [name for name in panels if name not in PANELS]
    if unknown:
        raise ValueError(f"panels: wanted some of {', '.join(PANELS)}. Received: {unknown}")
    drawn = [p for name in panels if (p := _panel(name, histories, options)).rows]
    if not drawn:
        raise ValueError("Wanted a history with numbers. Received none.")
    last = max(row["epoch"] for panel in drawn for row in panel.rows)
    best = {name: best_epoch(history) for name, history in histories.items()}
    for panel in drawn:
        panel.last_epoch = max(2, last, options.epochs)
        panel.is_lowest = panel is drawn[-1]
    charts = [_draw(panel, list(histories), best, options, height) for panel in drawn]
    chart: alt.VConcatChart = alt.vconcat(*charts, spacing=18)
    # Stated once for all panels: Altair would warn of the same parameter in each of them.
    select = alt.PointSelectionConfig(
        type="point", fields=["epoch"], nearest=True, on="pointermove", clear="pointerout"
    )
    views = [_view(panel.name) for panel in drawn]
    shared = alt.TopLevelSelectionParameter(name=_POINTER, select=select, views=views)
    look: alt.VConcatChart = chart.properties(
        params=[shared],
        background="transparent",
        padding={"left": 0, "top": 2, "right": 0, "bottom": 2},
    ).configure_view(stroke=None)
    return look


def _panel(name: str, histories: Mapping[str, "pd.DataFrame"], options: CurveOptions) -> _Panel:
    panel = _Panel(name, name)
    for run, history in histories.items():
        epochs = history["epoch"].tolist()
        panel.stages += [
            {"epoch": epoch, "run": run, "stage": f"stage {stage} begins"}
            for epoch, stage in stage_changes(history)
        ]

        def column(key: str, history: "pd.DataFrame" = history) -> list[float]:
            if key not in history:
                return [float("nan")] * len(history)
            return [float(value) for value in history[key]]

        def add(split: str, values: list[float], who: str = run, at: list[Any] = epochs) -> None:
            panel.add(who, split, at, values, options.smoothing)

        if name in ("Accuracy", "Loss"):
            add(_TRAINING, column(name.lower()))
            add(_VALIDATION, column(f"val_{name.lower()}"))
        elif name == "Gap":
            panel.title = "Gap (training minus validation accuracy)"
            pairs = zip(column("accuracy"), column("val_accuracy"), strict=True)
            add(_VALIDATION, [train - held_out for train, held_out in pairs])
        elif name == "Learning rate":
            add(_VALIDATION, column("learning_rate"))
        elif len(histories) == 1:
            panel.title = "F1 on the validation images"
            for emotion in FER2013.names:
                panel.add(
                    emotion, _VALIDATION, epochs, column(f"val_f1_{emotion}"), options.smoothing
                )
            panel.add(_MACRO, _VALIDATION, epochs, column("val_macro_f1"), options.smoothing)
        else:
            panel.title = f"F1 of {options.f1_of} on the validation images"
            of = "val_macro_f1" if options.f1_of == _MACRO else f"val_f1_{options.f1_of}"
            add(_VALIDATION, column(of))
    return panel


def _draw(
    panel: _Panel,
    runs: list[str],
    best: Mapping[str, int | None],
    options: CurveOptions,
    height: int,
) -> alt.LayerChart:
    colours = run_colours(runs)
    per_emotion = panel.name == "F1" and len(runs) == 1
    if per_emotion:
        colours = {e.value: e.colour for e in (Emotion(n) for n in FER2013.names)}
        colours[_MACRO] = TEXT_COLOUR
        best = dict.fromkeys(colours, best[runs[0]])
    for row in panel.rows:
        row["best"] = row["epoch"] == best.get(row["run"]) and row["split"] == _VALIDATION
    base = alt.Chart(alt.InlineData(values=panel.rows))
    x, y = _epoch_axis(panel), _value_axis(panel, "smooth", options)
    legend = alt.Legend(title=None, orient="top", columns=3, labelLimit=260)
    colour = alt.Color(
        "run:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=legend if options.legend else None,
    )  # fmt: skip
    dash = alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=[_VALIDATION, _TRAINING], range=[[1, 0], [4, 3]]),
        legend=alt.Legend(title=None, orient="top") if options.legend else None,
    )
    lines = base.mark_line(strokeWidth=2, interpolate="linear", clip=True).encode(
        x=x, y=y, color=colour, strokeDash=dash, detail=["run:N", "split:N"]
    )
    dots = base.transform_filter("datum.best").mark_point(filled=True, size=60, opacity=1)
    marks = dots.encode(x=x, y=y, color=colour)
    near = base.mark_point(filled=True, size=46).properties(name=_view(panel.name)).encode(
        x=x, y=y, color=colour,
        opacity=alt.when(_under_pointer()).then(alt.value(1)).otherwise(alt.value(0)),
        tooltip=[
            alt.Tooltip("run:N", title="Expression" if per_emotion else "Run"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip("split:N", title="Images"),
            alt.Tooltip("value:Q", title=panel.name, format=_FORMATS[panel.name]),
        ],
    )  # fmt: skip
    rule = (
        base.transform_filter(_under_pointer())
        .mark_rule(color=TEXT_COLOUR, strokeWidth=1, aria=False)
        .encode(x=alt.X("epoch:Q", aggregate="max"))
    )
    layers: list[Any] = [lines, rule, marks, near]
    if panel.stages:
        layers.insert(0, _stage_rules(panel, runs, x))
    if options.smoothing:
        plain = base.mark_line(strokeWidth=1, opacity=0.3).encode(
            x=x, y=_value_axis(panel, "value", options), color=colour,
            strokeDash=dash, detail=["run:N", "split:N"],
        )  # fmt: skip
        layers.insert(0, plain)
    title = alt.TitleParams(panel.title, anchor="start", fontSize=13, fontWeight=600, offset=8)
    chart: alt.LayerChart = alt.LayerChart(layer=layers).properties(
        height=height, width=640, title=title
    )
    return chart


def _stage_rules(panel: _Panel, runs: list[str], x: alt.X) -> alt.Chart:
    colours = run_colours(runs)
    rules: alt.Chart = (
        alt.Chart(alt.InlineData(values=panel.stages))
        .mark_rule(strokeDash=[2, 3], strokeWidth=1.5, aria=False)
        .encode(
            x=x,
            stroke=alt.Color(
                "run:N",
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
                legend=None,
            ),
            tooltip=[alt.Tooltip("run:N", title="Run"), alt.Tooltip("stage:N", title="Stage")],
        )
    )
    return rules


def _epoch_axis(panel: _Panel) -> alt.X:
    """The same on all panels, with room at the left for the numbers, which stand inside."""
    span = panel.last_epoch - 1
    domain = [1 - _ROOM * span, panel.last_epoch + _ROOM / 4 * span]
    axis = alt.Axis(
        title="Epoch" if panel.is_lowest else None, titleAnchor="end",
        titleFontWeight="normal", titlePadding=2, tickMinStep=1, tickCount=8, ticks=False,
        grid=False, domain=False, labelFlush=True, labelPadding=4,
        labelExpr="datum.value >= 1 ? format(datum.value, 'd') : ''",
    )  # fmt: skip
    return alt.X("epoch:Q", scale=alt.Scale(domain=domain, nice=False), axis=axis)


def _value_axis(panel: _Panel, column: str, options: CurveOptions) -> alt.Y:
    """Numbers above their grid lines, so that all panels are equally wide."""
    positive = all(row["value"] > 0 for row in panel.rows)
    log = options.log and panel.name in _LOG_PANELS and positive
    axis = alt.Axis(
        title=None, orient="left", tickCount=4, domain=False, ticks=False, labelAlign="left",
        labelPadding=0, labelBaseline="bottom", labelOffset=-2,
        format=".0%" if _FORMATS[panel.name].endswith("%") else "~g",
    )  # fmt: skip
    scale = alt.Scale(type="log") if log else alt.Scale(zero=False, nice=True)
    return alt.Y(f"{column}:Q", scale=scale, axis=axis)


def _under_pointer() -> alt.ParameterPredicate:
    return alt.ParameterPredicate(param=_POINTER, empty=False)


def _view(panel: str) -> str:
    """Name of the marks of a panel that the pointer finds."""
    return f"near_{PANELS.index(panel)}"
