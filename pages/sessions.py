"""Sessions: what was kept, found again, named, corrected, compared and thrown away."""

import streamlit as st

from pages.parts.common.page_frame import show_page
from pages.parts.common.settings import Settings
from pages.parts.sessions.state import is_comparing, opened_session, stop_comparing
from pages.parts.sessions.trouble import opened_store


def _sessions(settings: Settings) -> None:
    session = opened_session()
    if session is None and is_comparing():
        st.button(
            "All sessions", key="sessions_back", icon=":material/arrow_back:", type="tertiary",
            on_click=stop_comparing,
        )  # fmt: skip
        st.title("Compare sessions", anchor=False)
        store = opened_store()
        if store is not None:
            from pages.parts.sessions.comparing import comparing

            comparing(store, store.sessions())
        return
    if session is None:
        st.title("Sessions", anchor=False)
    store = opened_store()
    if store is None:
        return
    # Only now, because tables take a while to import, and the sidebar can be seen.
    if session is None:
        from pages.parts.sessions.listing import session_list

        session_list(store)
        return
    from pages.parts.sessions.opened import show_session

    show_session(store, session, settings)


show_page(_sessions, kept="Your sessions are kept.")
