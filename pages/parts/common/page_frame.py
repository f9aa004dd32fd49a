"""What stands around every page: style, mark, shared settings, and the net under it all."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.parts.common.guard import guarded, say_kept
from pages.parts.common.jobs import sidebar_jobs
from pages.parts.common.settings import Settings, sidebar_settings
from pages.parts.common.unsaved import leave_warning

_HERE = Path(__file__).parent


def show_page(body: Callable[[Settings], None], *, kept: str) -> None:
    """Draws a page: the shared settings in the sidebar, then the page's own body.

    Args:
        body: draws what is between the sidebar and the foot.
        kept: what is not lost when something unexpected happens on this page, as a sentence.
    """
    _enter_through_app()
    say_kept(kept)
    st.html(_HERE / "style.css")
    st.logo(_HERE / "mark.svg", size="large", icon_image=_HERE / "icon.svg")
    leave_warning()
    with guarded():
        settings = sidebar_settings()
        sidebar_jobs()
        body(settings)


def _enter_through_app() -> None:
    """Makes a bookmark of a page work as the first address that a new server is asked for.

    Streamlit then takes the folder ``pages`` for its older kind of multipage app and runs the page
    without ``app.py``, until somebody opens the home page: ``st.navigation`` switches that off.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
