"""The video component, and the care that its library needs."""

import logging
from typing import Any

import av
import streamlit as st
from streamlit_webrtc import webrtc_streamer

from emotion_core.live.session import LiveSession
from emotion_core.live.track import LiveTrack
from emotion_core.live.viewers import ViewerGate
from pages.parts.common.camera_lifecycle import camera_was_left
from pages.parts.common.streamlit_internals import count_no_runs
from pages.parts.live.ice_servers import session_rtc_configuration
from pages.parts.live.state import CAMERA_KEY, viewer, viewer_gate

_logger = logging.getLogger(__name__)

#: Mode of the live page that needs no video.
SNAPSHOT = "Snapshot"
MODE_KEY = "live_mode"

_ATTEMPT = "_live_attempt"
_FAILED = "_live_failed"

#: Words on and around the video's buttons.
WORDS = {
    "start": "Start the camera",
    "stop": "Stop",
    "select_device": "Choose a camera",
    "select_camera": "Camera",
    "media_api_not_available": "This browser gives no access to the camera here. It does so only "
    "on http://localhost or over HTTPS; snapshots work over HTTPS, too.",
    "device_ask_permission": "Please allow the camera.",
    "device_not_available": "No camera is available.",
    "device_access_denied": "The browser is not allowed to use the camera. Allow it in the "
    "address bar.",
}
_FRAME_RATE = 30
_LOOK = {"width": "100%", "borderRadius": "0.5rem", "background": "#14171B"}


def camera(live: LiveSession, size_px: tuple[int, int]) -> bool:
    """Draws the component with its start button; True while video plays.

    Args:
        live: reads the frames.
        size_px: (width, height) that the camera is asked for.

    Raises:
        ConnectionSettingsError: the settings of STUN and TURN servers cannot be used.
    """
    if st.session_state.get(_FAILED):
        _say_failed()
        return False
    servers = session_rtc_configuration()
    try:
        return bool(_component(live, size_px, servers).state.playing)
    except Exception:  # whatever goes wrong between the two ends, it can be tried again
        _logger.exception("The video could not be connected")
        st.session_state[_FAILED] = True
        _say_failed()
        return False


def _component(live: LiveSession, size_px: tuple[int, int], servers: dict[str, Any]) -> Any:
    _forget_stale_context()
    # Taken up only by a connection that begins in this very run.
    track = _track(live, viewer_gate(), viewer())
    # The place for the picture is there before the picture is, so that nothing jumps.
    look = {**_LOOK, "aspectRatio": f"{size_px[0]} / {size_px[1]}"}
    return webrtc_streamer(
        key=_key(),
        sink_video_track=track,
        source_video_track=track,
        rtc_configuration=servers,
        media_stream_constraints={
            "video": {"width": size_px[0], "height": size_px[1], "frameRate": _FRAME_RATE},
            "audio": False,
        },
        video_html_attrs={"autoPlay": True, "controls": False, "muted": True, "style": look},
        translations=WORDS,
        media_toggle_controls=False,
    )


def _key() -> str:
    """Another one after each failure, because the browser's part remembers what failed."""
    attempt = st.session_state.get(_ATTEMPT, 0)
    return f"{CAMERA_KEY}_{attempt}" if attempt else CAMERA_KEY


def _say_failed() -> None:
    st.error(
        "The browser and the dashboard could not connect. Test below what is missing, try again, "
        "or use snapshots, which need no video connection.",
        icon=":material/error:",
    )
    with st.container(horizontal=True):
        st.button("Try again", key="live_retry", icon=":material/refresh:", on_click=_retry)
        st.button(
            "Use snapshots", key="live_use_snapshots", icon=":material/photo_camera:",
            on_click=lambda: st.session_state.update({MODE_KEY: SNAPSHOT}),
        )  # fmt: skip


def _retry() -> None:
    st.session_state[_FAILED] = False
    st.session_state[_ATTEMPT] = st.session_state.get(_ATTEMPT, 0) + 1


def _track(live: LiveSession, gate: ViewerGate, me: str) -> LiveTrack:
    def begin() -> None:
        live.begin()
        gate.enter(me)

    def handle(frame: av.VideoFrame, queued: int) -> av.VideoFrame:
        return live.process(frame, queued=queued) if gate.enter(me) else live.refuse(frame)

    return LiveTrack(handle, begin, lambda: gate.leave(me))


def _forget_stale_context() -> None:
    """Starts afresh after the camera was left, and only then: the pages themselves say so."""
    if camera_was_left():
        st.session_state.pop(_key(), None)
    else:
        count_no_runs(st.session_state.get(_key()))
