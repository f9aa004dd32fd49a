"""The list of videos: what each shows, how far it is, and what can be done with it."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.html import pieces
from emotion_core.jobs import JobInfo
from emotion_core.markdown import plain
from emotion_core.video.library import VideoEntry, VideoLibrary, VideoState
from emotion_core.wording import clock, count_of, file_size
from pages.parts.common.jobs import job_board, job_progress
from pages.parts.common.review.problems import tell_problem
from pages.parts.videos.choice import open_video

_STATES = {
    VideoState.GONE: "The file is not where it was",
    VideoState.NEW: "Not read yet",
    VideoState.STOPPED: "Stopped",
    VideoState.FAILED: "Could not be read",
}


def video_list(*, blur: bool) -> None:
    """All videos, newest first.

    Args:
        blur: no picture is shown on which somebody could be told.
    """
    entries = VideoLibrary().list()
    if not entries:
        st.caption(
            "Your videos will appear here: what each of them shows, who is in it, and for how "
            "long. They stay on this machine until you remove them."
        )
        return
    st.header(f"{count_of(len(entries), 'video').capitalize()}", anchor=False)
    for entry in entries:
        with st.container(border=True, key=f"video_row_{entry.id}"):
            _row(entry, blur)


def _row(entry: VideoEntry, blur: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(_title(entry), width="stretch")
        _buttons(entry)
    if entry.state == VideoState.DONE:
        if entry.folder.strip.is_file() and not blur:
            st.image(
                str(entry.folder.strip), width="stretch",
                alt=f"Pictures from {entry.name}, one after the other",
            )  # fmt: skip
        st.html(pieces.share_bar(entry.summary.get("share", {})))
    if entry.job is not None and entry.state.is_active:
        job_progress(entry.job, None if blur else _preview(entry.job))
    elif entry.error:
        st.error(plain(entry.error), icon=":material/error:")


def _title(entry: VideoEntry) -> str:
    return (
        f'<div class="el-row-title"><b>{escape(entry.name)}</b>'
        f"<small>{escape(_line(entry))}</small></div>"
    )


def _line(entry: VideoEntry) -> str:
    parts = []
    if entry.duration_s is not None:
        parts.append(clock(entry.duration_s))
    if entry.people is not None and entry.state == VideoState.DONE:
        parts.append(count_of(entry.people, "person", "people"))
        parts.append(count_of(int(entry.summary.get("sampled_frames", 0)), "sampled frame"))
    parts.append(file_size(entry.size_bytes))
    if state := _STATES.get(entry.state):
        parts.append(state)
    return " · ".join(parts)


def _buttons(entry: VideoEntry) -> None:
    st.button(
        "Open", key=f"video_open_{entry.id}", on_click=open_video, args=(entry.id,),
        icon=":material/play_circle:",
        type="primary" if entry.state == VideoState.DONE else "secondary",
    )  # fmt: skip
    read_button(entry)
    if not entry.state.is_active:
        with st.popover("Remove", icon=":material/delete:"):
            stays = " The file itself stays where it is." if not _is_stored(entry) else ""
            st.markdown(f"The video, what was read in it and its markers are deleted.{stays}")
            st.button(
                "Remove", key=f"video_remove_{entry.id}", type="primary",
                on_click=_do, args=(_remove, entry.id),
            )  # fmt: skip


def read_button(entry: VideoEntry) -> None:
    """Puts a video into the queue; nothing where it is there, done or cannot be read."""
    if entry.state in (VideoState.NEW, VideoState.STOPPED, VideoState.FAILED):
        st.button(
            "Read" if entry.state == VideoState.NEW else "Go on", key=f"video_read_{entry.id}",
            icon=":material/play_arrow:", on_click=_do, args=(_analyse, entry.id),
        )  # fmt: skip


def _is_stored(entry: VideoEntry) -> bool:
    return entry.path is not None and entry.folder.media in entry.path.parents


def _analyse(video: str) -> None:
    library = VideoLibrary()
    entry = library.entry(video)
    # One that was begun goes on as it was begun.
    options: Mapping[str, Any] = st.session_state.get("_video_options") or {}
    if entry.state != VideoState.NEW and entry.folder.options.is_file():
        from emotion_core.video.options import AnalysisOptions

        options = AnalysisOptions.read(entry.folder.options).to_dict()
    library.analyse(video, options)


def _remove(video: str) -> None:
    VideoLibrary().remove(video)


def _do(action: Callable[[str], None], video: str) -> None:
    try:
        action(video)
    except (EmotionLensError, OSError) as error:
        tell_problem(str(error))


def _preview(job: JobInfo) -> Callable[[], None]:
    """The newest picture of an analysis, while there is one."""

    def draw() -> None:
        try:
            found = job_board().get(job.id).progress.preview
        except EmotionLensError:
            return
        image = found.get("image", "")
        if image.startswith("data:image/jpeg;base64,"):
            st.html(
                f'<img class="el-video-preview" src="{escape(image)}" '
                'alt="The frame that was read last, with its faces">'
            )

    return draw
