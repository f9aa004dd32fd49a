"""The gate before the test images: every access is logged, and everybody sees how many."""

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.evaluation import EvaluatedModel
from emotion_core.evaluation.test_set_log import Access, is_test, read_accesses, record_access
from emotion_core.markdown import plain
from emotion_core.wording import count_of
from pages.parts.evaluation.choice import Choice

_SEEN = "_ev_test_set_seen"
_PROBLEM = "_ev_test_set_problem"


def may_access(choice: Choice, model: EvaluatedModel | None = None) -> bool:
    """Whether figures may be shown; draws the gate where they may not.

    Args:
        choice: what is judged.
        model: another model than the chosen one.
    """
    model = model or choice.model
    if not is_test(choice.rows.split):
        return True
    accesses = read_accesses(choice.data)
    key = _key(choice, model)
    if key in _seen():
        if model is choice.model:
            st.caption(f":material/visibility: {_so_far(accesses)}")
        return True
    with st.container(border=True):
        st.markdown(
            "**The test images are for reporting.** Choosing models by their figures fits the "
            f"models to them, so every access is logged. {_so_far(accesses)}"
        )
        st.button(
            f"Evaluate {plain(model.name)} on the test images",
            icon=":material/visibility:",
            type="primary",
            on_click=_log_access,
            args=(choice, model),
            key=f"test_set_{model.name}",
        )
        if problem := st.session_state.pop(_PROBLEM, ""):
            st.error(plain(problem), icon=":material/error:")
    return False


def _so_far(accesses: tuple[Access, ...]) -> str:
    if not accesses:
        return "The test-set access log is empty."
    models = count_of(len({access.model_key for access in accesses}), "model")
    day = accesses[-1].when[:10]
    times = count_of(len(accesses), "access", "accesses")
    return f"Test-set access log: {times} so far, with {models}, the last on {plain(day)}."


def _log_access(choice: Choice, model: EvaluatedModel) -> None:
    # Callbacks run before the page's own net.
    try:
        record_access(
            by="page",
            model=model,
            dataset=choice.data,
            split=choice.rows.split,
            labels=choice.rows.labels,
        )
    except EmotionLensError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    _seen().add(_key(choice, model))


def _key(choice: Choice, model: EvaluatedModel) -> tuple[str, ...]:
    return model.key, choice.data.sha256, choice.rows.split, choice.rows.labels


def _seen() -> set[tuple[str, ...]]:
    """What this session was shown: showing the same figures again is no new access."""
    seen: set[tuple[str, ...]] = st.session_state.setdefault(_SEEN, set())
    return seen
