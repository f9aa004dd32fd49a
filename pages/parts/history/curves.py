"""The chosen histories overlaid, F1 per expression, and settings against result."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from emotion_core.charts.curves import (
    PANELS,
    CurveOptions,
    available_panels,
    best_epoch,
    curves_chart,
    run_colours,
    stage_changes,
)
from emotion_core.charts.runs import class_f1_chart, parallel_chart
from emotion_core.emotions import FER2013
from emotion_core.errors import TrainingError
from emotion_core.markdown import plain
from emotion_core.training.history_store import MODEL, Entry
from emotion_core.training.stored import read_card_story
from emotion_core.training.wording import flat_settings, setting_name
from emotion_core.wording import percent
from pages.parts.common.guard import guarded
from pages.parts.history.export import Picture, download_menu

if TYPE_CHECKING:
    import pandas as pd

_REFRESH_S = 10.0
_STAGES_NOTE = (
    " A dashed vertical line marks where fine-tuning begins: the next stage of the same training."
)
_RESULT = "Best validation"
#: Settings on the axes of the parallel coordinates, where the runs differ in them.
_AXES = (
    "architecture", "labels", "optimizer", "learning_rate", "schedule", "batch_size", "epochs",
    "weight_decay", "label_smoothing", "class_balance", "ema", "augmentation.mixup",
    "augmentation.random_erasing", "augmentation.rotation_deg", "leak_free", "seed",
)  # fmt: skip
_MAX_AXES = 8


def comparison(chosen: Sequence[Entry], entries: Sequence[Entry]) -> None:
    """Draws everything that compares the chosen entries; renewed while one of them runs."""
    running = any(entry.run.state == "running" for entry in chosen)
    st.fragment(run_every=_REFRESH_S if running else None)(_comparison)(chosen, entries)


def _comparison(chosen: Sequence[Entry], entries: Sequence[Entry]) -> None:
    with guarded():
        histories = {e.title: h for e in chosen if not (h := e.history()).empty}
        panels = available_panels(histories) if histories else ()
        if not panels:
            st.caption("Select a run with at least one epoch; its curves will appear here.")
            return
        pictures: list[Picture] = []
        place = st.container(horizontal=True, vertical_alignment="bottom")
        options, shown = _controls(place, panels, several=len(histories) > 1)
        st.html(_legend(histories))
        if shown:
            st.altair_chart(
                curves_chart(histories, shown, options),
                width="stretch", key="history_curves", alt=_alt(histories, shown),
            )  # fmt: skip
            st.caption(
                "Solid: validation. Dashed: training. A dot marks the best epoch."
                + (_STAGES_NOTE if any(map(stage_changes, histories.values())) else "")
            )
            pictures += _curve_pictures(histories, shown, options)
        pictures += _class_f1(chosen, histories)
        pictures += _parallel(chosen, entries)
        with place:
            download_menu(histories, pictures)


def _controls(
    place: Any, panels: tuple[str, ...], *, several: bool
) -> tuple[CurveOptions, list[str]]:
    with place:
        shown = st.pills(
            "Curves", panels, selection_mode="multi", default=panels, key="history_panels",
        )  # fmt: skip
        smoothing = st.slider(
            "Smoothing", 0.0, 0.95, 0.0, 0.05, key="history_smoothing", width=150,
            persist_state="session", help="Moving average; the unsmoothed curve stays, in a paler "
                                          "colour.",
        )  # fmt: skip
        f1_of = "macro"
        if several and "F1" in panels:
            f1_of = st.selectbox(
                "F1 of", ("macro", *FER2013.names), key="history_f1_of", width=130,
                persist_state="session",
            )  # fmt: skip
        log = st.toggle(
            "Log axis", key="history_log", persist_state="session",
            help="For loss and learning rate.",
        )  # fmt: skip
    ordered = [panel for panel in PANELS if panel in (shown or ())]
    return CurveOptions(smoothing=smoothing, log=log, f1_of=f1_of), ordered


def _legend(histories: "dict[str, pd.DataFrame]") -> str:
    """The runs' colours and best epochs; it wraps where a chart's own legend would be cut."""
    items = []
    for name, colour in run_colours(list(histories)).items():
        history, best = histories[name], best_epoch(histories[name])
        note = ""
        if best is not None and "val_accuracy" in history:
            value = history.loc[history["epoch"] == best, "val_accuracy"].iloc[0]
            if value == value:
                note = f": {percent(float(value), 1)} at epoch {best:d}"
        items.append(
            f'<li style="--el-colour:{colour}"><i></i><span><b>{escape(name)}</b>{note}</span></li>'
        )
    return f'<ul class="el-legend">{"".join(items)}</ul>'


def _alt(histories: "dict[str, pd.DataFrame]", shown: Sequence[str]) -> str:
    return f"{', '.join(shown)} by epoch of {', '.join(histories)}."


def _curve_pictures(
    histories: "dict[str, pd.DataFrame]", shown: Sequence[str], options: CurveOptions
) -> list[Picture]:
    def picture(title: str, panels: Sequence[str]) -> Picture:
        settings = CurveOptions(options.smoothing, options.log, 0, options.f1_of, legend=True)
        return Picture(title, lambda: curves_chart(histories, panels, settings, height=240))

    whole = [picture("All curves", shown)] if len(shown) > 1 else []
    return [*whole, *(picture(panel, [panel]) for panel in shown)]


def _class_f1(chosen: Sequence[Entry], histories: "dict[str, pd.DataFrame]") -> list[Picture]:
    values = {e.title: f1 for e in chosen if (f1 := _f1_at_best(e, histories.get(e.title)))}
    if not values:
        return []
    # The colours of the curves: the runs without figures keep theirs, unseen.
    ordered = {name: values.get(name, {}) for name in histories}
    st.header("F1 per expression at the best epoch", anchor=False)
    st.altair_chart(
        class_f1_chart(ordered, FER2013.names),
        key="history_f1",
        alt=f"F1 of each expression on the validation images of {', '.join(values)}.",
    )
    without = [name for name in histories if name not in values]
    if without:
        st.caption(f"Not recorded for {plain(', '.join(without))}.")
    return [
        Picture("F1 per expression", lambda: class_f1_chart(ordered, FER2013.names, legend=True))
    ]


def _f1_at_best(entry: Entry, history: "pd.DataFrame | None") -> dict[str, float]:
    if entry.kind == MODEL:
        try:
            card = read_card_story(entry.run.folder / "card.json")
        except TrainingError:
            return {}  # the table says what is wrong with it
        return {name: float(f1) for name, f1 in card["f1"].items() if name in FER2013.names}
    best = None if history is None else best_epoch(history)
    if history is None or best is None:
        return {}
    row = history[history["epoch"] == best].iloc[0]
    found = {name: row.get(f"val_f1_{name}") for name in FER2013.names}
    return {name: float(v) for name, v in found.items() if v is not None and v == v}


def _parallel(chosen: Sequence[Entry], entries: Sequence[Entry]) -> list[Picture]:
    judged = [e for e in entries if e.run.best_val_accuracy is not None and e.run.config]
    table = {e.title: _axes(e) for e in judged}
    differing = [
        setting_name(key)
        for key in _AXES
        if len({str(values.get(setting_name(key))) for values in table.values()}) > 1
    ]
    if len(table) < 2 or not differing:
        return []
    st.header("Settings and result", anchor=False)
    axes = st.multiselect(
        "Axes", differing, default=differing[:_MAX_AXES], key="history_axes",
        max_selections=12, label_visibility="collapsed", placeholder="Choose settings",
    )  # fmt: skip
    columns = [*[axis for axis in differing if axis in axes], _RESULT]
    if len(columns) < 2:
        st.caption("Choose at least one setting.")
        return []
    names = [entry.title for entry in chosen]
    with st.container(key="history_parallel"):
        st.altair_chart(
            parallel_chart(table, columns, names),
            key="history_axes_chart",
            alt="One line per run through its settings to its best validation accuracy.",
        )
    st.caption("All runs and models; those compared above are in colour.")
    return [
        Picture("Settings and result", lambda: parallel_chart(table, columns, names, legend=True))
    ]


def _axes(entry: Entry) -> dict[str, Any]:
    flat = flat_settings(entry.run.config)
    values = {setting_name(key): flat.get(key) for key in _AXES}
    best = entry.run.best_val_accuracy
    return {**values, _RESULT: None if best is None else round(100 * best, 1)}
