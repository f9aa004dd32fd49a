"""What stands in place of the sessions while their store cannot be used."""

from typing import TYPE_CHECKING

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from pages.parts.common.session_store import reopen_store, session_store

if TYPE_CHECKING:
    from emotion_core.store.store import Store


def opened_store() -> "Store | None":
    """The store with what it has to say; None where it cannot be opened, which is said."""
    try:
        store = session_store()
    except EmotionLensError as error:
        store_trouble(error)
        return None
    for note in store.notes:
        st.warning(plain(note), icon=":material/warning:")
    return store


def store_trouble(error: EmotionLensError) -> None:
    """Says what is wrong and offers to look again: another program may be done by now."""
    st.error(plain(error), icon=":material/error:")
    st.button("Try again", key="sessions_again", icon=":material/refresh:", on_click=reopen_store)
