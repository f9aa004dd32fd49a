"""Recording on the page: start, mark, stop, a summary, and the files."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from emotion_core.charts import timeline_chart
from emotion_core.html import pieces
from emotion_core.live import exports
from emotion_core.live.recording import Recording
from emotion_core.live.session import LiveSession
from emotion_core.live.timeline import NO_FACE, NO_FRAME, UNCERTAIN, with_a_face
from emotion_core.markdown import plain
from emotion_core.wording import clock, count_of, percent
from pages.parts.common.guard import guarded
from pages.parts.common.settings import Settings
from pages.parts.common.unsaved import mark_recording, redraw_warning, saver
from pages.parts.live.state import finished_recording, keep_finished, score_source
from pages.parts.live.when import is_of_now, recording_line

_NOTE_KEY = "live_marker_note"


@st.fragment
def recording_panel(live: LiveSession, settings: Settings, *, playing: bool) -> None:
    """The controls, and the last recording if there is one."""
    redraw_warning()
    with guarded():
        st.header("Recording", anchor=False)
        recording = live.recording
        if recording is not None:
            _running(live, recording, playing)
        else:
            replaced = " It replaces the one below." if finished_recording() is not None else ""
            st.caption(
                "Off. It keeps scores with their times, never pictures, until you download them "
                f"or close or reload this tab.{replaced}"
            )
            st.button(
                "Record scores", key="record_start", icon=":material/fiber_manual_record:",
                disabled=not playing, on_click=_start, args=(live, settings),
            )  # fmt: skip
        finished = finished_recording()
        if finished is not None:
            _finished(finished)


def _start(live: LiveSession, settings: Settings) -> None:
    keep_finished(None)
    result = live.view().result
    label_set = settings.card.label_set if result is None else result.scores.label_set
    live.record(Recording(label_set, score_source(settings)))
    mark_recording("running")


def _running(live: LiveSession, recording: Recording, playing: bool) -> None:
    st.fragment(run_every=1.0 if playing else None)(_progress)(live, recording, playing)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Note", key=_NOTE_KEY, placeholder="What happens now?", width=260, max_chars=200
        )
        st.button(
            "Mark", key="record_mark", icon=":material/flag:", on_click=_mark, args=(recording,)
        )
        st.button(
            "Stop recording", key="record_stop", icon=":material/stop_circle:", type="primary",
            on_click=_stop, args=(live, recording),
        )  # fmt: skip


def _stop(live: LiveSession, recording: Recording) -> None:
    live.record(None)
    recording.stop()
    keep_finished(recording)
    mark_recording("stopped" if recording.summary().frames else "")


def _mark(recording: Recording) -> None:
    recording.mark(st.session_state.get(_NOTE_KEY, ""))
    st.session_state[_NOTE_KEY] = ""


def _discard() -> None:
    keep_finished(None)
    mark_recording("")


def _progress(live: LiveSession, recording: Recording, playing: bool) -> None:
    summary = recording.summary()
    if recording.problem:
        st.warning(plain(recording.problem), icon=":material/warning:")
    marks = count_of(len(recording.markers), "marker")
    figures = f"{clock(summary.seconds)} · {summary.rows:,} rows · {marks}"
    over = "Recording ended" if recording.problem else "Recording paused: no video"
    is_now = is_of_now(live.view(), playing=playing) and not recording.problem
    st.html(recording_line(over, figures, is_now=is_now))


def _finished(recording: Recording) -> None:
    summary = recording.summary()
    shown_s = with_a_face(summary.time)
    if recording.problem:
        st.warning(plain(recording.problem), icon=":material/warning:")
    with st.container(border=True, key="recording_summary"):
        shown = {e.value: summary.time.get(e.value, 0.0) for e in recording.label_set.emotions}
        most = max(shown, key=shown.__getitem__) if shown_s else ""
        share = f"{percent(shown[most] / shown_s)} of the time with a face" if most else ""
        unclear, nobody, gone = (
            summary.time.get(state, 0.0) for state in (UNCERTAIN, NO_FACE, NO_FRAME)
        )
        st.html(
            pieces.figures(
                [
                    ("Recorded", clock(summary.seconds), f"{summary.frames:,} frames"),
                    ("Faces", str(summary.faces), f"{summary.rows:,} rows"),
                    ("Mostly", most or "nobody", share),
                    ("Uncertain", f"{unclear:.0f} s", "the expression was not clear"),
                    ("No face", f"{nobody:.0f} s", f"{gone:.0f} s more without video"),
                    ("Markers", str(len(recording.markers)), "in the last column"),
                ]
            )
        )
        trend = [(time_s, {0: row.tolist()}) for time_s, row in recording.trend.points()]
        names = recording.label_set.names
        st.altair_chart(
            timeline_chart(
                trend, names, span_s=max(1.0, summary.seconds), ends_now=False, height=140,
                markers=[(m.time_s, m.note) for m in recording.markers],
                gap_s=recording.trend.gap_s,
            ),
            key="recording_trend",
            alt="Probabilities of all expressions over the recording, mean of all faces.",
        )  # fmt: skip
        st.html(pieces.legend(recording.label_set.emotions))
        _downloads(recording)


def _downloads(recording: Recording) -> None:
    stem = f"emotion_lens_{recording.started:%Y-%m-%d_%H-%M-%S}"
    kinds = (
        ("CSV", "csv", "text/csv", ":material/table:", exports.to_csv),
        ("JSON", "json", "application/json", ":material/data_object:", exports.to_json),
        (
            "Parquet", "parquet", "application/vnd.apache.parquet", ":material/view_column:",
            exports.to_parquet,
        ),
    )  # fmt: skip
    st.caption(" ".join(exports.NOTES))
    saved = saver()
    with st.container(horizontal=True):
        for label, suffix, mime, icon, make in kinds:
            st.download_button(
                label, data=partial(_made, make, recording, saved), file_name=f"{stem}.{suffix}",
                mime=mime, icon=icon, key=f"recording_{suffix}", on_click="ignore",
            )  # fmt: skip
        st.button(
            "Discard", key="recording_discard", icon=":material/delete:", type="tertiary",
            on_click=_discard,
        )  # fmt: skip


def _made(
    make: Callable[[Recording], bytes], recording: Recording, saved: Callable[[], None]
) -> bytes:
    """A file, when it is asked for."""
    data = make(recording)
    saved()
    return data
