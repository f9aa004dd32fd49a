"""Photos: drop many or take one, see every face's expression, take the results home."""

import streamlit as st

from pages.parts.common.page_frame import show_page
from pages.parts.common.session import cleared_photos, photo_library, undo_clear
from pages.parts.common.settings import Settings
from pages.parts.photos.intake import intake
from pages.parts.photos.results import failures, progress, results, work


def _empty_state() -> None:
    cleared = cleared_photos()
    if cleared is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("Photos cleared.", width="content")
            st.button("Undo", icon=":material/undo:", on_click=undo_clear)
    st.caption(
        "The annotated pictures, the seven scores of every face and the downloads will appear "
        "here. Nothing leaves this machine, and nothing is kept when you close the page unless "
        "you keep it as a session."
    )


def _photos(settings: Settings) -> None:
    st.title("Photos", anchor=False)
    intake()
    library = photo_library()
    if library.is_empty():
        _empty_state()
        return
    # Fixed places, so that nothing moves when progress or failures come and go.
    progress_place, failures_place = st.container(), st.container()
    with progress_place:
        on_progress = progress(library, settings)
    with failures_place:
        failures(library)
    visible = results(library, settings)
    work(library, settings, visible, on_progress)


show_page(_photos, kept="Your photos are kept.")
