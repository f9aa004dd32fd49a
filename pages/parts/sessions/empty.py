"""The page before anything was kept."""

import streamlit as st


def no_sessions() -> None:
    """What will appear here, and the ways to get it."""
    st.markdown(
        "What you keep will appear here: photos, live recordings and videos, to find again, to "
        "name the people in them, to compare, and to take along as tables and reports."
    )
    with st.container(horizontal=True):
        if st.button("Read photos", type="primary", icon=":material/photo_library:"):
            st.switch_page("pages/photos.py")
        if st.button("Start the camera", icon=":material/videocam:"):
            st.switch_page("pages/live.py")
        if st.button("Read a video", icon=":material/movie:"):
            st.switch_page("pages/videos.py")
    st.caption(
        "Sessions hold scores and times. Pictures are kept only where you ask for them. Everything "
        "stays on this machine, or on the database server that its operator named."
    )
