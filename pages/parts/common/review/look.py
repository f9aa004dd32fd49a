"""How a timeline is drawn and its table is seen: chosen anew at any time, nothing is read again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from emotion_core.video.view_settings import OWN, ViewSettings


@dataclass(frozen=True, slots=True)
class Look:
    """What was chosen.

    Attributes:
        settings: how the table is decided.
        lines: lines in the timeline instead of bands.
        raw: the scores as they are, not smoothed.
    """

    settings: ViewSettings = OWN
    lines: bool = False
    raw: bool = False


def look_controls(options: Mapping[str, Any], kind: str, key: str) -> Look:
    """Draws the choices.

    Args:
        options: of the reading, with its ``threshold`` and ``half_life_s``.
        kind: ``"video"`` or ``"session"``.
        key: of what is shown; another one has its own threshold and smoothing.
    """
    own_threshold = float(options.get("threshold") or 0.0)
    own_half_life = float(options.get("half_life_s") or 0.0)
    with st.popover("How it is shown", icon=":material/tune:"):
        form = st.segmented_control(
            "Timeline", ("Bands", "Lines"), default="Bands", required=True, key=f"{kind}_form",
            persist_state="session",
        )  # fmt: skip
        scores = st.segmented_control(
            "Scores", ("Smoothed", "Raw"), default="Smoothed", required=True,
            key=f"{kind}_scores", persist_state="session",
        )  # fmt: skip
        threshold = st.slider(
            "Uncertain below", 0.0, 0.95, round(own_threshold, 2), 0.01, format="percent",
            key=f"{kind}_threshold_{key}",
            help="Here only: the labels, the statistics and the downloads follow at once. "
            "Nothing is read again.",
        )  # fmt: skip
        half_life = st.slider(
            "Smoothing, seconds", 0.0, 2.0, min(2.0, round(own_half_life, 1)), 0.1,
            key=f"{kind}_half_life_{key}",
            help="After so long half of an old score is forgotten. 0: every frame for itself.",
        )  # fmt: skip
    changed = ViewSettings(
        None if abs(threshold - own_threshold) < 0.006 else round(threshold, 2),
        None if abs(half_life - min(2.0, own_half_life)) < 0.06 else round(half_life, 1),
    )
    return Look(changed, form == "Lines", scores == "Raw")


def look_query(settings: ViewSettings) -> str:
    """The part of a query that says how a table is decided; begins with ``&`` or is empty."""
    return "".join(
        f"&{name}={value}"
        for name, value in (
            ("threshold", settings.threshold),
            ("half_life_s", settings.half_life_s),
        )
        if value is not None
    )
