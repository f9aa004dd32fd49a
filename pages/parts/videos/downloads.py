"""Everything that can be taken along: tables, subtitles, markers, charts, and a copy to watch."""

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

import streamlit as st

from emotion_core.charts import timeline_chart
from emotion_core.charts.export import chart_png, chart_svg
from emotion_core.charts.theme import Chart
from emotion_core.video import exports
from emotion_core.video.events import find_events
from emotion_core.video.library import VideoEntry, VideoLibrary
from emotion_core.video.timeline_moments import timeline_moments
from emotion_core.video.view import VideoView
from emotion_core.video.view_settings import ViewSettings
from emotion_core.wording import file_size
from pages.parts.common.review.edits import REDRAW, attempt
from pages.parts.common.settings import Settings
from pages.parts.common.video_serving import video_token, views

_ROW_PX, _LEAST_PX = 64, 140
_LEAST_CUE_S = 0.4


def downloads(entry: VideoEntry, view: VideoView, look: ViewSettings, settings: Settings) -> None:
    """Draws the downloads; each file is made when it is asked for."""
    table = views().table(entry.folder)
    markers = entry.folder.markers.load()
    st.caption(
        "As it is shown now: with the names, without hidden people, and by the threshold and the "
        "smoothing chosen above. Excluded times are in the table, with a column that says so, and "
        "in no figure."
    )
    st.header("Every sampled frame", anchor=False)
    with st.container(horizontal=True):
        _file(entry, "CSV", "frames.csv", "text/csv", partial(exports.to_csv, view))
        _file(
            entry, "Parquet", "frames.parquet", "application/vnd.apache.parquet",
            partial(exports.to_parquet, view, table),
        )  # fmt: skip
        _file(
            entry, "JSON lines", "frames.jsonl", "application/jsonl",
            partial(exports.to_json_lines, view),
        )  # fmt: skip
    st.header("Events, markers, summary", anchor=False)
    with st.container(horizontal=True):
        _file(
            entry, "Events", "events.csv", "text/csv",
            lambda: exports.events_to_csv(find_events(view)),
        )  # fmt: skip
        _file(entry, "Markers", "markers.csv", "text/csv", partial(exports.markers_to_csv, markers))
        _file(
            entry, "Summary", "summary.json", "application/json",
            partial(exports.summary_to_json, view, table, markers),
        )  # fmt: skip
        _file(
            entry, "Subtitles", "subtitles.vtt", "text/vtt",
            partial(exports.to_webvtt, view, least_s=_LEAST_CUE_S),
        )  # fmt: skip
    st.header("Timeline", anchor=False)
    with st.container(horizontal=True):
        _file(entry, "SVG", "timeline.svg", "image/svg+xml", lambda: chart_svg(_chart(view)))
        _file(entry, "PNG", "timeline.png", "image/png", lambda: chart_png(_chart(view)))
    st.header("Annotated copy", anchor=False)
    _copy(entry, look, settings)


def _file(entry: VideoEntry, label: str, name: str, mime: str, make: Callable[[], bytes]) -> None:
    st.download_button(
        label, data=make, file_name=f"{Path(entry.name).stem}_{name}", mime=mime,
        icon=":material/download:", key=f"video_save_{name}", on_click="ignore",
    )  # fmt: skip


def _chart(view: VideoView) -> Chart:
    moments, gap_s = timeline_moments(view)
    height = max(_LEAST_PX, _ROW_PX * len(view.names))
    return timeline_chart(
        moments, view.label_set.names, span_s=max(view.window[1], 0.1), ends_now=False,
        height=height, gap_s=gap_s, face_names=view.names, legend=True,
    )  # fmt: skip


def _copy(entry: VideoEntry, look: ViewSettings, settings: Settings) -> None:
    st.caption(
        "A video that plays everywhere (H.264 in MP4), with the original sound and times, and the "
        "boxes, names and expressions in the picture."
    )
    blur = st.toggle(
        "Blur faces in the copy", value=settings.blur, key=f"video_copy_blur_{entry.id}",
        help="Nobody can be told in it, also not between the frames that were read. Looking into "
        "every frame for faces takes longer.",
    )  # fmt: skip
    has_copy = entry.folder.copy.is_file()
    working = entry.copy_job is not None and entry.copy_job.is_active
    is_there = entry.path is not None and entry.path.is_file()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Make it anew" if has_copy else "Make the copy", key="video_make_copy",
            icon=":material/movie:", disabled=working or not is_there,
            on_click=_make, args=(entry.id, blur, look),
        )  # fmt: skip
        if has_copy and not working:
            size = entry.folder.copy.stat().st_size
            # Not a download button: that would read the whole copy into memory.
            address = f"_videos/{video_token(entry.id)}/copy?save=1"
            st.html(
                f'<a class="el-save" href="{escape(address)}" download>'
                f"Save the copy ({file_size(size)})</a>"
            )
    if working:
        st.caption("The copy is being made; how far it is stands above the player.")


def _make(video: str, blur: bool, look: ViewSettings) -> None:
    attempt(
        VideoLibrary().make_copy,
        video,
        blur=blur,
        threshold=look.threshold,
        half_life_s=look.half_life_s,
    )
    # The job's progress stands outside of this part of the page.
    st.session_state[REDRAW] = True
