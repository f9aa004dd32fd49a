"""The dashboard's entry: ``streamlit run app.py``. Page config, navigation and the served app."""

from pathlib import Path

import streamlit as st

from pages.parts.common.camera_lifecycle import leave_camera
from pages.parts.common.page_list import all_pages
from pages.parts.common.streamlit_internals import is_session_run

if not is_session_run():
    # The server imports this file once; every session runs it again and again.
    from pages.parts.common.server import lifespan, middleware, routes

    app = st.App(__file__, lifespan=lifespan, routes=routes(), middleware=middleware())
else:
    st.set_page_config(
        page_title="Emotion Lens",
        # Whatever folder the server was started in.
        page_icon=str(Path(__file__).parent / "pages" / "parts" / "common" / "icon.svg"),
        layout="wide",
        initial_sidebar_state="auto",
    )
    page = st.navigation(all_pages())
    if page.title != "Live":
        leave_camera()
    page.run()
