"""Long work on models as jobs: evaluation, robustness test, and the audit of a data set.

What they find goes into the caches that pages and commands read; the result only says that it is
there.
"""

from collections.abc import Mapping
from typing import Any

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.datasets import load_dataset
from emotion_core.evaluation import audit
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.evaluated_model import EvaluatedModel, evaluated_model
from emotion_core.evaluation.evaluation_split import EvaluationSplit, build_evaluation_split
from emotion_core.evaluation.report import evaluate_model
from emotion_core.evaluation.robustness import RobustnessTest
from emotion_core.evaluation.shift_figures import ShiftTest
from emotion_core.jobs import JobContext


def run_audit(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Audits a data set by a model and keeps the report; see ``audit.run_audit``.

    Args:
        context: of the job.
        arguments: ``source`` (path) and ``model`` (name; empty for none).

    Returns:
        ``n``: how many faces were audited.
    """
    report = audit.run_audit(
        arguments["source"],
        arguments["model"],
        # The whole is counted, so that the time left is that of the whole.
        progress=lambda stage, share: context.tell(stage, share, 1.0),
        cancelled=context.cancelled,
    )
    return {"n": len(report)}


def run_evaluation(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluates a model on a split of a data set; see ``evaluate_model``.

    Args:
        context: of the job.
        arguments: ``model`` (name), ``dataset`` (path, or ``synthetic``), ``corrections`` (bool),
            ``split`` and ``labels``.

    Returns:
        ``n`` and ``accuracy``.
    """
    model, split = _chosen(context, arguments)
    evaluation = evaluate_model(
        model,
        split,
        cache=LogitsCache(),
        progress=lambda done, total: context.tell("Evaluating", done, total, unit="faces"),
        cancelled=context.cancelled,
    )
    figures = evaluation.figures()
    return {"n": figures["n"], "accuracy": figures["accuracy"]}


def run_robustness(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Measures accuracy on corrupted pictures; see ``RobustnessTest``.

    Args:
        context: of the job.
        arguments: as in ``run_evaluation``, and ``max_images``.

    Returns:
        ``n``: how many conditions are known.
    """
    model, split = _chosen(context, arguments)
    points = RobustnessTest(model, split, LogitsCache(), max_images=arguments["max_images"]).run(
        progress=lambda done, total: context.tell("Measuring", done, total, unit="conditions"),
        cancelled=context.cancelled,
    )
    return {"n": len(points)}


def run_shifts(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluates a model on shifted faces; see ``ShiftTest``.

    Args:
        context: of the job.
        arguments: as in ``run_evaluation``.

    Returns:
        ``ece_shifted``.
    """
    model, split = _chosen(context, arguments)
    test = ShiftTest(split)
    predictions = test.predictions(
        model,
        LogitsCache(),
        progress=lambda done, total: context.tell("Evaluating", done, total, unit="faces"),
        cancelled=context.cancelled,
    )
    return {"ece_shifted": test.report(predictions).ece}


def _chosen(
    context: JobContext, arguments: Mapping[str, Any]
) -> tuple[EvaluatedModel, EvaluationSplit]:
    context.tell("Reading the data set")
    data = load_dataset(arguments["dataset"], corrections=bool(arguments["corrections"]))
    context.check()
    rows = build_evaluation_split(data, arguments["split"], arguments["labels"])
    return evaluated_model(ModelRegistry(), arguments["model"], arguments["labels"]), rows
