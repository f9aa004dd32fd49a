"""One session: what is known of it, its timeline, who is in it, and what can be done with it."""

import streamlit as st

from emotion_core.markdown import plain
from emotion_core.store.store import Store
from pages.parts.common.settings import Settings
from pages.parts.sessions.listing import title_of
from pages.parts.sessions.state import close_session


def show_session(store: Store, session: str, settings: Settings) -> None:  # noqa: ARG001
    """Draws an opened session."""
    found = store.session(session)
    st.button("All sessions", icon=":material/arrow_back:", on_click=close_session)
    st.title(plain(title_of(found.info())), anchor=False)
