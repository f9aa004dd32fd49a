"""How a video is read: which frames, from when until when; model and detector are the sidebar's."""

from typing import Any

import streamlit as st

from emotion_core.errors import VideoError
from emotion_core.markdown import plain
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.sampling import parse_time
from pages.parts.common.settings import Settings

_PER_SECOND, _EVERY_N, _EVERY = "a second", "every n-th", "every"
_KINDS = {
    _PER_SECOND: "Some a second",
    _EVERY_N: "Every n-th frame",
    _EVERY: "Every frame",
}


def options_panel(settings: Settings) -> dict[str, Any]:
    """Draws the choices.

    Returns:
        Options of an analysis, as ``AnalysisOptions.to_dict``.
    """
    kind = st.segmented_control(
        "Frames", list(_KINDS), format_func=_KINDS.__getitem__, default=_PER_SECOND, required=True,
        key="video_sampling", persist_state="session",
    )  # fmt: skip
    every_s: float | None = None
    every_n: int | None = None
    if kind == _PER_SECOND:
        rate = st.number_input(
            "Frames a second", 0.1, 60.0, 5.0, step=1.0, key="video_rate", persist_state="session",
            help="Expressions last half a second and longer: five a second miss few of them.",
        )  # fmt: skip
        every_s = round(1 / rate, 6)
    elif kind == _EVERY_N:
        every_n = int(st.number_input("Every n-th frame", 1, 10_000, 5, key="video_every_n"))
    begin, end = st.columns(2)
    from_text = begin.text_input("From", "0:00", key="video_from", max_chars=20)
    to_text = end.text_input("To", "", key="video_to", max_chars=20, placeholder="the end")
    try:
        options = AnalysisOptions(
            every_s=every_s,
            every_n=every_n,
            from_s=parse_time(from_text or "0"),
            to_s=parse_time(to_text) if to_text.strip() else None,
            model=settings.card.name,
            labels=settings.labels,
            detector=settings.detector,
            min_confidence=settings.min_confidence,
            threshold=settings.threshold,
        )
        _ = options.sampling
    except VideoError as error:
        st.error(plain(error), icon=":material/error:")
        return AnalysisOptions(
            model=settings.card.name, labels=settings.labels, detector=settings.detector
        ).to_dict()
    st.caption("Model, face detector and threshold are those of the sidebar.")
    return options.to_dict()
