"""Everything that can be taken along."""

import streamlit as st

from emotion_core.video.library import VideoEntry
from emotion_core.video.view import VideoView
from emotion_core.video.view_settings import ViewSettings
from pages.parts.common.settings import Settings


def downloads(entry: VideoEntry, view: VideoView, look: ViewSettings, settings: Settings) -> None:
    """Draws the downloads."""
    st.caption("soon")
