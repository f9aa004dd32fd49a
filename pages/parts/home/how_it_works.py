"""The way from a picture to seven scores, shown on the user's own last face or as a drawing."""

import streamlit as st

from emotion_core.charts import score_bars_chart
from emotion_core.html import pieces
from emotion_core.html.schematic import EXAMPLE_SCORES, crop_drawing, face_drawing, picture_drawing
from emotion_core.photos.photo_library import Photo
from emotion_core.photos.pictures import CARD_PX, annotated_picture, crop_picture, face_picture
from emotion_core.types import FrameResult
from emotion_core.wording import alt_text, describe_face
from pages.parts.common.settings import Settings

_STEPS = (
    ("1. Your picture.", "A detector looks for faces in it."),
    ("2. Each face", "is cropped the way FER‑2013 shows faces."),
    ("3. 48 × 48 grey pixels", "are all that the network sees."),
    ("4. Seven scores", "that add up to 100\u00a0%."),
)


def draw(last: tuple[Photo, FrameResult, int] | None, settings: Settings) -> None:
    """Draws the four steps side by side."""
    columns = st.columns(4, gap="medium")
    for column, (title, text) in zip(columns, _STEPS, strict=True):
        with column:
            st.markdown(f"**{title}** {text}")
    with columns[0], st.container(key="step_picture"):
        _picture(last, settings)
    with columns[1], st.container(key="step_face"):
        _face(last, settings)
    with columns[2], st.container(key="step_crop"):
        _crop(last, settings)
    with columns[3]:
        _scores(last)
    if last is None:
        st.caption(
            "A drawing with made-up scores. Your own photo will appear here once you have "
            "tried one."
        )
    else:
        st.html(pieces.paragraph(f"From your photo {last[0].name}.", quiet=True))


def _picture(last: tuple[Photo, FrameResult, int] | None, settings: Settings) -> None:
    if last is None:
        st.image(picture_drawing(), alt="Drawing: a picture with a box around a face")
        return
    photo, result, _ = last
    picture = annotated_picture(photo, result, side_px=CARD_PX, blur=settings.blur)
    st.image(picture, alt=alt_text(photo.name, result))


def _face(last: tuple[Photo, FrameResult, int] | None, settings: Settings) -> None:
    if last is None:
        st.image(face_drawing(), alt="Drawing: the face cut out of the picture")
        return
    photo, result, face = last
    if settings.blur:
        st.image(crop_picture(result, face, blur=True), alt="The face, hidden")
    else:
        st.image(face_picture(photo, result, face), alt="The face inside its box")


def _crop(last: tuple[Photo, FrameResult, int] | None, settings: Settings) -> None:
    if last is None:
        st.image(crop_drawing(), alt="Drawing: the face as a few grey squares")
        return
    _, result, face = last
    st.image(crop_picture(result, face, blur=settings.blur), alt="The face in 48 by 48 grey pixels")


def _scores(last: tuple[Photo, FrameResult, int] | None) -> None:
    if last is None:
        st.altair_chart(score_bars_chart(EXAMPLE_SCORES), alt="Example: looks happy (81 %)")
        return
    decisions, face = last[1].decisions, last[2]
    shares, uncertain = decisions.scores.as_dict(face), bool(decisions.uncertain[face])
    chart = score_bars_chart(shares, uncertain=uncertain)
    st.altair_chart(chart, alt=f"The face {describe_face(decisions, face)}")
