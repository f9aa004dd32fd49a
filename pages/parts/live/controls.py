"""The live page's own settings, in the sidebar below those that all pages share."""

from dataclasses import dataclass

import streamlit as st

from emotion_core.drawing import DrawOptions
from emotion_core.live.view import LiveSettings
from emotion_core.stream import StreamOptions
from pages.parts.common.settings import Settings

SIZES = {"320 × 240": (320, 240), "640 × 480": (640, 480), "1280 × 720": (1280, 720)}
_DEFAULT_SIZE = "640 × 480"

SMOOTHING_KEY = "live_half_life"
EVERY_KEY = "live_detect_every"
MIRROR_KEY = "live_mirror"
RAW_KEY = "live_raw"
BOXES_KEY = "live_boxes"
LABELS_KEY = "live_labels"
LANDMARKS_KEY = "live_landmarks"
SIZE_KEY = "live_size"


@dataclass(frozen=True, slots=True)
class LiveChoice:
    """What the viewer chose: the stream's settings, and the size that the camera is asked for."""

    settings: LiveSettings
    size_px: tuple[int, int]


def live_controls(settings: Settings) -> LiveChoice:
    """Draws the controls and returns their values; all but the size act on the running video."""
    defaults = StreamOptions()
    with st.sidebar:
        st.header("Live video", anchor=False)
        half_life_s = st.slider(
            "Smoothing", 0.0, 2.0, defaults.half_life_s, 0.1, format="%.1f s",
            key=SMOOTHING_KEY, persist_state="session",
            help="Half-life: after this time, half of a change shows. 0 shows every flicker.",
        )  # fmt: skip
        raw = st.toggle(
            "Show raw scores", key=RAW_KEY, persist_state="session",
            help="The scores of each frame alone, without smoothing or stable labels.",
        )  # fmt: skip
        detect_every = st.slider(
            "Detect faces every", 1, 10, defaults.detect_every, format="%d frames",
            key=EVERY_KEY, persist_state="session",
            help="In between, known faces are tracked, which takes less time.",
        )  # fmt: skip
        mirror = st.toggle("Mirror", value=True, key=MIRROR_KEY, persist_state="session")
        boxes = st.toggle("Boxes", value=True, key=BOXES_KEY, persist_state="session")
        labels = st.toggle("Labels", value=True, key=LABELS_KEY, persist_state="session")
        landmarks = st.toggle("Landmarks", key=LANDMARKS_KEY, persist_state="session")
        size = st.selectbox(
            "Picture size", list(SIZES), index=list(SIZES).index(_DEFAULT_SIZE),
            key=SIZE_KEY, persist_state="session",
            help="Takes effect at the next start. The browser may send smaller pictures over a "
                 "slow network.",
        )  # fmt: skip
    return LiveChoice(
        LiveSettings(
            stream=StreamOptions(detect_every, half_life_s, settings.threshold),
            drawing=DrawOptions(
                boxes=boxes, labels=labels, landmarks=landmarks, blur_faces=settings.blur,
                numbers=labels,
            ),
            mirror=mirror,
            raw=raw,
        ),
        SIZES[size],
    )  # fmt: skip
