"""What a session remembers beside its widgets. The only place that knows the keys."""

import streamlit as st

from emotion_core.photos.photo_library import Photo, PhotoLibrary
from emotion_core.photos.pictures import PictureCache
from emotion_core.types import FrameResult
from pages.parts.common.settings import Settings

_LIBRARY = "_photo_library"
_CLEARED = "_cleared_library"
_PICTURES = "_pictures"


def photo_library() -> PhotoLibrary:
    """The photos of this session."""
    library: PhotoLibrary = st.session_state.setdefault(_LIBRARY, PhotoLibrary())
    return library


def pictures() -> PictureCache:
    """The pictures drawn last in this session."""
    cache: PictureCache = st.session_state.setdefault(_PICTURES, PictureCache())
    return cache


def clear_photos() -> None:
    """Takes all photos away, but keeps them for one undo."""
    st.session_state[_CLEARED] = photo_library()
    st.session_state[_LIBRARY] = PhotoLibrary()


def cleared_photos() -> PhotoLibrary | None:
    """The photos that were cleared last and can still come back."""
    library: PhotoLibrary | None = st.session_state.get(_CLEARED)
    return library


def undo_clear() -> None:
    """Brings the cleared photos back."""
    st.session_state[_LIBRARY] = st.session_state.pop(_CLEARED, PhotoLibrary())


def forget_cleared() -> None:
    """Gives the memory of cleared photos back, e.g. when new ones arrive."""
    st.session_state.pop(_CLEARED, None)


def last_face(settings: Settings) -> tuple[Photo, FrameResult, int] | None:
    """The clearest face of the newest photo that has one: (photo, result, row of the face)."""
    for photo, result in photo_library().results(settings.analysis_key, settings.threshold):
        if len(result):
            return photo, result, int(result.smoothed.confidences.argmax())
    return None
