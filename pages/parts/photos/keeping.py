"""Photos become a session: by a click, or every analysis by itself. Never twice."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from emotion_core.photos.photo_library import AnalysisKey, Photo, PhotoLibrary
from emotion_core.photos.pictures import small_picture
from emotion_core.types import FrameResult
from emotion_core.wording import count_of
from pages.parts.common.session_store import session_store
from pages.parts.common.settings import Settings

#: Key of the setting that keeps every analysis.
KEEP_ALL_KEY = "photos_keep_all"
PICTURES_KEY = "photos_keep_pictures"
_NAME_KEY = "photos_keep_name"
_STATE = "_photos_kept"
# Longest name of a session (``store.texts``, which brings the database).
_MAX_NAME = 100

Found = Sequence[tuple[Photo, FrameResult]]


class _Kept:
    """What of this visit's photos is kept, and what was said about it last."""

    def __init__(self) -> None:
        self.photos: set[tuple[str, AnalysisKey]] = set()
        self.last: _Line | None = None
        self.problem = ""
        self.failed: set[tuple[str, AnalysisKey]] = set()  # not tried again by itself


@dataclass(frozen=True, slots=True)
class _Line:
    session: str
    text: str


def keep_button(found: Found, settings: Settings, *, complete: bool) -> None:
    """The way to keep what is there, and the setting that keeps everything.

    Args:
        found: photos with what was read in them.
        settings: they were read with.
        complete: whether no photo waits.
    """
    with st.popover("Keep", icon=":material/bookmark_add:", disabled=not found):
        st.text_input(
            "Name of the session", key=_NAME_KEY, placeholder="Unnamed", max_chars=_MAX_NAME
        )
        st.checkbox(
            "With small pictures", key=PICTURES_KEY, persist_state="session",
            help="Otherwise only scores, boxes and file names are kept. Faces are blurred in them "
            "if Blur faces is on.",
        )  # fmt: skip
        st.button(
            "Keep as a session", key="photos_keep", icon=":material/bookmark_add:", type="primary",
            disabled=not complete, on_click=_keep_these, args=(found, settings), width="stretch",
        )  # fmt: skip
        st.toggle(
            "Keep every analysis as a session", key=KEEP_ALL_KEY, persist_state="session",
            on_change=_try_again,
            help="From now on, photos are kept as soon as all of them are analysed.",
        )  # fmt: skip


def keep_line() -> None:
    """What was kept last and where it is, or why it could not be kept."""
    kept = _kept()
    if kept.problem:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(f"Not kept. {plain(kept.problem)}", icon=":material/warning:")
            st.button("Try again", key="photos_keep_again", on_click=_try_again)
    elif kept.last is not None:
        with st.container(horizontal=True, vertical_alignment="center", key="photos_kept"):
            st.markdown(f":material/bookmark_added: {plain(kept.last.text)}", width="content")
            st.page_link(
                "pages/sessions.py", label="Open in Sessions", icon=":material/open_in_new:",
                query_params={"session": kept.last.session},
            )  # fmt: skip


def keep_every(library: PhotoLibrary, found: Found, settings: Settings) -> None:
    """Keeps what was analysed since the last time, if the user wants that."""
    key, kept = settings.analysis_key, _kept()
    if not st.session_state.get(KEEP_ALL_KEY) or library.waiting(key):
        return
    new = [
        (photo, result)
        for photo, result in found
        if (photo.digest, key) not in kept.photos and (photo.digest, key) not in kept.failed
    ]
    if new:
        _keep(new, settings)
        st.rerun()


def _keep_these(found: Found, settings: Settings) -> None:
    _keep(found, settings, name=st.session_state.get(_NAME_KEY, "").strip())
    if not _kept().problem:
        st.session_state[_NAME_KEY] = ""


def _keep(found: Found, settings: Settings, *, name: str = "") -> None:
    # Only now: they bring the database and the readers of videos.
    from emotion_core.store.adding import AnalysedPhoto
    from emotion_core.store.kept_photos import keep_photos, photos_metadata

    key, kept = settings.analysis_key, _kept()
    these = {(photo.digest, key) for photo, _ in found}
    pictures = bool(st.session_state.get(PICTURES_KEY))
    try:
        photos = [
            AnalysedPhoto(
                photo.name,
                result,
                photo.digest,
                small_picture(photo, result, blur=settings.blur) if pictures else None,
            )
            for photo, result in found
        ]
        metadata = photos_metadata(
            settings.card, settings.labels, settings.detector, threshold=settings.threshold,
            min_confidence=settings.min_confidence, small_faces=settings.small_faces,
        )  # fmt: skip
        done = keep_photos(
            session_store(), photos, metadata=metadata, name=name,
            label_set=settings.card.label_set,
        )  # fmt: skip
        title = done.session.info().name
    except EmotionLensError as error:
        kept.problem, kept.failed = str(error), kept.failed | these
        return
    kept.photos |= these
    kept.problem = ""
    n = count_of(len(found), "photo")
    called = f" as {title}" if title else ""
    text = f"{n} kept{called}." if done.is_new else f"Already kept{called}: {n}."
    kept.last = _Line(done.session.id, text)
    st.toast(plain(text), icon=":material/bookmark_added:")


def _kept() -> _Kept:
    kept: _Kept = st.session_state.setdefault(_STATE, _Kept())
    return kept


def _try_again() -> None:
    kept = _kept()
    kept.problem, kept.failed = "", set()
