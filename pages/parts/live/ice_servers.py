"""The STUN and TURN servers of this session, with credentials of its own where they expire."""

import os
import time
from typing import Any

import streamlit as st
from streamlit_webrtc import get_cloudflare_ice_servers

from emotion_core.live.connection import cloudflare_key, rtc_configuration
from emotion_core.live.turn_credentials import ttl_from
from emotion_core.markdown import plain
from pages.parts.live.state import viewer

_KEPT = "_live_rtc_configuration"
_FAILED = "_live_cloudflare_failed"
# The page runs at every click, and an answer that does not come takes ten seconds.
_ASK_AGAIN_S = 60.0


def session_rtc_configuration() -> dict[str, Any]:
    """The servers, for both ends of the video.

    Credentials stay the same until half of their time is over, so that a page that stands open can
    start the camera at any time.

    Raises:
        ConnectionSettingsError: the environment's settings cannot be used.
    """
    if (key := cloudflare_key()) is not None:
        return _cloudflare(*key)
    made_s, kept = st.session_state.get(_KEPT, (0.0, None))
    if kept is None or time.time() - made_s > ttl_from(os.environ) / 2:
        made_s, kept = time.time(), rtc_configuration(label=viewer())
        st.session_state[_KEPT] = (made_s, kept)
    return dict(kept)


def _cloudflare(key: str, token: str) -> dict[str, Any]:
    """What Cloudflare gives; streamlit-webrtc keeps it for an hour, and asks for two."""
    failed_s, words = st.session_state.get(_FAILED, (0.0, ""))
    if time.time() - failed_s > _ASK_AGAIN_S:
        try:
            return {"iceServers": list(get_cloudflare_ice_servers(key, token))}
        except ValueError as error:
            words = str(error)
            st.session_state[_FAILED] = (time.time(), words)
    st.warning(
        f"{plain(words)}. Video can only travel directly. Whoever runs this server can check "
        "CLOUDFLARE_TURN_KEY_ID and CLOUDFLARE_TURN_KEY_API_TOKEN, and whether it "
        "reaches Cloudflare.",
        icon=":material/warning:",
    )
    return {"iceServers": []}
