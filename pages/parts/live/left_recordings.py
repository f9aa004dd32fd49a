"""Recordings whose tab was reloaded or closed, or whose server ended: go on, or end them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import streamlit as st

from emotion_core.emotions import LabelSet
from emotion_core.errors import EmotionLensError
from emotion_core.live.session import LiveSession
from emotion_core.markdown import plain
from emotion_core.store.places import sessions_root, unfinished
from emotion_core.store.recorder import Recorder
from emotion_core.wording import clock, count_of
from pages.parts.common.login import owner
from pages.parts.common.recordings import RUNNING
from pages.parts.common.session_store import session_store
from pages.parts.common.settings import Settings
from pages.parts.common.streamlit_internals import own_session
from pages.parts.live.finished_panel import keep_finished, show_stored, shown_session
from pages.parts.live.trouble import tell
from pages.parts.live.when import clock_time

# Who comes after a day begins anew; what was recorded stands among the sessions.
_OFFERED = timedelta(hours=24)
_FOUND = "_live_left_recordings"


@dataclass(frozen=True, slots=True)
class _Left:
    """A recording that nobody goes on with."""

    session: str
    name: str
    began: datetime
    seconds: float
    label_set: LabelSet

    @property
    def title(self) -> str:
        """What it is called here."""
        age_s = (datetime.now(UTC) - self.began).total_seconds()
        named = f" “{self.name}”" if self.name else ""
        return f"The recording{named} of {clock_time(age_s)} ({clock(self.seconds)})"


def look_again() -> None:
    """Something was recorded or ended: what was found before does not hold."""
    st.session_state.pop(_FOUND, None)


def left_recordings(live: LiveSession, settings: Settings, *, playing: bool, wanted: bool) -> None:
    """The newest recording that was left, with what can be done; nothing where there is none.

    Args:
        live: takes it up.
        settings: of the page.
        playing: whether video plays just now.
        wanted: whether there is room for one; nobody makes two recordings at once.
    """
    found = _find() if wanted else []
    if not found:
        st.empty()
        return
    newest = found[0]
    others = f" {count_of(len(found) - 1, 'older one')} besides." if len(found) > 1 else ""
    fits = newest.label_set == settings.card.label_set
    with st.container(border=True, key="recording_left"):
        st.markdown(
            f":material/history: **{plain(newest.title)} was interrupted.** What was recorded "
            f"until then is kept.{others}"
        )
        if not fits:
            st.caption("To go on with it, choose a model that knows the same expressions.")
        elif not playing:
            st.caption("To go on with it, start the camera first.")
        else:
            st.caption("The time in between will stand as a gap, and faces get new numbers.")
        with st.container(horizontal=True):
            st.button(
                "Go on with it", key="left_resume", icon=":material/resume:",
                disabled=not (playing and fits), on_click=_resume, args=(live, newest.session),
            )  # fmt: skip
            st.button(
                "End it", key="left_end", icon=":material/stop_circle:", on_click=_end,
                args=(newest.session,),
            )  # fmt: skip


def _find() -> list[_Left]:
    """Those of the last day, newest first."""
    found = []
    for recorder in _left_behind():
        known = recorder.known
        began = datetime.fromtimestamp(known["created"], UTC)
        found.append(
            _Left(recorder.id, known["name"], began, recorder.elapsed_s, recorder.label_set)
        )
    # Looked for without the store at first: most of the time there is nothing.
    if waiting := unfinished(sessions_root()):
        found += _in_store(waiting)
    since = datetime.now(UTC) - _OFFERED
    return sorted((x for x in found if x.began >= since), key=lambda x: x.began, reverse=True)


def _in_store(waiting: tuple[str, ...]) -> list[_Left]:
    """What the store knows of them; asked once for the same ones, as it may take its time."""
    known: tuple[tuple[str, ...], list[_Left]] | None = st.session_state.get(_FOUND)
    if known is not None and known[0] == waiting:
        return known[1]
    try:
        infos = session_store().interrupted()
    except EmotionLensError as error:
        tell(f"{error} Recordings that were interrupted wait on this machine's disk.")
        infos = ()
    found = [_Left(i.id, i.name, i.created, i.duration_s, i.label_set) for i in infos]
    st.session_state[_FOUND] = waiting, found
    return found


def _resume(live: LiveSession, session: str) -> None:
    mine = RUNNING.of(own_session())
    if mine is not None and not mine.stopped:
        return  # a click on a busy page can come twice
    try:
        _take_over(session)
        recorder = session_store().resume(session)
    except EmotionLensError as error:
        tell(f"The recording could not be continued. {error}")
        look_again()
        return
    keep_finished(None)
    RUNNING.begin(own_session(), recorder)
    live.record(recorder)
    look_again()


def _end(session: str) -> None:
    if shown_session() == session:
        return  # as above
    try:
        _take_over(session)
        session_store().end(session)
        show_stored(session)
    except EmotionLensError as error:
        tell(f"The recording could not be ended. {error}")
    look_again()


def _take_over(session: str) -> None:
    """Ends what a tab that was left still holds open."""
    for recorder in _left_behind():
        if recorder.id == session:
            recorder.interrupt()


def _left_behind() -> list[Recorder]:
    """What other tabs left in this server; where people log in, only the visitor's own."""
    mine = owner()
    found = RUNNING.left_behind(own_session())
    return [r for r in found if mine is None or r.known.get("owner", "") == mine]
