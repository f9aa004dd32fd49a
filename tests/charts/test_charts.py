"""Charts are checked by the Vega-Lite document they give, not by their looks."""

from typing import Any

import pytest

from emotion_core.charts import confusion_chart, recall_chart, score_bars_chart
from emotion_core.emotions import FER2013, Emotion

SCORES = dict(zip(FER2013.names, (0.01, 0.0, 0.003, 0.93, 0.01, 0.017, 0.03), strict=True))


def _rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the only data set of a chart."""
    found = [*spec.get("datasets", {}).values()]
    found += [spec["data"]["values"]] if "values" in spec.get("data", {}) else []
    found += [
        layer["data"]["values"] for layer in spec["layer"] if "values" in layer.get("data", {})
    ]
    assert found
    return list(found[0])


def _encodings(spec: dict[str, Any], channel: str) -> list[dict[str, Any]]:
    return [layer["encoding"][channel] for layer in spec["layer"] if channel in layer["encoding"]]


def test_score_bars_keep_order_colours_and_values() -> None:
    spec = score_bars_chart(SCORES).to_dict()
    assert [row["emotion"] for row in _rows(spec)] == list(FER2013.names)
    assert [row["share"] for row in _rows(spec)] == list(SCORES.values())
    (colour,) = _encodings(spec, "color")
    assert colour["scale"]["domain"] == list(FER2013.names)
    assert colour["scale"]["range"] == [emotion.colour for emotion in FER2013]
    assert all(y["sort"] == list(FER2013.names) for y in _encodings(spec, "y"))


def test_score_bars_always_span_0_to_1_and_say_the_value() -> None:
    spec = score_bars_chart(SCORES).to_dict()
    assert all(x["scale"]["domain"] == [0, 1] for x in _encodings(spec, "x"))
    labels = [y["axis"].get("labelExpr", "") for y in _encodings(spec, "y")]
    assert any('"happy": "93 %"' in label and '"fear": "<1 %"' in label for label in labels)


def test_uncertain_bars_are_dashed_and_certain_ones_are_not() -> None:
    marks = [layer["mark"] for layer in score_bars_chart(SCORES, uncertain=True).to_dict()["layer"]]
    assert any("strokeDash" in mark for mark in marks)
    marks = [layer["mark"] for layer in score_bars_chart(SCORES).to_dict()["layer"]]
    assert not any("strokeDash" in mark for mark in marks)


@pytest.mark.parametrize("bad", [{"joy": 0.5}, {"happy": 1.2}, {"happy": -0.1}])
def test_score_bars_refuse_what_is_no_score(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"joy|happy"):
        score_bars_chart(bad)


def _per_class(recalls: dict[str, float]) -> dict[str, dict[str, float]]:
    return {name: {"recall": value, "support": 10} for name, value in recalls.items()}


def test_recall_names_the_most_frequent_mistake() -> None:
    spec = recall_chart(
        _per_class({"angry": 0.6, "happy": 0.9, "sad": 1.0}), [[6, 1, 3], [1, 9, 0], [0, 0, 10]]
    ).to_dict()
    assert [row["taken_for"] for row in _rows(spec)] == ["sad 30 %", "angry 10 %", ""]


def test_recall_without_confusion_names_no_mistake() -> None:
    spec = recall_chart(_per_class({"angry": 0.6, "happy": 0.9})).to_dict()
    assert [row["taken_for"] for row in _rows(spec)] == ["", ""]
    assert len(spec["layer"]) == 2


def test_confusion_rows_are_shares_of_the_true_emotion() -> None:
    spec = confusion_chart([[8, 2], [0, 0]], ["happy", "sad"]).to_dict()
    shares = {(row["true"], row["predicted"]): row["share"] for row in _rows(spec)}
    assert shares == {
        ("happy", "happy"): 0.8,
        ("happy", "sad"): 0.2,
        ("sad", "happy"): 0.0,
        ("sad", "sad"): 0.0,
    }


@pytest.mark.parametrize("counts", [[[1, 2]], [[1, 2], [3]], [[1, 2, 3], [4, 5, 6]]])
def test_confusion_of_another_size_is_refused(counts: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="wanted 2 rows of 2 counts"):
        confusion_chart(counts, ["happy", "sad"])


def test_all_charts_share_one_look() -> None:
    charts = [
        score_bars_chart(SCORES),
        recall_chart(_per_class({"angry": 0.6, "happy": 0.9})),
        confusion_chart([[8, 2], [1, 9]], ["happy", "sad"]),
    ]
    for chart in charts:
        spec = chart.to_dict()
        assert spec["background"] == "transparent"
        assert spec["config"]["view"] == {"stroke": None} | spec["config"]["view"]
        assert spec["height"] > 0  # fixed, so that nothing jumps
        # Streamlit's chart element adds to padding.bottom and fails on a plain number.
        assert set(spec["padding"]) == {"left", "top", "right", "bottom"}


def test_every_emotion_can_be_drawn() -> None:
    scores = {emotion.value: 1 / len(Emotion) for emotion in Emotion}
    (colour,) = _encodings(score_bars_chart(scores).to_dict(), "color")
    assert len(set(colour["scale"]["range"])) == len(Emotion)
