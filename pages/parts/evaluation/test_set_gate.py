"""The gate before the test images: every access is logged, and everybody sees how many."""

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.evaluation import EvaluatedModel
from emotion_core.evaluation.test_set_log import Access, is_test, read_accesses, record_access
from emotion_core.markdown import plain
from emotion_core.wording import count_of
from pages.parts.evaluation.choice import Choice
from pages.parts.evaluation.start_button import start_button, was_started

_SEEN = "_ev_test_set_seen"


def may_access(choice: Choice, model: EvaluatedModel | None = None) -> bool:
    """Whether figures may be shown; draws the gate where they may not.

    Args:
        choice: what is judged.
        model: another model than the chosen one.
    """
    model = model or choice.model
    name = "test_set" if model is choice.model else "test_set_of_other"
    asked = was_started(name)
    if not is_test(choice.rows.split):
        return True
    key = _key(choice, model)
    problem = _log_access(choice, model) if asked and key not in _seen() else ""
    accesses = read_accesses(choice.data)
    if key in _seen():
        if model is choice.model:
            st.caption(f":material/visibility: {_so_far(accesses)}")
        return True
    with st.container(border=True):
        st.markdown(
            "**The test images are for reporting.** Choosing models by their figures fits the "
            f"models to them, so every access is logged. {_so_far(accesses)}"
        )
        start_button(
            name,
            f"Evaluate {plain(model.name)} on the test images",
            icon=":material/visibility:",
        )
        if problem:
            st.error(plain(problem), icon=":material/error:")
    return False


def _so_far(accesses: tuple[Access, ...]) -> str:
    if not accesses:
        return "The test-set access log is empty."
    models = count_of(len({access.model_key for access in accesses}), "model")
    day = accesses[-1].when[:10]
    times = count_of(len(accesses), "access", "accesses")
    return f"Test-set access log: {times} so far, with {models}, the last on {plain(day)}."


def _log_access(choice: Choice, model: EvaluatedModel) -> str:
    """Logs it; where that cannot be done, why, and the figures stay hidden."""
    try:
        record_access(
            by="page",
            model=model,
            dataset=choice.data,
            split=choice.rows.split,
            labels=choice.rows.labels,
        )
    except EmotionLensError as error:
        return str(error)
    _seen().add(_key(choice, model))
    return ""


def _key(choice: Choice, model: EvaluatedModel) -> tuple[str, ...]:
    return model.key, choice.data.sha256, choice.rows.split, choice.rows.labels


def _seen() -> set[tuple[str, ...]]:
    """What this session was shown: showing the same figures again is no new access."""
    seen: set[tuple[str, ...]] = st.session_state.setdefault(_SEEN, set())
    return seen
