"""For those who come when all places are taken."""

import streamlit as st

from emotion_core.wording import count_of
from pages.parts.live.state import viewer, viewer_gate

_LOOK_EVERY_S = 3.0


@st.fragment(run_every=_LOOK_EVERY_S)
def waiting_room() -> None:
    """Says why to wait, and opens the page by itself as soon as a place is free."""
    gate = viewer_gate()
    if gate.has_room(viewer()):
        st.rerun(scope="app")
    st.info(
        f"Please wait: {count_of(gate.viewers(), 'viewer is', 'viewers are')} watching already, "
        "and one more would slow the video down for everybody. You can start the camera as soon "
        "as a place is free. Snapshots work meanwhile.",
        icon=":material/hourglass_top:",
    )
