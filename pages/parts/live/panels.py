"""What stands beside and below the video: faces now, the last minute, the state of the stream."""

from typing import Literal

import streamlit as st

from emotion_core.charts import live_timeline
from emotion_core.emotions import FER2013, LabelSet
from emotion_core.html import live_figures, pieces
from emotion_core.live.connection import NO_VIDEO_ADVICE
from emotion_core.live.resting_face import LEARN_S, BaselineState
from emotion_core.live.session import LiveSession
from emotion_core.live.timeline import SPAN_S, time_note
from emotion_core.live.view import LiveView
from emotion_core.markdown import plain
from pages.parts.common.guard import guarded
from pages.parts.live.state import viewer_gate
from pages.parts.live.when import SILENT_S, is_of_now, when

_FACES_EVERY_S = 0.5
_CHARTS_EVERY_S = 1.0
# Without a video of one's own: others come and go.
_IDLE_EVERY_S = 4.0
# What the newest picture shows, now and afterwards.
_SOMEBODY = ("In the picture now", "Last seen")
_NOBODY = (
    "No face in the picture. Come closer, or turn towards the light.",
    "No face in the last picture, of",
)
# Room of one face with its seven shares, and of all; more can be scrolled to.
_FACE_PX = 210
_FACES_PX = 420


def faces_panel(live: LiveSession, *, playing: bool) -> None:
    """Scores per face and the baseline, renewed by themselves while video plays."""
    st.fragment(run_every=_FACES_EVERY_S if playing else None)(_faces_now)(live, playing)


def charts_panel(live: LiveSession, *, playing: bool) -> None:
    """Health, the last minute and the share of time, renewed by themselves."""
    st.fragment(run_every=_CHARTS_EVERY_S if playing else _IDLE_EVERY_S)(_charts)(live, playing)


def _faces_now(live: LiveSession, playing: bool) -> None:
    with guarded():
        view = live.view()
        is_now = is_of_now(view, playing=playing)
        st.header("Faces", anchor=False)
        if view.result is not None:
            words = _SOMEBODY if len(view.result) else _NOBODY
            st.html(when(*words, view.idle_s, is_now=is_now))
        with st.container(height=_height(view, playing), border=False, key="live_faces"):
            _say(view, playing)
            if view.result is not None and len(view.result):
                st.html(live_figures.faces_now(view.result, view.baseline.faces, is_now=is_now))
        _baseline(live, view.baseline, playing)


def _height(view: LiveView, playing: bool) -> int | Literal["content"]:
    """Room for as many faces as there were in the last minute, so that what is below stays put."""
    faces = max((len(moment.scores) for moment in view.moments), default=0)
    if not faces or (not playing and faces * _FACE_PX < _FACES_PX):
        return "content"
    return min(_FACES_PX, faces * _FACE_PX)


def _say(view: LiveView, playing: bool) -> None:
    """What stands here instead of faces."""
    if playing and view.message:
        st.error(plain(view.message), icon=":material/error:")
    elif playing and view.idle_s is None:
        st.caption(NO_VIDEO_ADVICE)
    elif playing and view.idle_s is not None and view.idle_s > SILENT_S:
        st.caption("No new picture comes from the camera.")
    elif view.result is None:
        st.caption("Each face's number, expression and seven probabilities will appear here.")


def _baseline(live: LiveSession, state: BaselineState, playing: bool) -> None:
    if state.progress is not None:
        left = round(LEARN_S * (1 - state.progress))
        st.progress(state.progress, f"Keep a resting face: {left} s left")
        st.button("Cancel", key="baseline_cancel", on_click=live.forget_baseline)
        return
    if state.faces:
        numbers = ", ".join(f"{face:d}" for face in state.faces)
        st.caption(f":material/person_check: Relative to the resting face of face {numbers}.")
        st.button(
            "Back to absolute scores", key="baseline_forget", icon=":material/undo:",
            on_click=live.forget_baseline,
        )  # fmt: skip
        return
    if state.failed:
        st.caption("No face was visible for long enough. Stay in the picture and try again.")
    st.button(
        "Learn my resting face", key="baseline_learn", icon=":material/sentiment_neutral:",
        on_click=live.learn_baseline, disabled=not playing,
        help=f"Look at the camera with a resting face for {LEARN_S:.0f} s. Then scores are shown "
        "relative to it, until you go back.",
    )  # fmt: skip


def _charts(live: LiveSession, playing: bool) -> None:
    with guarded():
        view = live.view()
        gate = viewer_gate()
        labels = _labels(view)
        is_now = is_of_now(view, playing=playing)
        st.html(live_figures.health_strip(view.health, gate.viewers(), gate.limit))
        wide, narrow = st.columns([2, 1], gap="large")
        with wide:
            st.header("The last minute", anchor=False)
            if view.moments:
                st.html(when("Up to now", "Up to", view.idle_s, is_now=is_now))
            moments = [(moment.time_s, moment.scores) for moment in view.moments]
            st.vega_lite_chart(
                spec=live_timeline(moments, labels.names, span_s=SPAN_S),
                key="live_timeline",
                alt="Probabilities of all expressions over the last minute, one band per face.",
            )
            st.html(pieces.legend(labels.emotions))
        with narrow:
            st.header("Share of the time", anchor=False)
            st.html(live_figures.time_share(view.seconds, labels.emotions))
            st.caption(time_note(view.seconds))


def _labels(view: LiveView) -> LabelSet:
    return FER2013 if view.result is None else view.result.smoothed.label_set
