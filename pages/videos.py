"""Videos: bring files in, let them be read, watch them with what was read, take the results."""

import streamlit as st

from pages.parts.common.page_frame import show_page
from pages.parts.common.settings import Settings
from pages.parts.videos.choice import opened_video


def _videos(settings: Settings) -> None:
    # Only now, because tables take a while to import, and the sidebar can be seen.
    video = opened_video()
    if video is None:
        st.title("Videos", anchor=False)
        from pages.parts.videos.intake import intake
        from pages.parts.videos.listing import video_list

        intake(settings)
        video_list(blur=settings.blur)
        return
    from pages.parts.videos.opened import show_video

    show_video(video, settings)


show_page(_videos, kept="Your videos and what was read in them are kept.")
