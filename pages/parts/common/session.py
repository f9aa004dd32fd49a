"""What a session remembers beside its widgets. The only place that knows the keys."""

import streamlit as st

from emotion_core.photos.photo_library import Photo, PhotoBook
from emotion_core.photos.pictures import PictureCache
from emotion_core.types import FrameResult
from pages.parts.common.settings import Settings

_BOOK = "_photo_book"
_CLEARED = "_cleared_book"
_PICTURES = "_pictures"


def photo_book() -> PhotoBook:
    """The photos of this session."""
    book: PhotoBook = st.session_state.setdefault(_BOOK, PhotoBook())
    return book


def pictures() -> PictureCache:
    """The pictures drawn last in this session."""
    cache: PictureCache = st.session_state.setdefault(_PICTURES, PictureCache())
    return cache


def clear_photos() -> None:
    """Takes all photos away, but keeps them for one undo."""
    st.session_state[_CLEARED] = photo_book()
    st.session_state[_BOOK] = PhotoBook()


def cleared_photos() -> PhotoBook | None:
    """The photos that were cleared last and can still come back."""
    book: PhotoBook | None = st.session_state.get(_CLEARED)
    return book


def undo_clear() -> None:
    """Brings the cleared photos back."""
    st.session_state[_BOOK] = st.session_state.pop(_CLEARED, PhotoBook())


def forget_cleared() -> None:
    """Gives the memory of cleared photos back, e.g. when new ones arrive."""
    st.session_state.pop(_CLEARED, None)


def last_face(settings: Settings) -> tuple[Photo, FrameResult, int] | None:
    """The clearest face of the newest photo that has one: (photo, result, row of the face)."""
    for photo, result in photo_book().results(settings.analysis_key, settings.threshold):
        if len(result):
            return photo, result, int(result.smoothed.confidences.argmax())
    return None
