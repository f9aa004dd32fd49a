"""Curves and comparisons of runs, checked by their Vega-Lite documents, and charts as files."""

from typing import Any

import pandas as pd
import pytest

from emotion_core.charts.curves import (
    CurveOptions,
    available_panels,
    best_epoch,
    curves_chart,
    smoothed,
)
from emotion_core.charts.export import chart_png, chart_svg
from emotion_core.charts.runs import class_f1_chart, parallel_chart
from emotion_core.emotions import FER2013

NAN = float("nan")


def _history(accuracy: list[float], **columns: list[float]) -> pd.DataFrame:
    epochs = list(range(1, len(accuracy) + 1))
    rate = [0.1 / epoch for epoch in epochs]
    return pd.DataFrame(
        {
            "epoch": epochs,
            "loss": [2 / epoch for epoch in epochs],
            "accuracy": [value + 0.05 for value in accuracy],
            "val_loss": [2.1 / epoch for epoch in epochs],
            "val_accuracy": accuracy,
            "learning_rate": rate,
            **columns,
        }
    )


def _panels(histories: dict[str, pd.DataFrame], *names: str, **options: Any) -> list[Any]:
    spec = curves_chart(histories, names, CurveOptions(**options)).to_dict()
    shared = {name: spec[name] for name in ("datasets", "data") if name in spec}
    return [{**shared, **panel} for panel in spec["vconcat"]]


def _rows(chart: dict[str, Any], layer: int = 0) -> pd.DataFrame:
    """The rows of a layer; Altair puts them wherever several layers share them."""
    data = chart["layer"][layer].get("data") or chart["data"]
    return pd.DataFrame(data["values"] if "values" in data else chart["datasets"][data["name"]])


def _layer(panel: dict[str, Any], mark: str) -> dict[str, Any]:
    return next(layer for layer in panel["layer"] if layer["mark"]["type"] == mark)


def test_every_panel_shows_its_own_quantity() -> None:
    history = _history([0.3, 0.5, 0.45])
    accuracy, loss, gap, rate = _panels(
        {"a": history}, "Accuracy", "Loss", "Gap", "Learning rate", "F1"
    )
    rows = _rows(accuracy)
    assert sorted(rows[rows["split"] == "validation"]["value"]) == [0.3, 0.45, 0.5]
    assert sorted(rows[rows["split"] == "training"]["value"]) == [0.35, 0.5, 0.55]
    assert _rows(loss)["value"].max() == 2.1
    assert _rows(gap)["value"].tolist() == pytest.approx([0.05] * 3)
    assert _rows(rate)["value"].tolist() == pytest.approx([0.1, 0.05, 0.1 / 3], rel=1e-4)


def test_the_best_epoch_of_each_run_is_marked() -> None:
    histories = {"a": _history([0.3, 0.5, 0.45]), "b": _history([0.2, 0.1])}
    (panel,) = _panels(histories, "Accuracy")
    rows = _rows(panel)
    marked = rows[rows["best"]]
    assert list(zip(marked["run"], marked["epoch"], strict=True)) == [("a", 2), ("b", 1)]


def test_the_best_epoch_needs_no_accuracy() -> None:
    history = _history([NAN, NAN, NAN])
    assert best_epoch(history) == 3  # the lowest val_loss
    assert best_epoch(history.drop(columns=["val_loss", "val_accuracy"])) is None


def test_panels_without_numbers_are_left_out() -> None:
    only_loss = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0]})
    assert available_panels({"a": only_loss}) == ("Loss",)
    assert len(_panels({"a": only_loss}, "Accuracy", "Loss", "F1")) == 1
    with pytest.raises(ValueError, match="history with numbers"):
        curves_chart({"a": only_loss}, ["Accuracy"])
    with pytest.raises(ValueError, match="Precision"):
        curves_chart({"a": only_loss}, ["Precision"])


def test_f1_of_one_run_has_every_emotion_and_of_several_the_chosen_one() -> None:
    f1 = {f"val_f1_{name}": [i / 10, i / 10] for i, name in enumerate(FER2013.names)}
    a, b = _history([0.3, 0.4], val_macro_f1=[0.2, 0.3], **f1), _history([0.1, 0.2], **f1)
    (alone,) = _panels({"a": a}, "F1")
    assert set(_rows(alone)["run"]) == {*FER2013.names, "macro"}
    (several,) = _panels({"a": a, "b": b}, "F1", f1_of="happy")
    rows = _rows(several)
    assert set(rows["run"]) == {"a", "b"}
    assert set(rows["value"]) == {FER2013.names.index("happy") / 10}


