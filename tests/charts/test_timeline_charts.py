"""The charts of time: bands that fit, gaps where a face was away."""

from itertools import pairwise

import pytest

from emotion_core.charts import live_timeline, timeline_chart
from emotion_core.charts.timeline import ROWS
from emotion_core.emotions import FER2013

NAMES = FER2013.names
EVEN = [1 / 7] * 7


def rows(chart: object) -> list[dict[str, object]]:
    spec = chart.to_dict()  # type: ignore[attr-defined]
    (values,) = spec["datasets"].values()
    return list(values)


def test_each_face_has_its_band_and_the_expressions_fill_it() -> None:
    moments = [(float(t), {1: EVEN, 4: EVEN}) for t in range(5)]
    table = rows(timeline_chart(moments, NAMES, span_s=60))
    assert len(table) == 5 * 2 * 7
    for face, middle in ((1, 0), (4, -1)):
        band = [row for row in table if row["face"] == face and row["time_s"] == 0]
        assert min(row["low"] for row in band) == pytest.approx(middle - 0.43)  # type: ignore[type-var]
        assert max(row["high"] for row in band) == pytest.approx(middle + 0.43)  # type: ignore[type-var]
        assert all(a["high"] == b["low"] for a, b in pairwise(band))


def test_time_counts_back_from_now_or_from_the_start() -> None:
    moments = [(t, {1: EVEN}) for t in (100.0, 101.0)]
    assert {row["time_s"] for row in rows(timeline_chart(moments, NAMES, span_s=60))} == {-1.0, 0.0}
    whole = timeline_chart(moments, NAMES, span_s=200, ends_now=False)
    assert {row["time_s"] for row in rows(whole)} == {100.0, 101.0}


def test_a_face_that_was_away_leaves_a_gap() -> None:
    moments = [(t, {1: EVEN}) for t in (0.0, 0.5, 1.0, 9.0, 9.5)]
    parts = {row["part"] for row in rows(timeline_chart(moments, NAMES, span_s=60))}
    assert parts == {"1.1", "1.2"}
    whole = timeline_chart(moments, NAMES, span_s=60, gap_s=float("inf"))
    assert {row["part"] for row in rows(whole)} == {"1.1"}


def test_the_frame_of_the_chart_is_the_same_for_any_moment() -> None:
    def frame(time_s: float) -> object:
        spec = timeline_chart([(time_s, {1: EVEN})], NAMES, span_s=60).to_dict()
        spec.pop("datasets")
        spec.pop("data")
        return spec

    assert frame(1.0) == frame(40.0)


def test_nothing_yet_is_an_empty_chart_of_the_same_height() -> None:
    empty = timeline_chart([], NAMES, span_s=60).to_dict()
    assert empty["height"] == timeline_chart([(0, {1: EVEN})], NAMES, span_s=60).to_dict()["height"]


def test_markers_stand_at_their_time() -> None:
    chart = timeline_chart([(5.0, {1: EVEN})], NAMES, span_s=60, markers=[(3.0, "joke")])
    assert [{"time_s": -2.0, "note": "joke"}] in list(chart.to_dict()["datasets"].values())


def test_scores_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="wanted 7"):
        timeline_chart([(0.0, {1: [1.0]})], NAMES, span_s=60)


def test_the_live_chart_is_the_same_chart() -> None:
    moments = [(t / 2, {1: EVEN, 3: EVEN}) for t in range(9)]
    chart = timeline_chart(moments, NAMES, span_s=60)
    spec = live_timeline(moments, NAMES, span_s=60)
    assert spec.pop("datasets")[ROWS].to_dict("records") == rows(chart)
    whole = chart.to_dict()
    for one in (spec, whole):
        for part in (one, *one["layer"]):
            part.pop("data", None)
    whole.pop("datasets")
    assert spec == whole


def test_whoever_changes_a_live_chart_changes_no_other() -> None:
    live_timeline([], NAMES, span_s=60)["layer"].clear()
    assert len(live_timeline([], NAMES, span_s=60)["layer"]) == 1
