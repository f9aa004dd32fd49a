"""The store of sessions, opened once for all visitors of this server."""

import os
from typing import TYPE_CHECKING

import streamlit as st

from emotion_core.paths import DATABASE_URL_ENV, home_folder
from pages.parts.common.login import owner

# The store brings SQLAlchemy and DuckDB, for which a page that keeps nothing does not wait.
if TYPE_CHECKING:
    from emotion_core.store.store import Store

# Opening it takes in what killed recordings left, and does what retention asks for.
_OPENED_AGAIN_AFTER_S = 300.0


def session_store() -> "Store":
    """The store of this installation, with the visitor's sessions where people log in.

    Callable from any session, and outside of one: there with everybody's.

    Raises:
        StoreError: it cannot be opened; the sentence says what to do.
        ConnectionSettingsError: who logged in cannot be told.
    """
    opened = _opened(os.environ.get(DATABASE_URL_ENV, ""), str(home_folder()))
    return opened.for_owner(owner())


def reopen_store() -> None:
    """Lets the store be opened anew: after a fault, or to take in what a recording left."""
    _opened.clear()


@st.cache_resource(
    show_spinner=False,
    ttl=_OPENED_AGAIN_AFTER_S,
    on_release=lambda store: store.close(),
)
def _opened(url: str, home: str) -> "Store":  # noqa: ARG001 - the cache's key
    from emotion_core.store.store import Store

    return Store()
