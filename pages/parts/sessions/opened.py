"""One session: what is known of it, its timeline, who is in it, and what can be done with it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from emotion_core.errors import StoreError
from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.store.models import SessionKind, SessionState
from emotion_core.store.session import StoredSession
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.session_undo import UndoableEdits
from emotion_core.store.session_view import version_of
from emotion_core.store.session_words import facts_of, title_of
from emotion_core.store.store import Store
from pages.parts.common.guard import guarded
from pages.parts.common.review.edits import edited
from pages.parts.common.review.look import Look, look_controls, look_query
from pages.parts.common.review.player import video_player
from pages.parts.common.review.problems import show_problem
from pages.parts.common.review.seek import asked_seek
from pages.parts.common.session_serving import session_rows, session_token
from pages.parts.common.settings import Settings
from pages.parts.common.video_serving import video_token
from pages.parts.sessions.details import details
from pages.parts.sessions.of_video import video_of
from pages.parts.sessions.state import close_session, edits_of
from pages.parts.sessions.trouble import store_trouble

_EVERY_S = 2.0


def show_session(store: Store, session: str, settings: Settings) -> None:
    """Draws an opened session."""
    try:
        found = store.session(session)
        info = found.info()
    except StoreError as error:
        st.title("Sessions", anchor=False)
        store_trouble(error)
        st.button(
            "All sessions", key="sessions_back", icon=":material/arrow_back:",
            on_click=close_session,
        )  # fmt: skip
        return
    # Whatever comes and goes here, the player below keeps its place. In another one the browser
    # would begin it anew.
    with st.container(key="review_above"):
        _above(store, found, info)
    if info.kind == SessionKind.PHOTOS:
        _photos(found, settings, _facts(info))
    elif info.state == SessionState.RECORDING:
        st.fragment(run_every=_EVERY_S)(_growing)(found)
    else:
        _watching(found, settings, _facts(info))


def _above(store: Store, session: StoredSession, info: SessionInfo) -> None:
    """What it is, and what can be said of it."""
    st.button(
        "All sessions", key="sessions_back", icon=":material/arrow_back:", type="tertiary",
        on_click=close_session,
    )  # fmt: skip
    with st.container(key="review_head"):
        st.title(plain(title_of(info)), anchor=False)
        st.html(pieces.paragraph(_facts(info), quiet=True))
    for note in info.details.get("notes", []):
        st.caption(f":material/info: {plain(note)}")
    details(store, session, info)
    if info.state == SessionState.RECORDING:
        st.info(
            "This session is being recorded. It can be changed once the recording has ended.",
            icon=":material/radio_button_checked:",
        )
    elif info.state == SessionState.INTERRUPTED:
        st.info(
            "The recording was interrupted. Everything up to its last second is here.",
            icon=":material/info:",
        )


def _facts(info: SessionInfo) -> str:
    read_by = f"read by {info.model}" if info.model else ""
    found_by = f"faces found by {info.detector}" if info.detector else ""
    return " · ".join(filter(None, (facts_of(info), read_by, found_by)))


@st.fragment
def _photos(session: StoredSession, settings: Settings, facts: str) -> None:
    with guarded():
        if _facts(session.info()) != facts:
            st.rerun(scope="app")
        show_problem()
        from pages.parts.sessions.photos import photo_session

        photo_session(session, edits_of(session), settings)
        from pages.parts.sessions.downloads import downloads

        downloads(session)


def _growing(session: StoredSession) -> None:
    """A recording that goes on: what is there so far, again and again."""
    with guarded():
        info = session.info()
        if info.state != SessionState.RECORDING:
            st.rerun(scope="app")
        _player(session, info, Look(), None, blur=False)
        from pages.parts.common.review.figures import figures

        figures(session_rows().view(session), (), f"session_interval_{info.id}", whole="So far")


@st.fragment
def _watching(session: StoredSession, settings: Settings, facts: str) -> None:
    """Everything that changes by itself: the rest of the page is not drawn again for it.

    Args:
        session: what is watched.
        settings: of the sidebar.
        facts: what stands above; when it is no longer so, the page is drawn again.
    """
    with guarded():
        info, edits = session.info(), edits_of(session)
        if _facts(info) != facts:
            st.rerun(scope="app")
        show_problem()
        look = look_controls(info.options, "session", info.id)
        _player(session, info, look, edits, blur=settings.blur)
        view = session_rows().view(session, look.settings)
        st.html(pieces.legend(view.label_set.emotions))
        from pages.parts.sessions.sections import sections

        sections(session, info, view, edits, settings)


def _player(
    session: StoredSession,
    info: SessionInfo,
    look: Look,
    edits: UndoableEdits | None,
    *,
    blur: bool,
) -> None:
    video = video_of(info)
    base = f"_videos/{video_token(video.id)}" if video is not None else ""
    version = hash((version_of(session), look.settings)) & 0xFFFFFFFF

    def on_edit(edit: Mapping[str, Any]) -> None:
        if edits is not None and edit.get("action") != "unplayable":
            edited(edits.markers, edits.people, edit)

    video_player(
        key=f"session_player_{info.id}",
        src=f"{base}/media" if base else "",
        faces=f"_sessions/{session_token(info.id)}/faces?v={version:x}{look_query(look.settings)}",
        times=f"{base}/times" if base else "",
        message={},
        duration_s=info.duration_s,
        first_s=0.0,
        markers=_shown_markers(session, info),
        is_copy=False,
        blur=blur,
        lines=look.lines,
        raw=look.raw,
        seek=asked_seek(),
        on_edit=on_edit if edits is not None else None,
    )


def _shown_markers(session: StoredSession, info: SessionInfo) -> list[dict[str, Any]]:
    """The markers, and where somebody's face is at rest."""
    resting = [
        {
            "id": f"rest-{person.number}",
            "start_s": person.baseline[0],
            "end_s": person.baseline[1],
            "text": f"{person.name} at rest",
            "kind": "rest",
        }
        for person in info.people
        if person.baseline is not None and not person.hidden
    ]
    return [*(marker.to_dict() for marker in session.markers.list()), *resting]
