"""Photos as cards, and one photo opened: the picture, each face's crop and its seven scores."""

import numpy as np
import streamlit as st

from emotion_core.charts import score_bars_chart
from emotion_core.faces import (
    DEFAULT_MAX_SIDE_PX,
    SmallFaces,
    all_detectors,
    detector_info,
    harder_search,
)
from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.photos.photo_library import Photo, PhotoLibrary
from emotion_core.photos.pictures import (
    CARD_PX,
    PREVIEW_PX,
    annotated_picture,
    crop_picture,
    plain_picture,
)
from emotion_core.types import FrameResult
from emotion_core.wording import alt_text, count_of, describe_face, percent
from pages.parts.common.guard import guarded
from pages.parts.common.session import pictures
from pages.parts.common.settings import (
    DETECTOR_KEY,
    SMALL_FACES_KEY,
    Settings,
    min_confidence_key,
)

CARDS_PER_PAGE = 12
FACES_PER_PAGE = 4

#: From here on a larger picture of the same faces would not show them better to a detector.
_LARGE_PX = 2 * DEFAULT_MAX_SIDE_PX


def photo_grid(library: PhotoLibrary, settings: Settings) -> tuple[str, ...]:
    """All photos as cards, a page at a time; returns the digests of the photos on this page."""
    photos = list(library.photos.values())
    n_pages = -(-len(photos) // CARDS_PER_PAGE)
    page = 1
    if n_pages > 1:
        page = st.pagination(n_pages, key="photo_page", persist_state="session")
    first = (min(page, n_pages) - 1) * CARDS_PER_PAGE
    shown = photos[first : first + CARDS_PER_PAGE]
    with st.container(key="photo_grid"):
        for photo in shown:
            with st.container(border=True, height="stretch"):
                result = library.result(photo, settings.analysis_key, settings.threshold)
                _card(library, photo, result, settings)
    return tuple(photo.digest for photo in shown)


def photo_detail(photo: Photo, result: FrameResult, settings: Settings) -> None:
    """One photo at full width: the picture left, its faces right."""
    with st.container(key="photo_detail"):
        left, right = st.columns([3, 2], gap="medium")
    with left:
        with st.container(key="detail_picture"):
            picture = _annotated(photo, result, settings, PREVIEW_PX)
            st.image(picture, alt=alt_text(photo.name, result), width="stretch")
        st.html(pieces.photo_line(photo.name, _how_found(result)))
    with right:
        if len(result):
            _faces(photo, result, settings)
        else:
            _no_face(photo, result, settings)


def _how_found(result: FrameResult) -> str:
    width, height = result.size_px
    took_ms = sum(result.stage_ms.values())
    note = f"{width} × {height} pixels · {took_ms:.0f} ms to find faces and read expressions"
    if result.rotation_deg:
        note += f" · faces found after rotating the picture by {result.rotation_deg}°"
    return note


def _card(
    library: PhotoLibrary, photo: Photo, result: FrameResult | None, settings: Settings
) -> None:
    if result is None:
        if photo.preview:
            plain = pictures().get(
                (photo.digest, "plain"), lambda: plain_picture(photo, side_px=CARD_PX)
            )
            st.image(plain, alt=f"{photo.name}, not analysed yet", width="stretch")
        st.html(pieces.card_title(photo.name, "waiting"))
        return
    st.image(
        _annotated(photo, result, settings, CARD_PX), alt=alt_text(photo.name, result),
        width="stretch",
    )  # fmt: skip
    st.html(pieces.card_title(photo.name, count_of(len(result), "face")))
    if len(result):
        st.html(pieces.face_chips(result))
    else:
        st.caption("No face found. See the details for what to try.")
    with st.container(horizontal=True, vertical_alignment="bottom", height="stretch"):
        if st.button("Details", icon=":material/open_in_full:", key=f"open_{photo.digest}"):
            _open(photo, result, settings)
        st.button(
            "Remove", icon=":material/close:", key=f"remove_{photo.digest}", type="tertiary",
            on_click=library.remove, args=(photo.digest,),
        )  # fmt: skip


@st.dialog("Photo", width="large", icon=":material/photo:")
def _open(photo: Photo, result: FrameResult, settings: Settings) -> None:
    with guarded():
        photo_detail(photo, result, settings)


def _faces(photo: Photo, result: FrameResult, settings: Settings) -> None:
    n_pages = -(-len(result) // FACES_PER_PAGE)
    page = st.pagination(n_pages, key=f"faces_{photo.digest}") if n_pages > 1 else 1
    first = (page - 1) * FACES_PER_PAGE
    for face in list(result)[first : first + FACES_PER_PAGE]:
        with st.container(border=True):
            _face(photo, result, face, settings)


def _face(photo: Photo, result: FrameResult, face: int, settings: Settings) -> None:
    scores = result.smoothed
    number = int(result.track_ids[face])
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(key=f"crop_{photo.digest}_{number}", width=88):
            hidden = ", hidden" if settings.blur else ""
            st.image(
                crop_picture(result, face, blur=settings.blur),
                width=88,
                alt=f"Face {number} as the classifier sees it{hidden}",
            )
        with st.container(width="stretch"):
            st.html(pieces.one_chip(result, face))
            second = int(np.argsort(scores.probabilities[face])[-2])
            share = percent(float(scores.probabilities[face, second]))
            st.caption(f"Second guess: {scores.label_set[second]} ({share})")
    described = describe_face(result.decisions, face)
    st.altair_chart(
        score_bars_chart(scores.as_dict(face), uncertain=bool(result.uncertain[face])),
        key=f"bars_{photo.digest}_{number}",
        alt=f"Face {number} {described}: the probabilities of all expressions.",
    )


def _no_face(photo: Photo, result: FrameResult, settings: Settings) -> None:
    harder = harder_search(result.size_px, DEFAULT_MAX_SIDE_PX, settings.small_faces)
    with st.container(border=True):
        st.markdown("**No face found**")
        st.caption(
            "The picture was also tried rotated by 90, 180 and 270 degrees. "
            f"{_advice(result.size_px, harder)} {'Try' if harder else 'Or try'}:"
        )
        if harder is not None:
            st.button(
                "Search thoroughly for small faces"
                if harder is SmallFaces.THOROUGH
                else "Search small faces",
                icon=":material/zoom_in:",
                key=f"small_{photo.digest}",
                on_click=_set,
                args=(SMALL_FACES_KEY, harder),
            )
        lowest = detector_info(settings.detector).confidences.lowest
        if settings.min_confidence is None or settings.min_confidence > lowest:
            st.button(
                f"Minimum detection confidence {percent(lowest)}",
                icon=":material/tune:",
                key=f"lower_{photo.digest}",
                on_click=_set,
                args=(min_confidence_key(settings.detector), lowest),
            )
        others = [i for i in all_detectors() if i.available and i.name != settings.detector]
        for info in others[:2]:
            st.button(
                f"Search with {plain(info.title)}",
                icon=":material/frame_person:",
                key=f"detector_{info.name}_{photo.digest}",
                on_click=_set,
                args=(DETECTOR_KEY, info.name),
            )


def _advice(size_px: tuple[int, int], harder: SmallFaces | None) -> str:
    """What helps most: pixels where there are few, a closer look where there are many."""
    if harder is not None:
        return (
            "In a photo this large, small faces are lost unless they are searched for at a "
            "higher resolution."
        )
    if max(size_px) > _LARGE_PX:
        return "Cropping the photo closer to the faces helps most."
    return "A larger picture, or one cropped closer to the faces, helps most."


def _annotated(photo: Photo, result: FrameResult, settings: Settings, side_px: int) -> bytes:
    entry = (photo.digest, settings.analysis_key, settings.threshold, settings.blur, side_px)
    return pictures().get(
        entry, lambda: annotated_picture(photo, result, side_px=side_px, blur=settings.blur)
    )


def _set(key: str, value: object) -> None:
    st.session_state[key] = value
