"""What killed processes left behind goes away when the server starts."""

import threading

import streamlit as st

from emotion_core.home import data_folder, runs_folder
from emotion_core.unfinished import clean_below
from pages.shared.resources import registry


@st.cache_resource(show_spinner=False)
def tidy_up() -> None:
    """Cleans the folders of the app, once and beside the first page."""
    threading.Thread(target=clean_own_folders, name="tidying", daemon=True).start()


def clean_own_folders() -> None:
    """Deletes unfinished runs' files, models, data sets and results that nobody writes any more."""
    for folder in (runs_folder(), registry().root, data_folder()):
        clean_below(folder)
