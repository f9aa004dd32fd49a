"""Faces of a video, as pictures beside the names of its people. Each is looked for once."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from emotion_core.errors import VideoError
from emotion_core.video.people_list import ListedPerson

# As many at a time: between them the page says how far it is.
_BATCH = 20
#: A time of the video in seconds, and the box of the face then, xyxy pixels.
_Face = tuple[float, tuple[float, ...]]


def face_jpegs_of(path: Path | None, people: Sequence[ListedPerson]) -> dict[int, bytes]:
    """Faces of people, as JPEGs.

    Args:
        path: of the video; None where it is gone.
        people: whose faces.

    Returns:
        {person: JPEG}; empty where the video cannot be read.
    """
    if path is None or not path.is_file():
        return {}
    faces: dict[int, _Face] = {
        person.id: (person.best_s, tuple(map(float, person.best_box))) for person in people
    }
    known = _known(str(path), path.stat().st_mtime_ns)
    missing = sorted({face for face in faces.values() if face not in known})
    try:
        _find(path, missing, known)
    except VideoError:
        return {}
    return {person: known[face] for person, face in faces.items()}


@st.cache_resource(show_spinner=False, max_entries=20)
def _known(
    path: str,  # noqa: ARG001 - the key of the cache
    stamp: int,  # noqa: ARG001 - the key of the cache
) -> dict[_Face, bytes]:
    """What was found in a file so far. Whoever joins people needs no other picture for it."""
    return {}


def _find(path: Path, missing: Sequence[_Face], known: dict[_Face, bytes]) -> None:
    import numpy as np

    from emotion_core.video.face_picture import face_pictures

    if not missing:
        return
    bar = st.progress(0.0, "Finding the faces")
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        jpegs = face_pictures(path, [(time_s, np.array(box, np.float32)) for time_s, box in batch])
        known.update(zip(batch, jpegs, strict=True))
        bar.progress((start + len(batch)) / len(missing), "Finding the faces")
    bar.empty()
