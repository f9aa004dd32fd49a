"""The recordings that run in this server."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import streamlit as st

from emotion_core.live.running_recordings import RunningRecordings
from pages.parts.common.camera_lifecycle import shows_camera
from pages.parts.common.streamlit_internals import has_browser, is_session_there, own_session

# Databases take a second to import, and only those who keep something need them.
if TYPE_CHECKING:
    from emotion_core.store.recorder import Recorder

#: Of this server, by session.
RUNNING: "RunningRecordings[Recorder]" = RunningRecordings(is_session_there, has_browser)


def recording_note(place: AbstractContextManager[object]) -> None:
    """Where the camera is not shown: that a recording of this tab waits for it."""
    recorder = RUNNING.of(own_session())
    if recorder is None or recorder.stopped or shows_camera():
        return
    with place, st.container(key="recording_note"):
        st.caption(
            ":material/pause_circle: **Recording paused.** It is on the disk, and continues when "
            "video plays on the Live page."
        )
