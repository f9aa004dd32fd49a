"""How good the answers are: metrics, calibration, and everything that ``evaluate`` tells."""

from emotion_core.evaluation.calibration import fit_temperature, fit_threshold
from emotion_core.evaluation.evaluated_model import Subject, model_subject, run_subject
from emotion_core.evaluation.evaluation_split import LABELS, SPLITS, JudgedRows, judged_rows
from emotion_core.evaluation.metrics import evaluate_probabilities, wilson_interval
from emotion_core.evaluation.report import (
    Evaluation,
    cached_evaluation,
    evaluate_model,
)

__all__ = [
    "LABELS",
    "SPLITS",
    "Evaluation",
    "JudgedRows",
    "Subject",
    "cached_evaluation",
    "evaluate_model",
    "evaluate_probabilities",
    "fit_temperature",
    "fit_threshold",
    "judged_rows",
    "model_subject",
    "run_subject",
    "wilson_interval",
]
