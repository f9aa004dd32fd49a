"""What can be done with the faces that are picked in the grid."""

import streamlit as st

from emotion_core.types import Int64Array
from emotion_core.wording import count_of
from pages.parts.datasets import state
from pages.parts.datasets.correcting import correction_buttons, undo_buttons
from pages.parts.datasets.workspace import Workspace


def selection_bar(work: Workspace, found: Int64Array) -> None:
    """How many are picked, all or none, and the corrections for them."""
    picked = sorted(state.picked())
    with st.container(border=True, key="ds_selection"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{count_of(len(picked), 'face')} selected**", width="content")
            st.button(
                f"Select all {len(found):,} found",
                type="tertiary",
                icon=":material/select_all:",
                disabled=not len(found),
                on_click=lambda: state.pick(found.tolist()),
            )
            st.button(
                "Select none",
                type="tertiary",
                icon=":material/deselect:",
                disabled=not picked,
                on_click=lambda: state.pick(()),
            )
        correction_buttons(work, picked, key="selection")
        undo_buttons(work, key="selection")
