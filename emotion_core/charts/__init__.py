"""Charts: numbers in, an Altair chart out. Pure functions with one look.

The charts have a clear background and take fonts and text colours from where they are shown, so
they stay readable on light and dark pages. Emotions keep their order and their colours everywhere.
"""

from emotion_core.charts.models import confusion_chart, recall_chart
from emotion_core.charts.scores import score_bars_chart
from emotion_core.charts.timeline import live_timeline, timeline_chart

__all__ = [
    "confusion_chart",
    "live_timeline",
    "recall_chart",
    "score_bars_chart",
    "timeline_chart",
]
