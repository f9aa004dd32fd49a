"""Faces of a video beside the names of its people."""

import base64
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from emotion_core.errors import VideoError
from emotion_core.video.people_list import ListedPerson

#: Faces beside the names; more would take long to find.
_MOST_PICTURES = 40


def face_pictures_of(path: Path | None, people: Sequence[ListedPerson]) -> dict[int, str]:
    """{person: data address of their face}; empty where the video cannot be read."""
    shown = people[:_MOST_PICTURES]
    if path is None or not path.is_file():
        return {}
    faces = tuple((person.best_s, tuple(map(float, person.best_box))) for person in shown)
    found = _face_uris(str(path), path.stat().st_mtime_ns, faces)
    return dict(zip((person.id for person in shown), found, strict=False))


@st.cache_data(show_spinner="Finding the faces", max_entries=20)
def _face_uris(
    path: str,
    stamp: int,  # noqa: ARG001 - the key of the cache
    faces: tuple[tuple[float, tuple[float, ...]], ...],
) -> list[str]:
    import numpy as np

    from emotion_core.video.face_picture import face_pictures

    try:
        wanted = [(time_s, np.array(box, np.float32)) for time_s, box in faces]
        jpegs = face_pictures(Path(path), wanted)
    except VideoError:
        return []
    return [f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" for jpeg in jpegs]
