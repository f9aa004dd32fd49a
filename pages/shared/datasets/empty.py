"""The page on a machine without any data set."""

import streamlit as st

from emotion_core.datasets import build_synthetic, write_dataset
from emotion_core.home import data_folder
from pages.shared.datasets import state
from pages.shared.datasets.sets import PRACTICE_NAME


def no_data_set() -> None:
    """What would stand here, and the two ways to get it."""
    st.markdown(
        "The faces that a model learns from will stand here: to look through, to audit for "
        "copies and wrong labels, and to correct."
    )
    with st.container(horizontal=True):
        if st.button("Make a practice set", type="primary", icon=":material/draw:"):
            with st.spinner("Drawing faces"):
                make_practice_set()
            st.rerun()
        st.button("Import a data set", icon=":material/upload_file:", on_click=_to_import)
    st.caption(
        "The practice set is drawn by code: seven expressions, 48 x 48 pixels, no person in it. "
        "Everything here works with it, but its figures say nothing about people. To import, "
        "bring FER-2013 (a CSV file, folders or a zip) or your own pictures in one folder per "
        "expression."
    )


def make_practice_set() -> None:
    """Draws the practice set and stores it where the page finds it.

    Raises:
        OutputError: it cannot be written.
    """
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    write_dataset(build_synthetic(), folder / f"{PRACTICE_NAME}.parquet")
    st.session_state[state.SET_KEY] = PRACTICE_NAME


def _to_import() -> None:
    st.session_state[state.TAB_KEY] = state.IMPORT_TAB
