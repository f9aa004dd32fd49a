"""How photos come in: a drop zone or the camera. Both feed the same library."""

import re
from datetime import datetime

import streamlit as st

from emotion_core.images import IMAGE_SUFFIXES
from emotion_core.photos.photo_files import take_in
from emotion_core.wording import count_of
from pages.parts.common.session import forget_cleared, photo_library

_SOURCE_KEY = "photo_source"
_SOURCES = ("Files", "Camera")
_ROUND = "_intake_round"
_OTHER_CODES = re.compile(r"%(?!22|0D|0A)[0-9A-F]{2}")
_TYPES = [*sorted(suffix.lstrip(".") for suffix in IMAGE_SUFFIXES), "zip"]


def intake() -> None:
    """Draws the chosen source and takes what comes from it into the library."""
    source = st.segmented_control(
        "Where the photos come from",
        _SOURCES,
        default=_SOURCES[0],
        required=True,
        key=_SOURCE_KEY,
        persist_state="session",
        label_visibility="collapsed",
    )
    # A new key empties the widget: from here on the library is the only place that holds photos.
    number = st.session_state.setdefault(_ROUND, 0)
    if source == "Camera":
        shot = st.camera_input("Take a photo", key=f"camera_{number}", width=560, resolution="720p")
        name = f"camera {datetime.now():%H-%M-%S}.jpg"
        files = [(name, shot.getvalue())] if shot else []
    else:
        with st.container(key="intake_first" if photo_library().is_empty() else "intake"):
            dropped = st.file_uploader(
                "Drop photos here, or a zip of photos",
                type=_TYPES,
                accept_multiple_files=True,
                key=f"upload_{number}",
            )
        files = [(browser_name(file.name), file.getvalue()) for file in dropped]
    if files:
        _take_in(files)
        st.session_state[_ROUND] = number + 1
        st.rerun()


def browser_name(name: str) -> str:
    """The name that a file has on its owner's disk.

    Source: https://html.spec.whatwg.org/#multipart-form-data: browsers write these as %22, %0D and
    %0A, and nothing else; a name with other such codes has them from elsewhere.
    """
    if _OTHER_CODES.search(name):
        return name
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _take_in(files: list[tuple[str, bytes]]) -> None:
    library = photo_library()
    intake = take_in(files, library.room())
    known = library.add(intake.photos)
    library.failures.extend(intake.failures)
    library.passed_over.extend(intake.passed_over)
    forget_cleared()
    if known:
        st.toast(f"{count_of(known, 'photo')} already here.", icon=":material/content_copy:")
