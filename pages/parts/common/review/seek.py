"""A moment that something outside of the player leads to."""

from typing import Any

import streamlit as st

_SEEK = "_review_seek"


def ask_to_seek(time_s: float) -> None:
    """Leads the player to a time, with its next drawing."""
    before = st.session_state.get(_SEEK, {"n": 0})
    st.session_state[_SEEK] = {"n": before["n"] + 1, "time_s": time_s}


def asked_seek() -> dict[str, Any]:
    """What was asked for last; the player goes there once per number."""
    found: dict[str, Any] = st.session_state.get(_SEEK, {"n": 0, "time_s": 0.0})
    return found
