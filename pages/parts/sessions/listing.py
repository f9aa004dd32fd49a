"""The list of sessions: found by words, tags, groups, kind, date, people and length."""

from html import escape

import streamlit as st

from emotion_core.store.session_info import SessionInfo
from emotion_core.store.store import Store
from emotion_core.wording import clock
from pages.parts.sessions.state import open_session


def session_list(store: Store) -> None:
    """All sessions, newest first."""
    for info in store.sessions():
        with st.container(border=True, key=f"session_row_{info.id}"):
            st.html(f"<b>{escape(title_of(info))}</b> {escape(clock(info.duration_s))}")
            st.button("Open", key=f"session_open_{info.id}", on_click=open_session, args=(info.id,))


def title_of(info: SessionInfo) -> str:
    """What a session is called on the page."""
    return info.name or f"Session {info.id[:6]}"
