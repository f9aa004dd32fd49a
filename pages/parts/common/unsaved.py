"""A recording lives in its session only: whoever is about to lose it is asked before."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st

Unsaved = Literal["", "running", "stopped"]

_KEEPING = "_unsaved_recording"
_DRAWN = "_unsaved_drawn"

_WORDS = {
    "running": "**Recording not stopped yet.** It continues while video plays on the Live page.",
    "stopped": "**Recording not downloaded yet.** It is at the bottom of the Live page.",
}
_FETCHED_AFTER_S = 3.0
_LOST = "Reloading or closing this tab, or stopping the dashboard, loses it."

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


@dataclass(slots=True)
class _Keeping:
    """Of one recording; a download reaches it from a thread without a session."""

    state: Unsaved
    changed_s: float = field(default_factory=time.monotonic)

    def saved(self) -> None:
        self.state, self.changed_s = "", time.monotonic()


def mark_recording(state: Unsaved) -> None:
    """What would be lost with the session from now on; empty for nothing."""
    st.session_state[_KEEPING] = _Keeping(state)


def saver() -> Callable[[], None]:
    """To be called, from any thread, when what would be lost now has been downloaded."""
    return _keeping().saved


def leave_warning() -> None:
    """Words in the sidebar of every page, and the browser's question, while it would be lost."""
    state = _keeping().state
    st.session_state[_DRAWN] = state
    if not state:
        return
    with st.sidebar:
        st.warning(f"{_WORDS[state]} {_LOST}", icon=":material/save:")
        _component()(key="unsaved_recording")


def redraw_warning() -> None:
    """For a part of a page that runs alone: draws the whole page if the warning is another now."""
    keeping = _keeping()
    if st.session_state.get(_DRAWN, "") == keeping.state:
        return
    # To draw the page takes a file away that the browser has not begun to fetch.
    if keeping.state or time.monotonic() - keeping.changed_s > _FETCHED_AFTER_S:
        st.rerun(scope="app")


def _keeping() -> _Keeping:
    keeping: _Keeping = st.session_state.setdefault(_KEEPING, _Keeping(""))
    return keeping


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component("emotion_lens_unsaved", js=_ASK)
