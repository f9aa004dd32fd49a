"""The video that a session was read from, while it is still in the library."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from emotion_core.errors import VideoError
from emotion_core.store.models import SessionKind
from emotion_core.store.session_info import SessionInfo, Source
from emotion_core.video.library import VideoEntry, VideoLibrary

_KNOWN = "_session_videos"


def video_of(info: SessionInfo) -> VideoEntry | None:
    """The library's entry whose file is that of the session, while the file is there.

    Only what stands in the library is played: a path in a store may come from elsewhere.
    """
    if info.kind != SessionKind.VIDEO or not info.sources:
        return None
    library, source = VideoLibrary(), info.sources[0]
    known: dict[str, str] = st.session_state.setdefault(_KNOWN, {})
    # Where it was found before, so that not every drawing reads the whole library.
    with suppress(VideoError):
        entry = library.entry(known.get(info.id, ""))
        if _is_same(entry, source):
            return entry
    for entry in library.list():
        if _is_same(entry, source):
            known[info.id] = entry.id
            return entry
    return None


def _is_same(entry: VideoEntry, source: Source) -> bool:
    if entry.path is None or not entry.path.is_file():
        return False
    sha256 = entry.summary.get("source", {}).get("sha256", "")
    return bool(source.sha256 and sha256 == source.sha256) or entry.path == Path(source.path or "-")


def video_link(info: SessionInfo) -> None:
    """Leads to the page Videos, where the analysis itself is; nothing where it is gone."""
    video = video_of(info)
    if video is not None:
        st.page_link(
            "pages/videos.py", label="Open in Videos", icon=":material/movie:",
            query_params={"video": video.id},
        )  # fmt: skip
