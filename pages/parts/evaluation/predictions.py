"""A model's predictions: from what is kept, or computed in the background when asked for."""

import streamlit as st

from emotion_core.evaluation import EvaluatedModel, Evaluation, cached_evaluation, evaluate_model
from emotion_core.evaluation.test_set_log import is_test
from emotion_core.markdown import plain
from pages.parts.evaluation.choice import Choice
from pages.parts.evaluation.jobs import job_board, job_progress


def predictions(choice: Choice, model: EvaluatedModel) -> Evaluation | None:
    """The evaluation; None while it is not there, and then a button or the progress is."""
    found = cached_evaluation(model, choice.rows, choice.cache)
    if found is not None:
        return found
    key = ("predictions", model.key, choice.rows.key)
    job = job_board().find(key)
    # Whoever asked to look at the test images need not ask again.
    if job is None and is_test(choice.rows.split):
        _start(choice, model)
        job = job_board().find(key)
    if job is None or not job.running:
        n = len(choice.rows.images)
        st.button(
            f"Evaluate {plain(model.name)} on {n:,} faces",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_start,
            args=(choice, model),
            key=f"evaluate_{model.name}",
        )
    job_progress(key, "faces")
    return None


def _start(choice: Choice, model: EvaluatedModel) -> None:
    job_board().start(
        ("predictions", model.key, choice.rows.key),
        lambda progress, cancelled: evaluate_model(
            model, choice.rows, cache=choice.cache, progress=progress, cancelled=cancelled
        ),
    )
