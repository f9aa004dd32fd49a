"""The people of a video: named, merged, hidden; splitting is done in the player, at its time."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from emotion_core.errors import VideoError
from emotion_core.video.library import VideoEntry
from emotion_core.video.people_list import ListedPerson, list_people
from emotion_core.video.video_folder import VideoFolder
from emotion_core.wording import clock
from pages.parts.common.settings import Settings
from pages.parts.common.video_serving import views
from pages.parts.videos.edits import attempt

_NOBODY = ""
#: Faces beside the names; more would take long to find.
_MOST_PICTURES = 40


def people_table(entry: VideoEntry, settings: Settings) -> None:
    """A row per person, in which everything can be changed, and undone."""
    folder = entry.folder
    people = list_people(views().table(folder), folder.people.edits())
    if not people:
        st.caption("No face was found.")
        return
    pictures = {} if settings.blur else _pictures(entry, people)
    version = hash(views().version(folder)) & 0xFFFFFFFF
    key = f"video_people_{entry.id}_{version:x}"
    names = {f"{person.name} (number {person.id})": person.id for person in people}
    rows = [
        {
            "picture": pictures.get(person.id),
            "name": person.name,
            "seconds": person.seconds,
            "span": f"{clock(person.first_s)} to {clock(person.last_s)}",
            "into": _NOBODY,
            "hidden": person.hidden,
        }
        for person in people
    ]
    st.data_editor(
        rows,
        key=key,
        hide_index=True,
        width="stretch",
        row_height=56 if pictures else None,
        disabled=["picture", "seconds", "span"],
        on_change=_changed,
        args=(folder, key, [person.id for person in people], names),
        column_config={
            "picture": st.column_config.ImageColumn("Face", width="small") if pictures else None,
            "name": st.column_config.TextColumn("Name", max_chars=100, required=True),
            "seconds": st.column_config.NumberColumn("Seen", format="%.1f s"),
            "span": st.column_config.TextColumn("From when until when"),
            "into": st.column_config.SelectboxColumn(
                "Is the same as", options=[_NOBODY, *names],
                help="Both become one person, under the name of the one chosen here.",
            ),
            "hidden": st.column_config.CheckboxColumn(
                "Hidden", help="Left out of the picture, the timeline, the figures and the files."
            ),
        },
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Undo", key="video_people_undo", icon=":material/undo:",
            disabled=not folder.people.edits(), on_click=attempt, args=(folder.people.undo,),
        )  # fmt: skip
        st.caption(
            "If one person turns into another in the middle: choose the person in the timeline, "
            "go to that moment, and press S."
        )


def _changed(folder: VideoFolder, key: str, people: list[int], names: Mapping[str, int]) -> None:
    changes = (st.session_state.get(key) or {}).get("edited_rows", {})
    for row, values in changes.items():
        attempt(_change, folder, people[int(row)], values, names)


def _change(
    folder: VideoFolder, person: int, values: Mapping[str, Any], names: Mapping[str, int]
) -> None:
    if "name" in values:
        folder.people.name(person, str(values["name"] or ""))
    if "hidden" in values:
        folder.people.hide(person, bool(values["hidden"]))
    if into := values.get("into"):
        folder.people.merge(person, names[into])


def _pictures(entry: VideoEntry, people: tuple[ListedPerson, ...]) -> dict[int, str]:
    """{person: data address of their face}; empty where the video cannot be read."""
    shown = people[:_MOST_PICTURES]
    if entry.path is None or not entry.path.is_file():
        return {}
    faces = tuple((person.best_s, tuple(map(float, person.best_box))) for person in shown)
    found = _face_uris(str(entry.path), entry.path.stat().st_mtime_ns, faces)
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