def test_log_axes_are_for_loss_and_learning_rate_and_only_where_all_is_positive() -> None:
    history = _history([0.3, 0.5])
    panels = _panels({"a": history}, "Accuracy", "Loss", "Learning rate", log=True)
    kinds = [_layer(panel, "line")["encoding"]["y"]["scale"].get("type") for panel in panels]
    assert kinds == [None, "log", "log"]
    history["learning_rate"] = [0.1, 0.0]
    (rate,) = _panels({"a": history}, "Learning rate", log=True)
    assert _layer(rate, "line")["encoding"]["y"]["scale"].get("type") is None


def test_smoothing_keeps_a_constant_and_calms_a_jump() -> None:
    assert smoothed([2.0, 2.0, 2.0], 0.9) == pytest.approx([2.0, 2.0, 2.0])
    assert smoothed([0.0, 1.0], 0.5) == pytest.approx([0.0, 2 / 3])
    assert smoothed([1.0, NAN, 1.0], 0.5)[2] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="smoothing"):
        CurveOptions(smoothing=1.0)
    (panel,) = _panels({"a": _history([0.1, 0.9])}, "Accuracy", smoothing=0.5)
    fields = [layer["encoding"].get("y", {}).get("field") for layer in panel["layer"]]
    assert fields[:2] == ["value", "smooth"]  # the plain curve stays, below


def test_the_pointer_is_one_for_all_panels() -> None:
    spec = curves_chart({"a": _history([0.3, 0.5])}).to_dict()
    (pointer,) = spec["params"]
    names = [
        layer["name"] for panel in spec["vconcat"] for layer in panel["layer"] if "name" in layer
    ]
    assert pointer["views"] == names
    assert len(names) == len(spec["vconcat"]) > 1


RUNS: dict[str, dict[str, Any]] = {
    "a": {"Network": "compact", "Epochs": 40, "EMA": True, "Best": 0.65},
    "b": {"Network": "flagship", "Epochs": 10, "EMA": False, "Best": 0.5},
    "c": {"Network": "compact", "Epochs": 25, "EMA": None, "Best": None},
}


def test_parallel_coordinates_place_numbers_by_size_and_words_on_steps() -> None:
    spec = parallel_chart(RUNS, ["Network", "Epochs", "EMA", "Nothing", "Best"], ["a"]).to_dict()
    rows = _rows(spec, 1)
    assert list(rows["column"].unique()) == ["Network", "Epochs", "EMA", "Best"]
    epochs = rows[rows["column"] == "Epochs"].set_index("run")["place"]
    assert epochs.to_dict() == {"a": 1.0, "b": 0.0, "c": 0.5}
    network = rows[rows["column"] == "Network"].set_index("run")["place"]
    assert network["a"] == network["c"] != network["b"]
    assert set(rows[rows["column"] == "EMA"]["value"]) == {"yes", "no"}
    assert rows[rows["run"] == "c"]["part"].nunique() == 1  # its gap is at the end


def test_parallel_coordinates_break_where_a_value_is_missing() -> None:
    runs = {"a": {"x": 1, "y": None, "z": 3}, "b": {"x": 2, "y": 5, "z": 4}}
    spec = parallel_chart(runs, ["x", "y", "z"]).to_dict()
    rows = _rows(spec, 1)
    assert rows[rows["run"] == "a"]["part"].nunique() == 2
    with pytest.raises(ValueError, match="two columns"):
        parallel_chart(runs, ["x"])


def test_f1_dots() -> None:
    spec = class_f1_chart({"a": {"happy": 0.9, "sad": 0.5}, "b": {"happy": 0.8}}, FER2013.names)
    rows = _rows(spec.to_dict(), 1)
    assert list(rows[["run", "emotion", "f1"]].itertuples(index=False, name=None)) == [
        ("a", "happy", 0.9),
        ("a", "sad", 0.5),
        ("b", "happy", 0.8),
    ]


def test_charts_become_files() -> None:
    chart = curves_chart({"a run": _history([0.3, 0.5])}, options=CurveOptions(legend=True))
    svg = chart_svg(chart)
    assert svg.startswith(b"<svg")
    assert b"a run" in svg
    assert b"Learning rate" in svg
    png = chart_png(chart, width_px=300, scale=1)
    assert png.startswith(b"\x89PNG")
    assert 300 <= int.from_bytes(png[16:20], "big") <= 360
