"""What stands around every page: style, mark, shared settings, and the net under it all."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from pages.parts.common.guard import guarded, say_kept
from pages.parts.common.jobs import sidebar_jobs
from pages.parts.common.login import let_in, sidebar_account
from pages.parts.common.recordings import recording_note
from pages.parts.common.settings import Settings, sidebar_settings
from pages.parts.common.streamlit_internals import enter_through_app

_HERE = Path(__file__).parent


def show_page(body: Callable[[Settings], None], *, kept: str) -> None:
    """Draws a page: the shared settings in the sidebar, then the page's own body.

    Where people have to log in, a stranger gets that instead.

    Args:
        body: draws what is between the sidebar and the foot.
        kept: what is not lost when something unexpected happens on this page, as a sentence.
    """
    enter_through_app()
    say_kept(kept)
    st.html(_HERE / "style.css")
    st.logo(_HERE / "mark.svg", size="large", icon_image=_HERE / "icon.svg")
    recording_place = st.sidebar.container()
    with guarded():
        if not let_in():
            return
        sidebar_jobs()
        settings = sidebar_settings()
        sidebar_account()
        body(settings)
    recording_note(recording_place)
