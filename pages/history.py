"""History: every training side by side, own runs, shipped models and other people's histories."""

import streamlit as st

from pages.parts.common.page_frame import show_page
from pages.parts.common.settings import Settings


def _history(_settings: Settings) -> None:
    st.title("History", anchor=False)
    # Only now, because tables and charts take a while to import, and the title can be seen.
    from emotion_core.training.history_store import RUN, all_entries
    from pages.parts.history.curves import comparison
    from pages.parts.history.history_import import import_panel
    from pages.parts.history.settings_diff import settings_diff
    from pages.parts.history.table import runs_table

    entries = all_entries()
    with st.container(horizontal=True, vertical_alignment="center"):
        if not any(entry.kind == RUN for entry in entries):
            st.caption("You have no runs yet. Shown here: how the shipped models were trained.")
            if st.button("Train a model", type="primary", icon=":material/model_training:"):
                st.switch_page("pages/training.py")
        else:
            st.caption("Every training run on this machine, and those of the shipped models.")
        import_panel(entries)
    if not entries:
        return
    chosen = runs_table(entries)
    comparison(chosen, entries)
    settings_diff(chosen, entries)


show_page(_history, kept="Your runs are kept.")
