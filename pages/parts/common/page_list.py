"""The pages: file name in ``pages`` (and last part of the page's URL) -> title and icon."""

from typing import Any

import streamlit as st

from pages.parts.common.streamlit_internals import StreamlitPage

PAGES: dict[str, dict[str, Any]] = {
    "home": {"title": "Home", "icon": ":material/home:", "default": True},
    "photos": {"title": "Photos", "icon": ":material/photo_library:"},
    "live": {"title": "Live", "icon": ":material/videocam:"},
    "videos": {"title": "Videos", "icon": ":material/movie:"},
    "sessions": {"title": "Sessions", "icon": ":material/folder_shared:"},
    "datasets": {"title": "Data set", "icon": ":material/dataset:"},
    "training": {"title": "Training", "icon": ":material/model_training:"},
    "history": {"title": "History", "icon": ":material/query_stats:"},
    "evaluation": {"title": "Evaluation", "icon": ":material/analytics:"},
    "jobs": {"title": "Jobs", "icon": ":material/list_alt:"},
}


def all_pages() -> list[StreamlitPage]:
    """The pages in the order of the navigation."""
    return [st.Page(f"pages/{name}.py", **options) for name, options in PAGES.items()]
