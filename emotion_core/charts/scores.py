"""Scores of one face, and shares of time."""

from collections.abc import Mapping, Sequence
from typing import Any

from emotion_core.charts.theme import Chart, checked_share, share_bars
from emotion_core.emotions import Emotion
from emotion_core.wording import percent


def score_bars_chart(scores: Mapping[str, float], *, uncertain: bool = False) -> Chart:
    """The scores of one face as one bar per emotion.

    Args:
        scores: {emotion: probability}; the order given is the order drawn.
        uncertain: the bars are then pale with a dashed outline.

    Raises:
        ValueError: an unknown emotion, or a share outside 0 to 1.
    """
    rows = [
        {"emotion": name, "share": checked_share(name, value), "value": percent(value)}
        for name, value in scores.items()
    ]
    style: dict[str, Any] = {}
    if uncertain:
        style = {"fillOpacity": 0.3, "strokeDash": [3, 2], "strokeWidth": 1}
    return share_bars(rows, list(scores), "score", style)


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
    return share_bars(rows, list(names), "of the time", {})
