"""Which video is open; a query parameter, so that a reload and a bookmark find it again."""

import streamlit as st

_PARAMETER = "video"


def opened_video() -> str | None:
    """The id of the open video; None while the list is shown."""
    return st.query_params.get(_PARAMETER) or None


def open_video(video: str) -> None:
    """Opens a video, from the next drawing on."""
    st.query_params[_PARAMETER] = video


def close_video() -> None:
    """Goes back to the list, from the next drawing on."""
    st.query_params.pop(_PARAMETER, None)
