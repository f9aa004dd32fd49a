"""Watches the video from the browser: says when it is lost, starts it again, names what it shows.

What the page says must not depend on a server that may have stopped to answer, so these words
travel to the browser before they are needed.
"""

from pathlib import Path
from typing import Any

import streamlit as st

from emotion_core.live.connection import CAMERA_ADVICE

_HERE = Path(__file__).parent
_HTML = (
    '<div class="watch" role="status"><strong></strong><span></span>'
    '<div><button type="button" hidden>Try again</button></div></div>'
)

#: {what happened: (title, what it means and what to do)}; {time} is that of the last picture.
_WORDS: dict[str, Any] = {
    "frame": "Live video",
    "video": "The camera's picture, with a box and an expression at every face",
    "lost": (
        "Connection lost",
        "The dashboard does not respond; the last picture came at {time}. The video restarts by "
        "itself as soon as it does.",
    ),
    "video_lost": (
        "The video has stopped",
        "The last picture came at {time}. The dashboard responds, and the video is being "
        "restarted.",
    ),
    "given_up": (
        "Not reconnected",
        "The last picture came at {time}, and no new one within a minute. Check that the "
        "dashboard is running and the network is up, then try again.",
    ),
    "ended": (
        "The camera has stopped",
        "It was unplugged, or the browser or another program took it away. Plug it in or allow it "
        "again, then start the camera.",
    ),
    "slow": (
        "Connecting is taking long",
        "If no picture comes, press Stop and test the connection at the bottom of the page, or "
        "use snapshots, which need no video connection.",
    ),
    "unknown": (
        "The camera does not start",
        "The browser says: {said} Test the connection at the bottom of the page, or try another "
        "camera.",
    ),
}


def video_watch(labels: dict[str, str], *, playing: bool) -> None:
    """Draws the place for what is wrong with the video; empty while nothing is.

    Args:
        labels: of the video's buttons, "start" and "stop".
        playing: whether the server believes that video plays.
    """
    _component()(
        key="live_watch",
        data={
            "playing": playing,
            "start": labels["start"],
            "stop": labels["stop"],
            "words": _WORDS,
            "camera": {name: (title, advice) for name, (title, advice) in CAMERA_ADVICE.items()},
        },
    )


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component(
        "emotion_lens_watch",
        html=_HTML,
        css=(_HERE / "watch.css").read_text(encoding="utf-8"),
        js=(_HERE / "watch.js").read_text(encoding="utf-8"),
    )
