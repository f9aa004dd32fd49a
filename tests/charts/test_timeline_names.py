"""The timeline as a file: who is who, and which colour is which expression, stand in it."""

import pytest

from emotion_core.charts.export import chart_svg
from emotion_core.charts.timeline import timeline_chart
from emotion_core.emotions import FER2013

MOMENTS = [(t / 2, {1: [0.4] + [0.1] * 6, 4: [0.1] * 6 + [0.4]}) for t in range(6)]


def svg(**options: object) -> str:
    chart = timeline_chart(MOMENTS, FER2013.names, span_s=3.0, ends_now=False, **options)  # type: ignore[arg-type]
    return chart_svg(chart).decode()


def test_people_and_expressions_are_named() -> None:
    found = svg(face_names={1: "Ada", 4: "Grace"}, legend=True)
    for words in ("Ada", "Grace", *FER2013.names):
        assert f">{words}</text>" in found


@pytest.mark.parametrize("word", ["Ada", "Face 1", "happy"])
def test_a_recording_has_neither(word: str) -> None:
    assert f">{word}</text>" not in svg()
