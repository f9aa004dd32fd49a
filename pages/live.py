"""Live: the camera's picture with every face's expression in it, and what it shows over time."""

import streamlit as st

from pages.parts.common.camera_lifecycle import leave_camera
from pages.parts.common.page_frame import show_page
from pages.parts.common.settings import Settings
from pages.parts.live.camera import MODE_KEY, SNAPSHOT, WORDS, camera
from pages.parts.live.connection_panel import connection_panel
from pages.parts.live.consent import agreed
from pages.parts.live.controls import live_controls
from pages.parts.live.panels import charts_panel, faces_panel
from pages.parts.live.recording_panel import recording_panel
from pages.parts.live.snapshot import snapshot
from pages.parts.live.state import live_session, viewer, viewer_gate
from pages.parts.live.waiting import waiting_room
from pages.parts.live.watch import video_watch

_MODES = ("Video", SNAPSHOT)


def _live(settings: Settings) -> None:
    st.title("Live", anchor=False)
    if not agreed():
        leave_camera()
        return
    choice = live_controls(settings)
    mode = st.segmented_control(
        "How the camera is used", _MODES, default=_MODES[0], required=True, key=MODE_KEY,
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    if mode != "Video":
        leave_camera()
        snapshot(settings, choice.settings)
        return
    live = live_session(settings, choice.settings)
    if not viewer_gate().has_room(viewer()):
        leave_camera()
        waiting_room()
        return
    left, right = st.columns([2, 1], gap="large")
    with left:
        playing = camera(live, choice.size_px)
        video_watch(WORDS, playing=playing)
        if not playing:
            st.caption("Does the video not start? Test the connection at the bottom of the page.")
    with right:
        faces_panel(live, playing=playing)
    charts_panel(live, playing=playing)
    recording_panel(live, settings, playing=playing)
    connection_panel(playing=playing)


show_page(_live, kept="What has been recorded so far is kept.")
