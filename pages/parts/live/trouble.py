"""What went wrong in a button's callback, for the drawing that follows."""

import streamlit as st

from emotion_core.markdown import plain

_TOLD = "_live_trouble"


def tell(text: str) -> None:
    """Keeps a sentence for the next drawing."""
    st.session_state.setdefault(_TOLD, []).append(text)


def trouble_panel() -> None:
    """What is to be said now, once."""
    texts: list[str] = st.session_state.pop(_TOLD, [])
    if texts:
        st.warning(plain(" ".join(texts)), icon=":material/warning:")
    else:
        st.empty()
