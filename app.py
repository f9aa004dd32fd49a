"""The dashboard's entry: ``streamlit run app.py``. Page config, navigation and the served app."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.page_list import PAGES
from pages.shared.visits import leave_camera

if get_script_run_ctx(suppress_warning=True) is None:
    # The server imports this file once; every session runs it again and again.
    from pages.shared.served import lifespan, middleware, routes

    app = st.App(__file__, lifespan=lifespan, routes=routes(), middleware=middleware())
else:
    st.set_page_config(
        page_title="Emotion Lens",
        page_icon="pages/shared/icon.svg",
        layout="wide",
        initial_sidebar_state="auto",
    )
    page = st.navigation(
        [st.Page(f"pages/{name}.py", **options) for name, options in PAGES.items()]
    )
    if page.title != "Live":
        leave_camera()
    page.run()
