"""The dashboard's entry: ``streamlit run app.py``. Page config and navigation, nothing else."""

import streamlit as st

from pages.shared.tidying import tidy_up
from pages.shared.visits import leave_camera

st.set_page_config(
    page_title="Emotion Lens",
    page_icon="pages/shared/icon.svg",
    layout="wide",
    initial_sidebar_state="auto",
)
page = st.navigation(
    [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/photos.py", title="Photos", icon=":material/photo_library:"),
        st.Page("pages/live.py", title="Live", icon=":material/videocam:"),
        st.Page("pages/datasets.py", title="Data set", icon=":material/dataset:"),
        st.Page("pages/training.py", title="Training", icon=":material/model_training:"),
        st.Page("pages/history.py", title="History", icon=":material/query_stats:"),
        st.Page("pages/evaluation.py", title="Evaluation", icon=":material/analytics:"),
    ]
)
tidy_up()
if page.title != "Live":
    leave_camera()
page.run()
