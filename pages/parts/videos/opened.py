"""One video: the player with what was read, and below it who, what and when."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from emotion_core.classifiers.heads import HEAD_TITLES
from emotion_core.errors import VideoError
from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.video.library import VideoEntry, VideoLibrary, VideoState
from emotion_core.wording import clock, file_size
from pages.parts.common.guard import guarded
from pages.parts.common.jobs import job_outcome, job_progress
from pages.parts.common.review.edits import REDRAW, attempt, edited
from pages.parts.common.review.look import Look, look_controls, look_query
from pages.parts.common.review.player import video_player
from pages.parts.common.review.problems import show_problem
from pages.parts.common.review.seek import asked_seek
from pages.parts.common.settings import Settings
from pages.parts.common.video_serving import video_token, views
from pages.parts.videos.choice import close_video
from pages.parts.videos.listing import read_button

_UNPLAYABLE = "_videos_unplayable"


def show_video(video: str, settings: Settings) -> None:
    """Draws an opened video."""
    try:
        entry = VideoLibrary().entry(video)
    except VideoError:
        st.title("Videos", anchor=False)
        st.info("This video is not there any more.", icon=":material/info:")
        st.button("All videos", icon=":material/arrow_back:", on_click=close_video)
        return
    # Whatever comes and goes here, the player below keeps its place. In another one the browser
    # would begin it anew, at the video's first frame.
    with st.container(key="review_above"):
        _above(entry)
    _watching(entry.id, settings)


def _above(entry: VideoEntry) -> None:
    """What it is, and what still works."""
    st.button(
        "All videos", key="videos_back", icon=":material/arrow_back:", type="tertiary",
        on_click=close_video,
    )  # fmt: skip
    with st.container(key="review_head"):
        st.title(plain(entry.name), anchor=False)
        st.html(pieces.paragraph(_facts(entry), quiet=True))
    for note in entry.summary.get("notes", []):
        st.caption(f":material/info: {plain(note)}")
    _state(entry)
    if entry.state == VideoState.DONE:
        from pages.parts.videos.keeping import keep_button

        keep_button(entry)


def _state(entry: VideoEntry) -> None:
    """What still works, or went wrong."""
    if entry.job is not None and entry.state.is_active:
        job_progress(entry.job)
    elif entry.state != VideoState.DONE:
        if entry.error:
            st.error(plain(entry.error), icon=":material/error:")
        read_button(entry)
    copy = entry.copy_job
    if copy is not None and copy.is_active:
        job_progress(copy)
    else:
        job_outcome(copy)


@st.fragment
def _watching(video: str, settings: Settings) -> None:
    """Everything that changes by itself: the rest of the page is not drawn again for it."""
    if st.session_state.pop(REDRAW, False):
        st.rerun(scope="app")
    with guarded():
        show_problem()
        entry = VideoLibrary().entry(video)
        is_read = entry.state == VideoState.DONE
        with st.container():  # there before it has been read: the player keeps its place
            chosen = _look(entry) if is_read else Look()
        _player(entry, chosen, settings)
        if not is_read:
            st.caption("The timeline, the people and the downloads appear once it has been read.")
            return
        # Only now: the picture need not wait for tables and charts.
        from pages.parts.videos.sections import sections

        view = views().view(entry.folder, chosen.settings)
        st.html(pieces.legend(view.label_set.emotions))
        sections(entry, view, chosen.settings, settings)


def _look(entry: VideoEntry) -> Look:
    return look_controls(entry.summary.get("options", {}), "video", entry.id)


def _player(entry: VideoEntry, look: Look, settings: Settings) -> None:
    token = video_token(entry.id)
    base = f"_videos/{token}"
    unplayable: set[str] = st.session_state.setdefault(_UNPLAYABLE, set())
    has_copy = entry.folder.copy.is_file()
    is_there = entry.path is not None and entry.path.is_file()
    # An original that this browser cannot play is replaced by the copy, which every one can.
    is_copy = has_copy and (entry.id in unplayable or not is_there)
    src = f"{base}/copy" if is_copy else f"{base}/media" if is_there else ""
    is_read = entry.state == VideoState.DONE
    version = hash((views().version(entry.folder), look.settings)) & 0xFFFFFFFF
    query = f"v={version:x}{look_query(look.settings)}"

    def on_edit(edit: Mapping[str, Any]) -> None:
        if edit.get("action") == "unplayable":
            unplayable.add(entry.id)
        else:
            edited(entry.folder.markers, entry.folder.people, edit)

    video_player(
        key=f"video_player_{entry.id}",
        src=src,
        faces=f"{base}/faces?{query}" if is_read else "",
        times=f"{base}/times{'?of=copy' if is_copy else ''}" if src else "",
        message=_message(entry, is_there=is_there),
        duration_s=entry.duration_s,
        first_s=_copy_begin(entry) if is_copy else 0.0,
        markers=[marker.to_dict() for marker in entry.folder.markers.load()],
        is_copy=is_copy,
        blur=settings.blur,
        lines=look.lines,
        raw=look.raw,
        seek=asked_seek(),
        on_edit=on_edit,
    )
    if is_copy:
        st.caption("This is the annotated copy: the browser cannot play the original.")
    elif entry.id in unplayable and is_read and not has_copy:
        _offer_copy(entry, settings)


def _copy_begin(entry: VideoEntry) -> float:
    return float(entry.summary.get("options", {}).get("from_s") or 0.0)


def _offer_copy(entry: VideoEntry, settings: Settings) -> None:
    if entry.copy_job is not None and entry.copy_job.is_active:
        return
    st.button(
        "Make a copy that plays here", key="video_copy_to_play", icon=":material/movie:",
        type="primary", on_click=_make_copy, args=(entry.id, settings.blur),
    )  # fmt: skip


def _make_copy(video: str, blur: bool) -> None:
    attempt(VideoLibrary().make_copy, video, blur=blur)
    st.session_state[REDRAW] = True


def _message(entry: VideoEntry, *, is_there: bool) -> dict[str, str]:
    if not is_there:
        return {
            "title": "The file is not where it was",
            "text": "What was read in it is kept. Put the file back, or add it again.",
        }
    source = entry.summary.get("source", {})
    codec, form = str(source.get("codec", "")).upper(), str(source.get("format", "")).upper()
    kind = f" ({codec} in {form})" if codec and form else ""
    return {
        "title": "This browser cannot play the video",
        "text": f"Its form{kind} is not one that browsers play. Reading it works all the same, "
        "and so does the timeline; an annotated copy (H.264 in MP4) plays here.",
    }


def _facts(entry: VideoEntry) -> str:
    source = entry.summary.get("source", {})
    parts = []
    if entry.duration_s is not None:
        parts.append(clock(entry.duration_s))
    if source:
        parts.append(f"{source.get('width')} × {source.get('height')}")
        if source.get("average_fps"):
            parts.append(f"{source['average_fps']:.4g} frames a second")
        parts.append(f"{source.get('codec')} in {source.get('format')}")
    parts.append(file_size(entry.size_bytes))
    model = entry.summary.get("model", {})
    if model:
        whose = HEAD_TITLES.get(model.get("labels") or "")
        parts.append(
            f"read by {model.get('title') or model.get('name')}" + f" ({whose})" * bool(whose)
        )
    return " · ".join(parts)
