"""Which session is open, in a query parameter, and which ones are chosen in the list."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from emotion_core.store.session import StoredSession
    from emotion_core.store.session_undo import UndoableEdits

_PARAMETER = "session"
_EDITS = "_session_edits"


def opened_session() -> str | None:
    """The id of the open session; None while the list is shown."""
    return st.query_params.get(_PARAMETER) or None


def open_session(session: str) -> None:
    """Opens a session, from the next drawing on."""
    st.query_params[_PARAMETER] = session


def close_session() -> None:
    """Goes back to the list, from the next drawing on."""
    st.query_params.pop(_PARAMETER, None)


def chosen_key(session: str) -> str:
    """Key of the box that chooses a session in the list."""
    return f"session_chosen_{session}"


def chosen_sessions(sessions: Iterable[str]) -> list[str]:
    """Those of some sessions that are chosen in the list."""
    return [one for one in sessions if st.session_state.get(chosen_key(one))]


def choose_none(sessions: Iterable[str]) -> None:
    """Chooses none of them any more."""
    for one in sessions:
        st.session_state[chosen_key(one)] = False


def edits_of(session: "StoredSession") -> "UndoableEdits":
    """What this visitor changes of a session, with what was before each change."""
    from emotion_core.store.session_undo import UndoableEdits

    known: dict[str, UndoableEdits] = st.session_state.setdefault(_EDITS, {})
    return known.setdefault(session.id, UndoableEdits(session))


def forget_edits() -> None:
    """Drops what was before: a person who is forgotten is not in it either."""
    st.session_state.pop(_EDITS, None)
