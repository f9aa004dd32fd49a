"""What stands below the player, one tab each; each brings what it needs when it is opened."""

import streamlit as st

from emotion_core.video.library import VideoEntry
from emotion_core.video.people_list import list_people
from emotion_core.video.view import VideoView
from emotion_core.video.view_settings import ViewSettings
from pages.parts.common.review.face_pictures import face_jpegs_of
from pages.parts.common.settings import Settings
from pages.parts.common.video_serving import views

_TABS = ("Summary", "People", "Markers", "Events", "Take home")


def sections(entry: VideoEntry, view: VideoView, look: ViewSettings, settings: Settings) -> None:
    """Draws the tabs; only the open one is worked out."""
    tab = st.segmented_control(
        "Below the player", _TABS, default=_TABS[0], required=True, key="video_section",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    folder = entry.folder
    match tab:
        case "Summary":
            from pages.parts.common.review.figures import figures

            markers = folder.markers.load()
            figures(view, markers, f"video_interval_{entry.id}", whole="Whole video")
        case "People":
            from pages.parts.common.review.people import people_panel

            path = None if settings.blur else entry.path
            people_panel(
                list_people(views().table(folder), folder.people.edits()),
                folder.people,
                f"video_{entry.id}",
                _version(entry),
                lambda people: face_jpegs_of(path, people),
                can_undo=bool(folder.people.edits()),
            )
        case "Markers":
            from pages.parts.common.review.markers_table import markers_table

            key = f"video_markers_{entry.id}_{_version(entry)}"
            markers_table(folder.markers.load(), folder.markers, key)
        case "Events":
            from pages.parts.common.review.events_table import events_table

            events_table(view, "video")
        case _:
            from pages.parts.videos.downloads import downloads

            downloads(entry, view, look, settings)


def _version(entry: VideoEntry) -> str:
    """Another one after every change, so that a table forgets what was written into it."""
    return f"{hash(views().version(entry.folder)) & 0xFFFFFFFF:x}"
