"""Keeps what was read in a video as a session, which stays when the video goes."""

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from emotion_core.video.library import VideoEntry
from pages.parts.common.review.problems import tell_problem
from pages.parts.common.session_store import session_store

_KEPT = "_videos_kept"


def keep_button(entry: VideoEntry) -> None:
    """The button, and the way to the session once it is kept."""
    kept: dict[str, str] = st.session_state.setdefault(_KEPT, {})
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Keep as a session", icon=":material/folder_shared:"):
            st.caption(
                "Rows, people and markers as they are now are copied to the sessions. There they "
                "stay when the video is removed here, and can be compared and reported."
            )
            with st.form(f"video_keep_form_{entry.id}", border=False):
                name = st.text_input(
                    "Name", entry.name[:100], max_chars=100, key=f"video_keep_name_{entry.id}"
                )
                if st.form_submit_button("Keep", type="primary", icon=":material/save:"):
                    _keep(entry, name or "")
                    st.rerun()
        if session := kept.get(entry.id):
            st.markdown(":material/check_circle: Kept.", width="content")
            st.page_link(
                "pages/sessions.py", label="Open the session", icon=":material/folder_open:",
                query_params={"session": session},
            )  # fmt: skip


def _keep(entry: VideoEntry, name: str) -> None:
    try:
        session = session_store().add_video(entry.folder.path, name=name.strip() or entry.name)
    except (EmotionLensError, OSError) as error:
        tell_problem(str(error))
        return
    st.session_state[_KEPT][entry.id] = session.id
    st.toast(f"Kept as the session {plain(name)}.", icon=":material/check_circle:")
