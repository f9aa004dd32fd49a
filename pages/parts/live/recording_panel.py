"""Recording on the page: start, mark, stop, and what becomes of recordings that were left."""

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.live.session import LiveSession
from emotion_core.markdown import plain
from emotion_core.store.recorder import Recorder
from emotion_core.video.markers import MARKER
from emotion_core.video.versions import versions
from emotion_core.wording import clock, count_of
from pages.parts.common.guard import guarded
from pages.parts.common.recordings import RUNNING
from pages.parts.common.session_store import session_store
from pages.parts.common.settings import Settings
from pages.parts.common.streamlit_internals import own_session
from pages.parts.live.finished_panel import discarded_panel, finished_panel, keep_finished
from pages.parts.live.left_recordings import left_recordings, look_again
from pages.parts.live.state import score_source
from pages.parts.live.trouble import tell, trouble_panel
from pages.parts.live.when import is_of_now, recording_line

_NOTE_KEY = "live_marker_note"
_GOES_ON = "The recording goes on, and nothing of it is lost."


@st.fragment
def recording_panel(live: LiveSession, settings: Settings, *, playing: bool) -> None:
    """The controls, recordings that were left behind, and the one that was stopped last."""
    with guarded():
        recorder = _own_recorder(live)
        # Every part has its place, empty or not: what a fragment leaves out at its end stays on
        # the screen as long as there are fragments within it.
        st.header("Recording", anchor=False)
        trouble_panel()
        with st.container():
            if recorder is not None:
                _running(live, recorder, playing)
            else:
                _start_panel(live, settings, playing)
        left_recordings(live, settings, playing=playing, wanted=recorder is None)
        discarded_panel()
        finished_panel()


def _start_panel(live: LiveSession, settings: Settings, playing: bool) -> None:
    st.caption(
        "Off. It keeps scores with their times, never pictures, and is on this machine's disk "
        "from its first second on."
    )
    st.button(
        "Record scores", key="record_start", icon=":material/fiber_manual_record:",
        disabled=not playing, on_click=_start, args=(live, settings),
    )  # fmt: skip


def _own_recorder(live: LiveSession) -> Recorder | None:
    """The recording of this tab, if it still takes frames."""
    recorder = RUNNING.of(own_session())
    if recorder is None:
        return None
    if recorder.stopped:
        # It was taken up, or ended, in another tab while this one had no connection.
        _let_go(live)
        tell("The recording was continued or ended in another tab.")
        return None
    if recorder.problem:
        _finish(live, recorder)
        return None
    return recorder


def _start(live: LiveSession, settings: Settings) -> None:
    if _is_recording():
        return  # a click on a busy page can come twice
    result = live.view().result
    source = score_source(settings)
    chosen = live.settings
    try:
        recorder = session_store().record(
            model=source.model,
            detector=source.detector,
            label_set=settings.card.label_set if result is None else result.scores.label_set,
            model_sha256=source.model_sha256,
            labels=source.labels,
            versions=versions(),
            options={
                "threshold": chosen.stream.threshold,
                "half_life_s": chosen.stream.half_life_s,
                "detect_every": chosen.stream.detect_every,
                "min_confidence": settings.min_confidence,
            },
        )
    except EmotionLensError as error:
        tell(f"Nothing is recorded, and the video goes on. {error}")
        return
    keep_finished(None)
    RUNNING.begin(own_session(), recorder)
    live.record(recorder)


def _is_recording() -> bool:
    recorder = RUNNING.of(own_session())
    return recorder is not None and not recorder.stopped


def _running(live: LiveSession, recorder: Recorder, playing: bool) -> None:
    with st.container():
        st.fragment(run_every=1.0 if playing else None)(_progress)(live, recorder, playing)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Note", key=_NOTE_KEY, placeholder="What happens now?", width=260, max_chars=200
        )
        st.button(
            "Mark", key="record_mark", icon=":material/flag:", on_click=_mark, args=(recorder,)
        )
        st.button(
            "Stop recording", key="record_stop", icon=":material/stop_circle:", type="primary",
            on_click=_finish, args=(live, recorder),
        )  # fmt: skip


def _finish(live: LiveSession, recorder: Recorder) -> None:
    _let_go(live)
    recorder.stop()
    keep_finished(recorder)
    look_again()


def _let_go(live: LiveSession) -> None:
    live.record(None)
    RUNNING.forget(own_session())


def _mark(recorder: Recorder) -> None:
    recorder.mark(st.session_state.get(_NOTE_KEY, ""))
    st.session_state[_NOTE_KEY] = ""


def _progress(live: LiveSession, recorder: Recorder, playing: bool) -> None:
    if recorder.problem or recorder.stopped:
        st.rerun()
    known = recorder.known
    marks = count_of(sum(m["kind"] == MARKER for m in known["markers"]), "marker")
    figures = f"{clock(recorder.elapsed_s)} · {known['rows']:,} rows · {marks}"
    is_now = is_of_now(live.view(), playing=playing)
    st.html(recording_line("Recording paused: no video", figures, is_now=is_now))
    if note := recorder.note:
        st.warning(f"{plain(note)} {_GOES_ON}", icon=":material/warning:")
    else:
        st.empty()
