"""A recording lives in its session only: whoever is about to lose it is asked before."""

from typing import Any, Literal

import streamlit as st

Unsaved = Literal["", "running", "stopped"]

_STATE = "_unsaved_recording"
_DRAWN = "_unsaved_drawn"

_WORDS = {
    "running": "**Recording not stopped yet.** It goes on while video plays on the Live page.",
    "stopped": "**Recording not downloaded yet.** It stands at the foot of the Live page.",
}
_LOST = "Reloading or closing this tab, or ending the dashboard, loses it."

# A browser shows its own words, and only after the page was used. Streamlit calls the function
# again without cleaning up after the call before: the listener must be the same one.
_ASK = """
const ask = (event) => {
  event.preventDefault();
  event.returnValue = "";
};

export default function () {
  window.addEventListener("beforeunload", ask);
  return () => window.removeEventListener("beforeunload", ask);
}
"""


def mark_recording(state: Unsaved) -> None:
    """What would be lost with the session from now on; empty for nothing."""
    st.session_state[_STATE] = state


def leave_warning() -> None:
    """Words in the sidebar of every page, and the browser's question, while it would be lost."""
    state: Unsaved = st.session_state.get(_STATE, "")
    st.session_state[_DRAWN] = state
    if not state:
        return
    st.sidebar.warning(f"{_WORDS[state]} {_LOST}", icon=":material/save:")
    with st.sidebar:
        _component()(key="unsaved_recording")


def redraw_warning() -> None:
    """For a part of a page that runs alone: draws the whole page if the warning is another now."""
    if st.session_state.get(_DRAWN, "") != st.session_state.get(_STATE, ""):
        st.rerun(scope="app")


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component("emotion_lens_unsaved", js=_ASK)
