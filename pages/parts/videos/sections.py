"""What stands below the player, one tab each."""

import streamlit as st

from emotion_core.video.library import VideoEntry
from emotion_core.video.view import VideoView
from emotion_core.video.view_settings import ViewSettings
from pages.parts.common.settings import Settings
from pages.parts.videos.downloads import downloads
from pages.parts.videos.events_table import events_table
from pages.parts.videos.figures import figures
from pages.parts.videos.markers_table import markers_table
from pages.parts.videos.people_table import people_table

_TABS = ("Summary", "People", "Markers", "Events", "Take home")


def sections(entry: VideoEntry, view: VideoView, look: ViewSettings, settings: Settings) -> None:
    """Draws the tabs; only the open one is worked out."""
    tab = st.segmented_control(
        "Below the player", _TABS, default=_TABS[0], required=True, key="video_section",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    match tab:
        case "Summary":
            figures(entry, view)
        case "People":
            people_table(entry, settings)
        case "Markers":
            markers_table(entry)
        case "Events":
            events_table(view)
        case _:
            downloads(entry, view, look, settings)
