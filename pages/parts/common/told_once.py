"""What a component tells is taken once, and nothing of it is lost.

Of two triggers that come while a page works, Streamlit hands on the newer alone. So a component
tells everything that it was not told to be taken, again and again.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

# As many are remembered; more are never under way.
_MOST = 1000


def taken(key: str) -> list[str]:
    """The numbers of what was taken, for the component to leave them out."""
    found: list[str] = st.session_state.get(_key(key), [])
    return found


def take_new(key: str, told: Any, number: Callable[[Any], Any]) -> list[Any]:
    """What was not taken before; from now on it is.

    Args:
        key: of the component.
        told: what it told; anything may come from a browser.
        number: gives what no two things that are told share, a text.
    """
    known, found = taken(key), []
    for item in told if isinstance(told, list) else []:
        its_own = number(item)
        if isinstance(its_own, str) and its_own not in known:
            known = [*known, its_own][-_MOST:]
            found.append(item)
    st.session_state[_key(key)] = known
    return found


def _key(key: str) -> str:
    return f"_taken_of_{key}"
