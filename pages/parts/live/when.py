"""What is of now and what is over: never shown alike."""

import contextlib
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

import streamlit as st

from emotion_core.live.view import LiveView

#: A stream without frames for so long is in trouble.
SILENT_S = 3.0


def is_of_now(view: LiveView, *, playing: bool) -> bool:
    """Whether the newest frame is what the camera sees."""
    return playing and view.idle_s is not None and view.idle_s <= SILENT_S


def clock_time(seconds_ago: float) -> str:
    """The time of day, as the viewer's clock shows it, e.g. ``"14:03:22"``."""
    moment = datetime.now().astimezone() - timedelta(seconds=seconds_ago)
    zone = st.context.timezone
    if zone:
        # Where it is not known here, the server's own must do.
        with contextlib.suppress(KeyError, ValueError, OSError):
            moment = moment.astimezone(ZoneInfo(zone))
    return f"{moment:%H:%M:%S}"


def when(now: str, over: str, seconds_ago: float | None, *, is_now: bool) -> str:
    """A line that says whether what follows is of now, as HTML.

    Both wordings are there: should the connection break, nothing but the browser can tell, and
    switches from one to the other (``watch.js`` and ``style.css``).

    Args:
        now: what it is called while it is of now.
        over: what it is called afterwards, before the time.
        seconds_ago: age of what follows, None where nothing follows yet.
        is_now: whether it is of now.
    """
    time = "" if seconds_ago is None else f" <time>{escape(clock_time(seconds_ago))}</time>"
    kind = "el-when" if is_now or seconds_ago is None else "el-when el-over"
    return (
        f'<p class="{kind}"><span class="el-now">{escape(now)}</span>'
        f'<span class="el-past">{escape(over)}{time}</span></p>'
    )


def recording_line(over: str, figures: str, *, is_now: bool) -> str:
    """Whether a recording takes anything in, and what it has, as HTML.

    Args:
        over: why it does not, where it does not.
        figures: what it has so far.
        is_now: whether frames come in.
    """
    kind = "el-when el-recording" if is_now else "el-when el-recording el-over"
    return (
        f'<p class="{kind}"><span class="el-now"><i></i><b>Recording</b></span>'
        f'<span class="el-past"><b>{escape(over)}</b></span> · {escape(figures)}</p>'
    )
