"""How good the predictions are: metrics, calibration, and everything that ``evaluate`` tells."""

from emotion_core.evaluation.calibration import fit_temperature, fit_threshold
from emotion_core.evaluation.evaluated_model import EvaluatedModel, evaluated_model, evaluated_run
from emotion_core.evaluation.evaluation_split import (
    LABELS,
    SPLITS,
    EvaluationSplit,
    build_evaluation_split,
)
from emotion_core.evaluation.metrics import evaluate_probabilities, wilson_interval
from emotion_core.evaluation.report import (
    Evaluation,
    cached_evaluation,
    evaluate_model,
)

__all__ = [
    "LABELS",
    "SPLITS",
    "EvaluatedModel",
    "Evaluation",
    "EvaluationSplit",
    "build_evaluation_split",
    "cached_evaluation",
    "evaluate_model",
    "evaluate_probabilities",
    "evaluated_model",
    "evaluated_run",
    "fit_temperature",
    "fit_threshold",
    "wilson_interval",
]
