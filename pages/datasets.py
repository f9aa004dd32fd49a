"""Data set: look through the faces, audit them, correct them, import and export."""

from pathlib import Path

import streamlit as st

from pages.shared.frame import show_page
from pages.shared.settings import Settings

_STYLE = Path(__file__).parent / "shared" / "datasets" / "page.css"


def _data_set(settings: Settings) -> None:
    st.html(_STYLE)
    st.title("Data set", anchor=False)

    # Only now, because Arrow and the charts take a while to import.
    from pages.shared.datasets import state
    from pages.shared.datasets.browse import browse
    from pages.shared.datasets.empty import no_data_set
    from pages.shared.datasets.overview import classes, figures
    from pages.shared.datasets.sets import chosen_set, known_sets, open_set
    from pages.shared.datasets.workspace import open_workspace

    state.read_address()
    known = known_sets()
    if not known:
        no_data_set()
        return
    stored = open_set(chosen_set(known))
    work = open_workspace(stored, None)
    figures(work)
    tabs = dict(
        zip(state.TABS, st.tabs(state.TABS, key=state.TAB_KEY, on_change="rerun"), strict=True)
    )
    if tabs["Browse"].open:
        with tabs["Browse"]:
            classes(work)
            browse(work, settings)


show_page(_data_set)
