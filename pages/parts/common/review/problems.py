"""What went wrong in a callback, for the next drawing of the page."""

import streamlit as st

from emotion_core.markdown import plain

_PROBLEM = "_review_problem"


def tell_problem(text: str) -> None:
    """Keeps a sentence for the next drawing."""
    st.session_state[_PROBLEM] = text


def show_problem() -> None:
    """Shows what went wrong in a callback before this drawing, once.

    Its place is always there: what follows keeps its own, and a player or an upload goes on.
    """
    with st.container():
        if problem := st.session_state.pop(_PROBLEM, ""):
            st.error(plain(problem), icon=":material/error:")
