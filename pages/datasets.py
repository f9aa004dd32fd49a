"""Data set: look through the faces, audit them, correct them, import and export."""

from pathlib import Path

import streamlit as st

from pages.parts.common.page_frame import show_page
from pages.parts.common.settings import Settings

_STYLE = Path(__file__).parent / "parts" / "datasets" / "page.css"


def _data_set(settings: Settings) -> None:
    st.html(_STYLE)
    st.title("Data set", anchor=False)

    # Only now, because Arrow takes a while to import, and the title can be seen without it.
    from pages.parts.common.data_sets import chosen_set, known_sets, open_set
    from pages.parts.datasets import state

    state.read_query_parameters()
    known = known_sets()
    if not known:
        from pages.parts.datasets.empty import no_data_set

        no_data_set(settings)
        return
    from pages.parts.datasets.tabs import figures_and_tabs

    figures_and_tabs(open_set(chosen_set(known)), settings)


show_page(_data_set, kept="The data set and its corrections are kept.")
