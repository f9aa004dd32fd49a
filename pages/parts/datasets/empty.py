"""The page on a machine without any data set."""

import streamlit as st

from emotion_core.datasets import build_synthetic, write_dataset
from emotion_core.paths import data_folder
from pages.parts.common.data_sets import SET_KEY, SYNTHETIC_NAME
from pages.parts.common.settings import Settings
from pages.parts.datasets import state
from pages.parts.datasets.importing import import_panel

_ASKED = "_ds_synthetic"


def no_data_set(settings: Settings) -> None:
    """What will appear here, and the two ways to get it."""
    st.markdown(
        "The faces that a model is trained on will appear here, to browse, to audit for copies "
        "and wrong labels, and to correct."
    )
    with st.container(horizontal=True):
        st.button(
            "Create a synthetic data set",
            type="primary",
            icon=":material/draw:",
            on_click=_ask_for_set,
        )
        st.toggle("Import a data set", key=state.IMPORTING_KEY)
    st.caption(
        "The synthetic data set is drawn by code: seven expressions, 48 x 48 pixels, no real "
        "people. Everything here works with it, but its figures say nothing about people."
    )
    if st.session_state.pop(_ASKED, False):
        with st.spinner("Drawing faces"):
            make_synthetic_set()
        st.rerun()
    if st.session_state.get(state.IMPORTING_KEY):
        import_panel(settings)


def make_synthetic_set() -> None:
    """Draws the synthetic data set and stores it where the page finds it.

    Raises:
        OutputError: it cannot be written.
    """
    write_dataset(build_synthetic(), data_folder() / f"{SYNTHETIC_NAME}.parquet")
    st.session_state[SET_KEY] = SYNTHETIC_NAME


def _ask_for_set() -> None:
    st.session_state[_ASKED] = True
