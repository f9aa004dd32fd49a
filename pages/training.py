"""Training: start a run, watch it, stop and resume it, and turn it into a model."""

import streamlit as st

from pages.parts.common.page_frame import show_page
from pages.parts.common.settings import Settings


def _training(_settings: Settings) -> None:
    st.title("Training", anchor=False)
    # Only now, because charts and tables take a while to import, and the title can be seen.
    from emotion_core.training.queue import RunQueue
    from pages.parts.training.new_run import first_run, new_run
    from pages.parts.training.run_panels import runs_panel

    queue = RunQueue()
    runs = queue.runs()
    # After a restart of the machine nobody trains what still waits.
    queue.ensure(runs)
    if not runs:
        first_run(queue)
    runs_panel(queue)
    new_run(queue, is_primary=bool(runs))


show_page(_training, kept="Your runs are kept, and a run in progress continues.")
