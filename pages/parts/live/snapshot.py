"""Without video: one picture from the camera, read by the same pipeline."""

import streamlit as st

from emotion_core.drawing import draw_result
from emotion_core.html import live_figures
from emotion_core.images import decode_image, encode_jpeg
from emotion_core.live.view import LiveSettings
from emotion_core.pipeline import EmotionPipeline
from emotion_core.types import Frame
from emotion_core.wording import alt_text, count_of
from pages.parts.common.resources import classifier, session_detector
from pages.parts.common.settings import Settings


def snapshot(settings: Settings, chosen: LiveSettings) -> None:
    """A camera button; then the picture with its faces, and their shares beside it.

    Args:
        settings: shared by all pages.
        chosen: the live page's own; how pictures are drawn.
    """
    left, right = st.columns([2, 1], gap="large")
    with left:
        st.caption("Works where video cannot be connected: the browser sends one picture.")
        shot = st.camera_input("Take a picture", key="live_snapshot")
    with right:
        st.header("Faces", anchor=False)
    if shot is None:
        right.caption("Each face's number, expression and seven probabilities will appear here.")
        return
    image = decode_image(shot.getvalue(), name="the picture")
    pipeline = EmotionPipeline(
        session_detector(*settings.analysis_key.face_search),
        classifier(settings.card, settings.labels),
        threshold=settings.threshold,
        crop_size_px=settings.card.input_size_px,
    )
    result = pipeline.analyze(Frame(image))
    with left:
        st.image(
            encode_jpeg(draw_result(image, result, chosen.drawing)),
            alt=alt_text("The picture", result),
            width="stretch",
        )
    with right:
        st.caption(f"{count_of(len(result), 'face')} found.".capitalize())
        st.html(live_figures.faces_now(result))
