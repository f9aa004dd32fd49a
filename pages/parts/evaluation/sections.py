"""The parts below the figures. Only the open one is drawn."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from emotion_core.evaluation import Evaluation
from pages.parts.common.settings import Settings
from pages.parts.evaluation.calibration import calibration, confidence
from pages.parts.evaluation.choice import Choice
from pages.parts.evaluation.classes import classes
from pages.parts.evaluation.compare import comparison
from pages.parts.evaluation.confusion import confusion
from pages.parts.evaluation.heat_map import heat_map
from pages.parts.evaluation.resting import resting
from pages.parts.evaluation.robustness import robustness
from pages.parts.evaluation.shifted import shifted

TAB_KEY = "ev_tab"
TABS = (
    "Confusion",
    "Per expression",
    "Calibration",
    "Confidence",
    "Resting faces",
    "Shifted faces",
    "Robustness",
    "Compare",
    "Heat map",
)


def sections(
    choice: Choice, evaluation: Evaluation, figures: Mapping[str, Any], settings: Settings
) -> None:
    """Draws the tabs and the open one's content."""
    draw: tuple[Callable[[], None], ...] = (
        lambda: confusion(choice, evaluation, figures),
        lambda: classes(evaluation, figures),
        lambda: calibration(evaluation, figures),
        lambda: confidence(evaluation, figures),
        lambda: resting(choice, evaluation),
        lambda: shifted(choice),
        lambda: robustness(choice),
        lambda: comparison(choice, evaluation),
        lambda: heat_map(choice, evaluation, settings),
    )
    tabs = st.tabs(TABS, key=TAB_KEY, on_change="rerun")
    for tab, content in zip(tabs, draw, strict=True):
        if tab.open:
            with tab:
                content()
