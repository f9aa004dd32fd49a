"""The recording that was stopped last: figures, its name, the files, and the way to throw it away.

Rows are read from the disk, so all but name and deletion works while a database does not answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import streamlit as st

from emotion_core.charts import timeline_chart
from emotion_core.emotions import LabelSet
from emotion_core.errors import EmotionLensError
from emotion_core.html import pieces
from emotion_core.live import exports
from emotion_core.live.recorded import Marker, Recorded, Summary, build_recorded, summarise
from emotion_core.live.timeline import NO_FACE, NO_FRAME, UNCERTAIN, with_a_face
from emotion_core.markdown import plain
from emotion_core.store.places import SessionPlace, sessions_root
from emotion_core.store.recorder import Recorder
from emotion_core.store.texts import MAX_NAME
from emotion_core.store.waiting import READ_BY
from emotion_core.video.markers import MARKER
from emotion_core.wording import clock, percent
from pages.parts.common.session_store import session_store
from pages.parts.live.trouble import tell

_FINISHED = "_live_finished"
_DISCARDED = "_live_discarded"


@dataclass(frozen=True, slots=True)
class _Finished:
    """A stopped recording with its figures, which are computed once."""

    session: str
    name: str
    problem: str
    recorded: Recorded
    summary: Summary


def keep_finished(recorder: Recorder | None) -> None:
    """Shows a recording that was just stopped; None shows none any more."""
    st.session_state.pop(_FINISHED, None)
    st.session_state.pop(_DISCARDED, None)
    if recorder is None:
        return
    known = recorder.known
    _keep(
        recorder.id,
        known["name"],
        recorder.label_set,
        datetime.fromtimestamp(known["created"], UTC),
        known["options"].get(READ_BY, []),
        [Marker(m["start_s"], m["text"]) for m in known["markers"] if m["kind"] == MARKER],
        " ".join(filter(None, (recorder.problem, recorder.note))),
    )


def shown_session() -> str:
    """The recording that is shown; empty for none."""
    finished: _Finished | None = st.session_state.get(_FINISHED)
    return "" if finished is None else finished.session


def show_stored(session: str) -> None:
    """Shows a recording of the store as if it was just stopped.

    Raises:
        StoreError: it cannot be read.
    """
    stored = session_store().session(session)
    info = stored.info()
    markers = [Marker(m.start_s, m.text) for m in stored.markers.list() if m.kind == MARKER]
    readers = info.details.get(READ_BY, [])
    _keep(stored.id, info.name, info.label_set, info.created, readers, markers, "")


def _keep(
    session: str,
    name: str,
    label_set: LabelSet,
    started: datetime,
    readers: Sequence[Mapping[str, Any]],
    markers: Sequence[Marker],
    problem: str,
) -> None:
    rows = SessionPlace(sessions_root(), session).parts
    recorded = build_recorded(label_set, started, readers, markers, rows.tables)
    st.session_state[_FINISHED] = _Finished(session, name, problem, recorded, summarise(recorded))


def discarded_panel() -> None:
    """Says that a recording was thrown away, with the way back."""
    session: str | None = st.session_state.get(_DISCARDED)
    if session is None:
        st.empty()
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Recording discarded.", width="content")
        st.button(
            "Undo", key="recording_undo", icon=":material/undo:", on_click=_undo, args=(session,)
        )


def finished_panel() -> None:
    """Figures, chart, name and files of the recording that was stopped last, if there is one."""
    finished: _Finished | None = st.session_state.get(_FINISHED)
    if finished is None:
        st.empty()
        return
    recorded, summary = finished.recorded, finished.summary
    with st.container(border=True, key="recording_summary"):
        if finished.problem:
            st.warning(plain(finished.problem), icon=":material/warning:")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                "Name of the recording", finished.name, key=_name_key(finished.session),
                placeholder="Unnamed", max_chars=MAX_NAME, width=320, on_change=_rename,
                args=(finished,),
            )  # fmt: skip
            st.page_link(
                "pages/sessions.py", label="Open in Sessions", icon=":material/open_in_new:",
                query_params={"session": finished.session},
            )  # fmt: skip
        st.html(pieces.figures(_figures(recorded, summary)))
        trend = [(time_s, {0: row.tolist()}) for time_s, row in summary.trend.points()]
        st.altair_chart(
            timeline_chart(
                trend, recorded.label_set.names, span_s=max(1.0, summary.seconds), ends_now=False,
                height=140, markers=[(m.time_s, m.note) for m in recorded.markers],
                gap_s=summary.trend.gap_s,
            ),
            key="recording_trend",
            alt="Probabilities of all expressions over the recording, mean of all faces.",
        )  # fmt: skip
        st.html(pieces.legend(recorded.label_set.emotions))
        _downloads(finished)


def _figures(recorded: Recorded, summary: Summary) -> list[tuple[str, str, str]]:
    shown_s = with_a_face(summary.time)
    shown = {e.value: summary.time.get(e.value, 0.0) for e in recorded.label_set.emotions}
    most = max(shown, key=shown.__getitem__) if shown_s else ""
    share = f"{percent(shown[most] / shown_s)} of the time with a face" if most else ""
    unclear, nobody, gone = (
        summary.time.get(state, 0.0) for state in (UNCERTAIN, NO_FACE, NO_FRAME)
    )
    return [
        ("Recorded", clock(summary.seconds), f"{summary.frames:,} frames"),
        ("Faces", str(summary.faces), f"{summary.rows:,} rows"),
        ("Mostly", most or "nobody", share),
        ("Uncertain", f"{unclear:.0f} s", "the expression was not clear"),
        ("No face", f"{nobody:.0f} s", f"{gone:.0f} s more without video"),
        ("Markers", str(len(recorded.markers)), "in the last column"),
    ]


def _downloads(finished: _Finished) -> None:
    stem = f"emotion_lens_{finished.recorded.started:%Y-%m-%d_%H-%M-%S}"
    kinds: tuple[tuple[str, str, str, str, Callable[[Recorded], bytes]], ...] = (
        ("CSV", "csv", "text/csv", ":material/table:", exports.to_csv),
        ("JSON", "json", "application/json", ":material/data_object:", exports.to_json),
        (
            "Parquet", "parquet", "application/vnd.apache.parquet", ":material/view_column:",
            exports.to_parquet,
        ),
    )  # fmt: skip
    st.caption(" ".join(exports.NOTES))
    with st.container(horizontal=True):
        for label, suffix, mime, icon, make in kinds:
            st.download_button(
                label, data=partial(make, finished.recorded), file_name=f"{stem}.{suffix}",
                mime=mime, icon=icon, key=f"recording_{suffix}", on_click="ignore",
            )  # fmt: skip
        st.button(
            "Discard", key="recording_discard", icon=":material/delete:", type="tertiary",
            on_click=_discard, args=(finished.session,),
        )  # fmt: skip


def _name_key(session: str) -> str:
    return f"recording_name_{session}"


def _rename(finished: _Finished) -> None:
    name = st.session_state[_name_key(finished.session)].strip()
    try:
        session_store().session(finished.session).rename(name)
    except EmotionLensError as error:
        tell(f"The name could not be changed. {error}")
    else:
        st.session_state[_FINISHED] = replace(finished, name=name)


def _discard(session: str) -> None:
    if shown_session() != session:
        return  # a click on a busy page can come twice
    try:
        session_store().delete(session)
    except EmotionLensError as error:
        tell(f"The recording could not be discarded. {error}")
        return
    keep_finished(None)
    st.session_state[_DISCARDED] = session


def _undo(session: str) -> None:
    try:
        session_store().restore(session)
        show_stored(session)
    except EmotionLensError as error:
        tell(f"The recording could not be brought back. {error}")
        return
    st.session_state.pop(_DISCARDED, None)
