"""What went wrong in a button's callback, for the drawing that follows."""

import streamlit as st

_TOLD = "_live_trouble"


def tell(text: str) -> None:
    """Keeps a sentence for the next drawing."""
    st.session_state.setdefault(_TOLD, []).append(text)


def told() -> list[str]:
    """What is to be said now, once."""
    found: list[str] = st.session_state.pop(_TOLD, [])
    return found
