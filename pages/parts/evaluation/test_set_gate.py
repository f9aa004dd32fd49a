"""The gate before the test images: looks are counted, and everybody sees how many there were."""

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.evaluation import Subject
from emotion_core.evaluation.test_set_log import Look, is_test, read_looks, record_look
from emotion_core.markdown import plain
from emotion_core.wording import count_of
from pages.parts.evaluation.choice import Choice

_SEEN = "_ev_looked"
_PROBLEM = "_ev_look_problem"


def may_look(choice: Choice, subject: Subject | None = None) -> bool:
    """Whether figures may be shown; draws the gate where they may not.

    Args:
        choice: what is judged.
        subject: another model than the chosen one.
    """
    subject = subject or choice.subject
    if not is_test(choice.rows.split):
        return True
    looks = read_looks(choice.data)
    key = _key(choice, subject)
    if key in _seen():
        if subject is choice.subject:
            st.caption(f":material/visibility: {_so_far(looks)}")
        return True
    with st.container(border=True):
        st.markdown(
            "**These images are for reporting.** Whoever looks often and chooses by what they see "
            f"fits the model to them. {_so_far(looks)}"
        )
        st.button(
            f"Look at the test images with {plain(subject.name)}",
            icon=":material/visibility:",
            type="primary",
            on_click=_look,
            args=(choice, subject),
            key=f"look_{subject.name}",
        )
        if problem := st.session_state.pop(_PROBLEM, ""):
            st.error(plain(problem), icon=":material/error:")
    return False


def _so_far(looks: tuple[Look, ...]) -> str:
    if not looks:
        return "Nobody has looked at them here so far."
    models = count_of(len({look.model_key for look in looks}), "model")
    day = looks[-1].when[:10]
    times = count_of(len(looks), "time")
    return f"They were looked at {times} so far, with {models}, last on {plain(day)}."


def _look(choice: Choice, subject: Subject) -> None:
    # Callbacks run before the page's own net.
    try:
        record_look(
            by="page",
            subject=subject,
            dataset=choice.data,
            split=choice.rows.split,
            labels=choice.rows.labels,
        )
    except EmotionLensError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    _seen().add(_key(choice, subject))


def _key(choice: Choice, subject: Subject) -> tuple[str, ...]:
    return subject.key, choice.data.sha256, choice.rows.split, choice.rows.labels


def _seen() -> set[tuple[str, ...]]:
    """What this session has looked at: looking again at the same figures is no new look."""
    seen: set[tuple[str, ...]] = st.session_state.setdefault(_SEEN, set())
    return seen
