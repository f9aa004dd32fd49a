"""What is thrown away: at once, with undo; after some days; and what can still come back."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from emotion_core.store.retention import MAX_DAYS, UNDO_DAYS
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.session_words import moment, title_of
from emotion_core.store.store import Store
from emotion_core.wording import count_of
from pages.parts.common.review.edits import attempt
from pages.parts.common.review.problems import tell_problem
from pages.parts.common.session_store import session_store
from pages.parts.sessions.state import close_session

_LAST = "_sessions_deleted"
_SHOWN = 30


def throw_away(*sessions: str) -> None:
    """Deletes sessions; they can be taken back at once, or later from the list of the deleted."""
    names: dict[str, str] = {}
    for session in sessions:
        try:
            names[session] = title_of(session_store().delete(session))
        except EmotionLensError as error:
            tell_problem(str(error))
    if names:
        st.session_state[_LAST] = names
        close_session()


def undo_line() -> None:
    """Says what was just deleted, and takes it back."""
    names: dict[str, str] = st.session_state.get(_LAST, {})
    if not names:
        return
    (first, *rest) = names.values()
    what = f"Deleted {first}" + f" and {len(rest)} more" * bool(rest)
    with st.container(horizontal=True, vertical_alignment="center", key="sessions_undo_line"):
        st.markdown(plain(f"{what}."), width="content")
        st.button(
            "Undo", key="sessions_undo", icon=":material/undo:", on_click=bring_back,
            args=tuple(names),
        )  # fmt: skip
        st.button("Dismiss", key="sessions_undo_dismiss", type="tertiary", on_click=_forget_last)


def bring_back(*sessions: str) -> None:
    """Takes deletions back."""
    _forget_last()
    for session in sessions:
        attempt(_restore, session)


def _restore(session: str) -> None:
    session_store().restore(session)


def _forget_last() -> None:
    st.session_state.pop(_LAST, None)


def deleted_sessions(gone: Sequence[SessionInfo]) -> None:
    """What was deleted and can still come back."""
    if not gone:
        return
    with st.popover(f"Recently deleted ({len(gone):,})", icon=":material/restore_from_trash:"):
        st.caption(f"What is deleted can be restored for {UNDO_DAYS} days. Then it is gone.")
        for info in gone[:_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center"):
                when = moment(info.deleted) if info.deleted is not None else ""
                st.markdown(f"{plain(title_of(info))}, deleted {plain(when)}", width="stretch")
                st.button(
                    "Restore", key=f"session_restore_{info.id}", icon=":material/undo:",
                    on_click=bring_back, args=(info.id,),
                )  # fmt: skip
                st.button(
                    "Remove for good", key=f"session_purge_{info.id}", type="tertiary",
                    on_click=_purge, args=(info.id,),
                )  # fmt: skip
        if len(gone) > _SHOWN:
            st.caption(f"{len(gone) - _SHOWN:,} more are not listed.")


def _purge(session: str) -> None:
    _forget_last()
    _tried(session_store().retention.purge, session)


def retention_choice(store: Store) -> None:
    """After how many days sessions are deleted by themselves."""
    days = store.retention.days()
    words = "Kept until deleted" if days is None else f"Kept for {count_of(days, 'day')}"
    with st.popover(words, icon=":material/auto_delete:"):
        with st.form("sessions_retention", border=False):
            wanted = st.number_input(
                "Delete sessions after, days", 1, MAX_DAYS, days, 1, key="sessions_days_kept",
                placeholder="never", help="Counted from when a session began. Empty: never.",
            )  # fmt: skip
            if st.form_submit_button("Save", type="primary", icon=":material/save:"):
                _tried(store.retention.set_days, None if wanted is None else int(wanted))
                st.rerun()
        st.caption(
            "What becomes too old is deleted when the store is next opened, and can be restored "
            f"for {UNDO_DAYS} days. One session can have its own date; open it for that."
        )


def _tried(change: Callable[..., object], *args: Any) -> None:
    try:
        change(*args)
    except (EmotionLensError, OSError) as error:
        tell_problem(str(error))
