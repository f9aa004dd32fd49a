"""What stands below the player, one tab each; each brings what it needs when it is opened."""

import streamlit as st

from emotion_core.video.library import VideoEntry
from emotion_core.video.view import VideoView
from emotion_core.video.view_settings import ViewSettings
from pages.parts.common.settings import Settings

_TABS = ("Summary", "People", "Markers", "Events", "Take home")


def sections(entry: VideoEntry, view: VideoView, look: ViewSettings, settings: Settings) -> None:
    """Draws the tabs; only the open one is worked out."""
    tab = st.segmented_control(
        "Below the player", _TABS, default=_TABS[0], required=True, key="video_section",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    match tab:
        case "Summary":
            from pages.parts.videos.figures import figures

            figures(entry, view)
        case "People":
            from pages.parts.videos.people_table import people_table

            people_table(entry, settings)
        case "Markers":
            from pages.parts.videos.markers_table import markers_table

            markers_table(entry)
        case "Events":
            from pages.parts.videos.events_table import events_table

            events_table(view)
        case _:
            from pages.parts.videos.downloads import downloads

            downloads(entry, view, look, settings)
