"""Jobs: for whoever runs it: what works, waits, failed and ended, and what takes the disk."""

import streamlit as st

from pages.parts.common.page_frame import show_page
from pages.parts.common.settings import Settings


def _jobs(_settings: Settings) -> None:
    st.title("Jobs", anchor=False)
    # Only now, because what knows all kinds takes a while to import, and the title can be seen.
    from pages.parts.jobs.board import jobs_board
    from pages.parts.jobs.disk import disk_panel

    jobs_board()
    disk_panel()


show_page(_jobs, kept="Jobs go on: they run in processes of their own.")
