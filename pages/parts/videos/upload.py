"""Where videos are dropped: a component of its own, because Streamlit's keeps files in memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from emotion_core.video.uploads import max_video_bytes
from pages.parts.common.streamlit_internals import XSRF_COOKIE_NAME
from pages.parts.common.told_once import take_new, taken
from pages.parts.common.video_uploads import PIECE_BYTES, upload_token

_HERE = Path(__file__).parent
_KEY = "video_upload"
_HTML = """
<div class="drop" role="group" aria-label="Bring videos in">
  <p><strong>Drop videos here</strong><span class="limit"></span></p>
  <button type="button">Choose videos</button>
  <input type="file" multiple hidden aria-label="Videos"
    accept="video/*,.mkv,.mts,.m2ts,.ts,.avi,.wmv,.flv,.mxf,.vob,.3gp,.ogv">
</div>
<ul aria-label="Uploads"></ul>
"""


def video_upload(on_finished: Callable[[str], None]) -> None:
    """Draws the drop zone and what is being uploaded.

    Args:
        on_finished: is told the id of every video that has come in, also while another page was
            open, once.
    """

    def told() -> None:
        videos = (st.session_state.get(_KEY) or {}).get("finished")
        for video in take_new(_KEY, videos, lambda video: video):
            on_finished(video)

    _component()(
        key=_KEY,
        data={
            "token": upload_token(),
            "cookie": XSRF_COOKIE_NAME,
            "piece": PIECE_BYTES,
            "taken": taken(_KEY),
            "limit": f"Up to {max_video_bytes() / 1e9:,.3g} GB each. They go to this machine's "
            "disk, and on from where they were if the connection breaks.",
        },
        on_finished_change=told,
    )


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component(
        "emotion_lens_upload",
        html=_HTML,
        css=(_HERE / "upload.css").read_text(encoding="utf-8"),
        js=(_HERE / "upload.js").read_text(encoding="utf-8"),
    )
