"""Which session is open; a query parameter, so that a reload and a bookmark find it again."""

import streamlit as st

_PARAMETER = "session"


def opened_session() -> str | None:
    """The id of the open session; None while the list is shown."""
    return st.query_params.get(_PARAMETER) or None


def open_session(session: str) -> None:
    """Opens a session, from the next drawing on."""
    st.query_params[_PARAMETER] = session


def close_session() -> None:
    """Goes back to the list, from the next drawing on."""
    st.query_params.pop(_PARAMETER, None)
