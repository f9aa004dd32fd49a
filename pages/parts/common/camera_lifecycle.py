"""Whether the live page's camera was left in the meantime."""

import streamlit as st

_LEFT = "_camera_left"


def leave_camera() -> None:
    """To be called on every run that does not show the camera."""
    st.session_state[_LEFT] = True


def camera_was_left() -> bool:
    """Whether there was a run without the camera since this was asked last.

    Kept until it is asked, because a run that is cut short by the next one never asks.
    """
    left = bool(st.session_state.get(_LEFT, True))
    st.session_state[_LEFT] = False
    return left


def shows_camera() -> bool:
    """Whether this run has drawn the camera."""
    return not st.session_state.get(_LEFT, True)
