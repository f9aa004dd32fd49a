"""Forgets a person for good, after a question, and says what was removed."""

import streamlit as st

from emotion_core.markdown import plain
from emotion_core.store.forgetting import Forgotten
from emotion_core.store.session_info import Person, SessionInfo
from emotion_core.store.store import Store
from emotion_core.wording import count_of
from pages.parts.common.review.edits import attempt
from pages.parts.common.review.problems import show_problem
from pages.parts.sessions.state import forget_edits

_HERE, _EVERYWHERE = "In this session", "In all sessions"
_DONE = "_sessions_forgotten"


def forget_button(store: Store, info: SessionInfo, *, disabled: bool) -> None:
    """Leads to the question."""
    if st.button(
        "Forget a person", key="session_forget", icon=":material/person_remove:",
        disabled=disabled or not info.people,
        help="Removes every row and picture of somebody, for good.",
    ):  # fmt: skip
        st.session_state.pop(_DONE, None)
        _dialog(store, info.id)


@st.dialog("Forget a person", icon=":material/person_remove:", on_dismiss="rerun")
def _dialog(store: Store, session: str) -> None:
    forget_question(store, session)


def forget_question(store: Store, session: str) -> None:
    """Whom, and where; afterwards what was removed."""
    if (done := st.session_state.get(_DONE)) is not None:
        _outcome(done)
        return
    show_problem()
    people = {person.number: person for person in store.session(session).info().people}
    if not people:
        st.caption("Nobody is in this session any more.")
        return
    number = st.selectbox(
        "Person", list(people), format_func=lambda one: plain(_called(people[one])),
        key=f"forget_person_{session}",
    )  # fmt: skip
    subject, everywhere = people[number].subject, False
    if subject:
        everywhere = (
            st.radio("Where", (_HERE, _EVERYWHERE), key=f"forget_where_{session}") == _EVERYWHERE
        )
    if everywhere:
        n = sum(any(p.subject == subject for p in one.people) for one in store.sessions())
        st.caption(f"{plain(subject)} is in {count_of(n, 'session')}.")
    st.warning(
        "Every row and every kept picture of this person is removed, and so is the name. This "
        "cannot be undone. What was exported before, and videos outside of the sessions, stay.",
        icon=":material/warning:",
    )
    sure = st.checkbox("I am sure", key=f"forget_sure_{session}_{number}")
    st.button(
        "Forget", key="forget_now", type="primary", icon=":material/delete_forever:",
        disabled=not sure, on_click=attempt,
        args=(_forget, store, session, number, subject if everywhere else ""),
    )  # fmt: skip


def _forget(store: Store, session: str, person: int, subject: str) -> None:
    done = store.forget_subject(subject) if subject else store.forget_person(session, person)
    forget_edits()
    st.session_state[_DONE] = done


def _outcome(done: Forgotten) -> None:
    st.success(
        f"{plain(done.name)} is forgotten: {count_of(done.rows, 'row')} in "
        f"{count_of(done.frames, 'frame')} and {count_of(done.pictures, 'picture')} were removed, "
        f"from {count_of(len(done.sessions), 'session')}.",
        icon=":material/check_circle:",
    )
    for note in done.notes:
        st.caption(f":material/info: {plain(note)}")
    if st.button("Close", key="forget_close", type="primary"):
        st.rerun()


def _called(person: Person) -> str:
    return f"{person.name} ({person.subject})" if person.subject else person.name
