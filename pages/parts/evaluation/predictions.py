"""A model's predictions: from what is kept, or computed in the background when asked for."""

from emotion_core.evaluation import EvaluatedModel, Evaluation, cached_evaluation
from emotion_core.evaluation.test_set_log import is_test
from emotion_core.jobs import JobInfo
from emotion_core.markdown import plain
from emotion_core.wording import count_of
from pages.parts.common.jobs import job_board, job_outcome, job_progress
from pages.parts.evaluation.choice import Choice
from pages.parts.evaluation.start_button import start_button, was_started


def predictions(choice: Choice, model: EvaluatedModel) -> Evaluation | None:
    """The evaluation; None while it is not there, and then a button or the progress is."""
    name = "evaluation" if model is choice.model else "evaluation_of_other"
    asked = was_started(name)
    found = cached_evaluation(model, choice.rows, choice.cache)
    if found is not None:
        return found
    job = job_board().find(_key(choice, model))
    # Whoever asked to look at the test images need not ask again.
    if asked or (job is None and is_test(choice.rows.split)):
        job = _start(choice, model)
    if job is not None and job.is_active:
        job_progress(job)
    else:
        n = len(choice.rows.images)
        start_button(name, f"Evaluate {plain(model.name)} on {n:,} faces")
        job_outcome(job)
    return None


def _key(choice: Choice, model: EvaluatedModel) -> str:
    return f"evaluation:{model.key}:{choice.rows.key}:{choice.rows.labels}"


def _start(choice: Choice, model: EvaluatedModel) -> JobInfo:
    return job_board().submit(
        "evaluation",
        choice.job_arguments(model.name),
        title=f"Evaluate {model.name} on {count_of(len(choice.rows.images), 'face')}",
        key=_key(choice, model),
    )
