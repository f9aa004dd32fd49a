"""Charts of an evaluation: the rows and selections in what they draw."""

from typing import Any

import pytest

from emotion_core.charts import confusion_chart
from emotion_core.charts.evaluation import (
    coverage_chart,
    precision_recall_chart,
    recall_change_chart,
    reliability_chart,
    robustness_chart,
    thinned,
)


def rows_of(chart: Any) -> list[dict[str, Any]]:
    """The rows of every set of data in a chart, one after the other."""
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


def test_cells_say_rates_or_counts_and_can_be_picked() -> None:
    counts = [[3, 1], [2000, 6000]]
    names = ["angry", "happy"]
    rates = confusion_chart(counts, names)
    assert [row["value"] for row in rows_of(rates)][:4] == ["75", "25", "25", "75"]
    assert "params" not in rates.to_dict()
    picked = confusion_chart(counts, names, rates=False, pick="cell")
    assert [row["value"] for row in rows_of(picked)][:4] == ["3", "1", "2,000", "6,000"]
    (param,) = picked.to_dict()["params"]
    assert param["name"] == "cell"
    assert param["select"]["fields"] == ["true", "predicted"]


def test_precision_recall_keeps_the_order_and_the_area() -> None:
    curves = {"sad": ([1.0, 0.8], [0.2, 1.0], 0.85), "fear": ([0.5], [1.0], 0.5)}
    rows = rows_of(precision_recall_chart(curves))
    assert [(row["emotion"], row["recall"], row["area"]) for row in rows][:3] == [
        ("sad", 0.2, "0.85"),
        ("sad", 1.0, "0.85"),
        ("fear", 1.0, "0.50"),
    ]
    with pytest.raises(ValueError, match="bored"):
        precision_recall_chart({"bored": ([1.0], [1.0], 1.0)})


def test_long_curves_are_thinned_and_keep_their_ends() -> None:
    points = [(i / 5000, 1 - i / 5000) for i in range(5001)]
    kept = thinned(points)
    assert len(kept) <= 160
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert thinned(points[:5]) == points[:5]


def test_the_point_of_the_threshold_is_marked() -> None:
    same = {"accuracy": 0.8, "ci_low": 0.5, "ci_high": 1.0, "n": 9}
    curve = [{"threshold": t, "coverage": 1 - t, **same} for t in (0.0, 0.3, 0.6)]
    rows = rows_of(coverage_chart(curve, 0.31))
    assert {row["threshold"] for row in rows if "words" in row} == {0.3}
    assert coverage_chart([], 0.5).to_dict()["layer"]


def test_reliability_has_a_diagonal_and_sized_dots() -> None:
    same = {"low": 0.4, "high": 0.5, "accuracy": 0.5, "ci_low": 0.3, "ci_high": 0.7}
    bins = [{**same, "n": 10, "confidence": 0.45}, {**same, "n": 40, "confidence": 0.5}]
    rows = rows_of(reliability_chart(bins))
    assert {"x": 1, "y": 1} in rows
    assert {row["weight"] for row in rows if "weight" in row} == {0.25, 1.0}


def test_robustness_has_one_line_per_model() -> None:
    row = {"level": 1.0, "accuracy": 0.6, "ci_low": 0.5, "ci_high": 0.7, "n": 100}
    chart = robustness_chart({"a": [row], "b": [row]}, "pixels", reverse=True, clean_level=48)
    rows = rows_of(chart)
    assert {r["model"] for r in rows if "model" in r} == {"a", "b"}
    assert {"level": 48} in rows


def test_recall_change_is_told_in_points() -> None:
    chart = recall_change_chart({"sad": 0.5}, {"sad": 0.45}, ("one", "two"))
    assert {row["change"] for row in rows_of(chart)} == {"-5.0 points"}
