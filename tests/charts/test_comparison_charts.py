"""Charts of conditions: what they draw can be read back, and draws without a browser."""

import math

import pandas as pd
import pytest

from emotion_core.charts.comparisons import (
    CONDITION_COLOURS,
    condition_curve_chart,
    condition_curves_chart,
    differences_chart,
    values_chart,
)
from emotion_core.charts.export import chart_svg
from emotion_core.emotions import Emotion

VALUES = pd.DataFrame(
    [
        ("calm", "happy", 0.2, 0.1, 0.3, 8),
        ("loud", "happy", 0.5, math.nan, math.nan, 1),
        ("calm", "sad", 0.1, 0.0, 0.2, 8),
        ("loud", "sad", 0.2, 0.1, 0.4, 8),
    ],
    columns=["condition", "expression", "value", "low", "high", "people"],
)


def pair(expression: str, difference: float, p: float, a: str = "calm", b: str = "loud"):
    return {
        "expression": expression, "a": a, "b": b, "difference": difference,
        "low": difference - 0.1, "high": difference + 0.1, "effect": -0.5 if p == p else math.nan,
        "p_holm": p,
    }  # fmt: skip


PAIRS = pd.DataFrame([pair("happy", 0.3, 0.0004), pair("sad", -0.05, 0.4),
                      pair("fear", 0.01, math.nan)])  # fmt: skip


CURVES = ["condition", "expression", "position", "value", "low", "high", "people"]


def curves(*conditions: str) -> pd.DataFrame:
    return pd.DataFrame([
        (condition, name, float(position), 0.3, 0.2, 0.4, 3)
        for condition in conditions
        for name in ("happy", "sad")
        # Nobody is seen in the middle.
        for position in (1, 3, 5, 11, 13)
    ], columns=CURVES)  # fmt: skip


def rows_of(spec: dict) -> list[dict]:
    """The longest table that a chart draws, wherever in it that stands."""
    parts = [part.get("data", {}).get("values", []) for part in (spec, *spec["layer"])]
    return max([*parts, *spec.get("datasets", {}).values()], key=len)


def test_values_stand_by_expression_and_condition() -> None:
    chart = values_chart(VALUES, ["happy", "sad"], ["calm", "loud"], title="Share", percent=True)
    spec = chart.to_dict()
    rows = rows_of(spec)
    assert [row["low"] for row in rows] == [0.1, None, 0.0, 0.1]
    dots = spec["layer"][1]["encoding"]
    assert dots["color"]["scale"]["range"] == list(CONDITION_COLOURS[:2])
    # Not by colour alone.
    assert len(set(dots["shape"]["scale"]["range"])) == 2
    svg = chart_svg(chart).decode()
    for word in ("calm", "loud", "happy", "sad", "40 %"):
        assert word in svg


def test_differences_say_which_side_is_more_and_how_sure_that_is() -> None:
    chart = differences_chart(PAIRS, ["happy", "sad", "fear"], title="Difference", percent=True)
    rows = {row["emotion"]: row for row in rows_of(chart.to_dict())}
    assert rows["happy"]["words"] == "g −0.50 · p <0.001"
    assert rows["sad"]["words"] == "g −0.50 · p 0.400"
    assert rows["fear"]["words"] == ""
    assert [rows[name]["convincing"] for name in rows] == [True, False, False]
    svg = chart_svg(chart).decode()
    assert "more in calm" in svg
    assert "more in loud" in svg
    assert Emotion.HAPPY.colour.lower() in svg.lower()


def test_several_pairs_have_a_row_each() -> None:
    table = pd.concat([PAIRS, pd.DataFrame([pair("happy", 0.1, 0.2, a="loud", b="a" * 50)])])
    chart = differences_chart(table, ["happy", "sad", "fear"], title="Difference")
    rows = [row["row"] for row in rows_of(chart.to_dict())]
    assert len(set(rows)) == 4
    assert max(map(len, rows)) < 70
    chart_svg(chart)


def test_a_curve_has_a_gap_where_nobody_is_seen() -> None:
    chart = condition_curve_chart(curves("calm", "loud"), "happy", title="Seconds")
    rows = rows_of(chart.to_dict())
    assert [row["part"] for row in rows if row["condition"] == "calm"] == [
        "calm.0", "calm.0", "calm.0", "calm.1", "calm.1"
    ]  # fmt: skip
    assert "Seconds" in chart_svg(chart).decode()


def test_curves_below_each_other_have_one_legend_and_one_axis() -> None:
    table = curves("calm", "loud")
    table["position"] -= 4
    chart = condition_curves_chart(table, ["happy", "sad"], title="Seconds from the marker")
    # As words beside what each mark says of itself.
    assert chart_svg(chart).decode().count(">Seconds from the marker<") == 1
    first, last = chart.to_dict()["vconcat"]
    assert "legend" in first["layer"][0]["encoding"]["color"]
    assert last["layer"][0]["encoding"]["color"]["legend"] is None
    assert len(first["layer"]) == 3  # with the marker's line


@pytest.mark.parametrize("n", [1, 8])
def test_any_number_of_conditions_can_be_drawn(n: int) -> None:
    names = [f"condition {i}" for i in range(n)]
    table = pd.concat([VALUES[VALUES["condition"] == "calm"].assign(condition=i) for i in names])
    chart_svg(values_chart(table, ["happy", "sad"], names, title="Share"))
    chart_svg(condition_curves_chart(curves(*names), ["happy"], title="x"))
