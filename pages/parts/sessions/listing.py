"""The list of sessions, newest first: found, opened, marked and thrown away."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.store.models import SessionState
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.session_words import facts_of, title_of
from emotion_core.store.store import Store
from emotion_core.wording import count_of
from pages.parts.common.review.problems import show_problem
from pages.parts.common.session_store import reopen_store
from pages.parts.sessions.deleting import deleted_sessions, retention_choice, throw_away, undo_line
from pages.parts.sessions.empty import no_sessions
from pages.parts.sessions.filters import session_filter
from pages.parts.sessions.marking import marking_bar
from pages.parts.sessions.state import chosen_key, open_session
from pages.parts.sessions.trouble import store_trouble

PER_PAGE = 20
_TAKEN_IN = "_sessions_taken_in"


def session_list(store: Store) -> None:
    """All sessions with what can be done with them."""
    show_problem()
    undo_line()
    try:
        infos, gone = store.sessions(), store.sessions(deleted=True)
    except EmotionLensError as error:
        store_trouble(error)
        return
    _take_in(store, infos)
    if infos:
        _listed(store, infos)
    else:
        no_sessions()
    with st.container(horizontal=True, vertical_alignment="center"):
        deleted_sessions(gone)
        if infos:
            retention_choice(store)


def _listed(store: Store, infos: Sequence[SessionInfo]) -> None:
    wanted = session_filter(infos)
    found = wanted.apply(infos)
    count = count_of(len(found), "session").capitalize()
    st.header(f"{count} of {len(infos):,}" if len(found) != len(infos) else count, anchor=False)
    if not found:
        st.caption("No session is like that. Change the filter, or show all.")
        return
    marking_bar(store, found)
    pages = -(-len(found) // PER_PAGE)
    place = st.container()
    page = 1
    if pages > 1:
        page = min(pages, st.pagination(pages, key="sessions_page"))
    with place:
        for info in found[(page - 1) * PER_PAGE : page * PER_PAGE]:
            with st.container(border=True, key=f"session_row_{info.id}"):
                _row(store, info)


def _row(store: Store, info: SessionInfo) -> None:
    is_running = info.state == SessionState.RECORDING
    with st.container(horizontal=True, vertical_alignment="center"):
        st.checkbox(
            f"Choose {plain(title_of(info))}", key=chosen_key(info.id),
            label_visibility="collapsed", width="content",
        )  # fmt: skip
        st.html(_title(info), width="stretch")
        # Of one piece, so that on a phone both go to the next line.
        with st.container(horizontal=True, width="content"):
            st.button(
                "Open", key=f"session_open_{info.id}", icon=":material/folder_open:",
                on_click=open_session, args=(info.id,),
            )  # fmt: skip
            st.button(
                "Delete", key=f"session_delete_{info.id}", icon=":material/delete:",
                type="tertiary", disabled=is_running, on_click=throw_away, args=(info.id,),
                help="Stop the recording first." if is_running else None,
            )  # fmt: skip
    if is_running:
        st.caption(":material/radio_button_checked: Recording now. Open it to watch it grow.")
    try:
        st.html(pieces.share_bar(shares_of(store, info)))
    except EmotionLensError as error:  # one damaged session does not hide the others
        st.error(plain(error), icon=":material/error:")


def shares_of(store: Store, info: SessionInfo) -> dict[str, float]:
    """How much of the time each expression was shown, kept until the session changes.

    Raises:
        StoreError: its rows cannot be read.
    """
    session = store.session(info.id)
    return _shares(store, info.id, repr((info.rows, info.people, session.markers.excluded())))


@st.cache_data(show_spinner=False, max_entries=2000)
def _shares(_store: Store, session: str, version: str) -> dict[str, float]:  # noqa: ARG001 - the cache's key
    return _store.session(session).overall()


def _title(info: SessionInfo) -> str:
    words = [*info.tags, *(_group(name, info.groups[name]) for name in sorted(info.groups))]
    tags = "".join(f'<li class="el-tag">{escape(word)}</li>' for word in words)
    return (
        f'<div class="el-row-title"><b>{escape(title_of(info))}</b>'
        f"<small>{escape(facts_of(info))}</small></div>"
        f'<ul class="el-tags">{tags}</ul>'
    )


def _group(name: str, condition: str) -> str:
    return f"{name}: {condition}" if condition else name


def _take_in(store: Store, infos: Sequence[SessionInfo]) -> None:
    """A recording whose recorder is gone is taken in now, not minutes later; once for each."""
    known: set[str] = st.session_state.setdefault(_TAKEN_IN, set())
    left = {
        info.id
        for info in infos
        if info.state == SessionState.RECORDING
        and not store.session(info.id).place.is_being_written
    }
    if left - known:
        known |= left
        reopen_store()
        st.rerun()
