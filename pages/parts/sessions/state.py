"""Which session is open, in a query parameter, and which ones are chosen in the list."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from emotion_core.store.session import StoredSession
    from emotion_core.store.session_undo import UndoableEdits

#: Query parameters of a comparison: of what, and which ones.
COMPARE_PARAMETER, COMPARED_PARAMETER = "compare", "of"
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


def is_comparing() -> bool:
    """Whether the comparison is shown in place of the list."""
    return bool(st.query_params.get(COMPARE_PARAMETER))


def start_comparing(sessions: Iterable[str] = ()) -> None:
    """Shows the comparison, from the next drawing on.

    Args:
        sessions: ids of those that are compared at first.
    """
    for key in [key for key in st.session_state if str(key).startswith("compare_")]:
        del st.session_state[key]
    st.query_params.pop(_PARAMETER, None)
    st.query_params[COMPARE_PARAMETER] = "sessions"
    st.query_params[COMPARED_PARAMETER] = list(sessions)


def stop_comparing() -> None:
    """Goes back to the list, from the next drawing on."""
    for name in (COMPARE_PARAMETER, COMPARED_PARAMETER, "measure"):
        st.query_params.pop(name, None)


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
