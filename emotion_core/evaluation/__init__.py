"""How good the answers are: metrics, calibration, and the report that ``evaluate`` prints."""

from emotion_core.evaluation.calibration import fit_temperature, fit_threshold
from emotion_core.evaluation.metrics import evaluate_probabilities, wilson_interval
from emotion_core.evaluation.report import evaluate_classifier

__all__ = [
    "evaluate_classifier",
    "evaluate_probabilities",
    "fit_temperature",
    "fit_threshold",
    "wilson_interval",
]
