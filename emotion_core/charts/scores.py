"""Scores of one face."""

from collections.abc import Mapping
from typing import Any

from emotion_core.charts.theme import Chart, checked_share, share_bars
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
