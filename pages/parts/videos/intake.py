"""How videos come in: dropped and uploaded, or opened from a folder that the operator named."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from emotion_core.paths import VIDEO_FOLDER_ENV
from emotion_core.video.library import VideoLibrary
from emotion_core.video.machine_folder import list_videos, listed_video
from pages.parts.common.review.problems import show_problem, tell_problem
from pages.parts.common.settings import Settings
from pages.parts.videos.options import options_panel
from pages.parts.videos.upload import video_upload

_CHOSEN = "videos_folder_choice"
_AT_ONCE = "videos_at_once"


def intake(settings: Settings) -> None:
    """The drop zone, the folder of this machine, and how new videos are read."""
    show_problem()
    options = st.session_state.get("_video_options") or {}
    video_upload(lambda video: _arrived(video, options))
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("From a folder of this machine", icon=":material/folder_open:"):
            _machine_folder(options)
        with st.popover("How videos are read", icon=":material/tune:"):
            st.session_state["_video_options"] = options_panel(settings)
        st.toggle(
            "Read new videos at once", value=True, key=_AT_ONCE, persist_state="session",
            help="They join the queue as soon as they are here. Reading goes on when this page "
            "is closed.",
        )  # fmt: skip


def _arrived(video: str, options: Mapping[str, Any]) -> None:
    if not st.session_state.get(_AT_ONCE, True):
        return
    try:
        VideoLibrary().analyse(video, options)
    except EmotionLensError as error:
        tell_problem(str(error))


def _machine_folder(options: Mapping[str, Any]) -> None:
    named = os.environ.get(VIDEO_FOLDER_ENV, "")
    if not named:
        st.caption(
            "Videos that are on this machine already need no upload. Whoever runs the dashboard "
            f"names their folder in `{VIDEO_FOLDER_ENV}` before it starts."
        )
        return
    try:
        found = list_videos(Path(named))
    except EmotionLensError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if not found.paths:
        st.caption(f"No videos in {plain(named)}.")
        return
    names = [str(path) for path in found.paths]
    st.multiselect(
        "Videos", names, key=_CHOSEN, format_func=plain, placeholder="Choose videos",
        help="They stay where they are.",
    )  # fmt: skip
    if found.left_off:
        st.caption(f"{found.left_off:,} more are not listed.")
    st.button(
        "Open", key="videos_folder_open", icon=":material/add:", type="primary",
        disabled=not st.session_state.get(_CHOSEN), on_click=_open_chosen,
        args=(Path(named), options),
    )  # fmt: skip


def _open_chosen(folder: Path, options: Mapping[str, Any]) -> None:
    problems = []
    for name in st.session_state.get(_CHOSEN, []):
        try:
            entry = VideoLibrary().add_file(listed_video(folder, name))
            _arrived(entry.id, options)
        except EmotionLensError as error:
            problems.append(str(error))
    st.session_state[_CHOSEN] = []
    if problems:
        tell_problem(" ".join(problems))
