"""Forgets a person for good, after a question, and says what was removed."""

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from emotion_core.store.forgetting import Forgotten
from emotion_core.store.session_info import Person, SessionInfo
from emotion_core.store.store import Store
from emotion_core.wording import count_of
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
    if (done := st.session_state.get(_DONE)) is not None:
        _outcome(done)
        return
    info = store.session(session).info()
    people = {person.number: person for person in info.people}
    number = st.selectbox(
        "Person", list(people), format_func=lambda one: plain(_called(people[one])),
        key=f"forget_person_{session}",
    )  # fmt: skip
    person = people[number]
    where = _HERE
    if person.subject:
        where = st.radio("Where", (_HERE, _EVERYWHERE), key=f"forget_where_{session}")
        if where == _EVERYWHERE:
            n = sum(
                any(p.subject == person.subject for p in one.people) for one in store.sessions()
            )
            st.caption(f"{plain(person.subject)} is in {count_of(n, 'session')}.")
    st.warning(
        "Every row and every kept picture of this person is removed, and so is the name. This "
        "cannot be undone. What was exported before, and videos outside of the sessions, stay.",
        icon=":material/warning:",
    )
    sure = st.checkbox("I am sure", key=f"forget_sure_{session}")
    if st.button(
        "Forget", key="forget_now", type="primary", icon=":material/delete_forever:",
        disabled=not sure,
    ):  # fmt: skip
        try:
            if where == _EVERYWHERE:
                done = store.forget_subject(person.subject)
            else:
                done = store.forget_person(session, number)
        except EmotionLensError as error:
            st.error(plain(error), icon=":material/error:")
            return
        forget_edits()
        st.session_state[_DONE] = done
        st.rerun(scope="fragment")


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
