"""What changes along a threshold: precision and recall, reliability, coverage. Pure NumPy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.evaluation.metrics import (
    CALIBRATION_BINS,
    calibration_bins,
    wilson_interval,
)

_Floats = npt.NDArray[np.floating[Any]]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PrecisionRecall:
    """One emotion against all others.

    Attributes:
        precision: (K,) float64, for falling thresholds.
        recall: (K,) float64, rising.
        average_precision: area under the steps.
    """

    precision: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]
    average_precision: float


def precision_recall(scores: _Floats, positive: _Bools) -> PrecisionRecall | None:
    """Precision and recall at every threshold; None where there is no positive image.

    Average precision is the sum of precision times gain in recall over the thresholds, without
    interpolation, as in scikit-learn.

    Args:
        scores: (N,) probability of the emotion.
        positive: (N,) bool, where it is the true label.
    """
    if not positive.any():
        return None
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(positive[order])
    # Equal scores cannot be told apart by a threshold: only the last of each counts.
    last = np.append(np.diff(scores[order]) != 0, True)
    precision = hits[last] / (np.flatnonzero(last) + 1)
    recall = hits[last] / hits[-1]
    area = float((np.diff(np.concatenate([[0.0], recall])) * precision).sum())
    return PrecisionRecall(precision, recall, area)


def reliability(confidences: _Floats, correct: _Bools) -> list[dict[str, float | int]]:
    """How often predictions of each confidence are right.

    Args:
        confidences: (N,) highest probabilities.
        correct: (N,) bool.

    Returns:
        One dict per bin that is not empty: low, high, n, confidence (mean), accuracy, ci_low,
        ci_high (95 % Wilson interval).
    """
    bins = calibration_bins(confidences)
    found = []
    for number in np.unique(bins):
        inside = bins == number
        n, right = int(inside.sum()), int(correct[inside].sum())
        low, high = wilson_interval(right, n)
        found.append(
            {
                "low": float(number / CALIBRATION_BINS),
                "high": float((number + 1) / CALIBRATION_BINS),
                "n": n,
                "confidence": float(confidences[inside].mean()),
                "accuracy": right / n,
                "ci_low": low,
                "ci_high": high,
            }
        )
    return found


def coverage_curve(confidences: _Floats, correct: _Bools) -> list[dict[str, float | int]]:
    """Share of the faces with a confident prediction at each threshold, and their accuracy.

    Args:
        confidences: (N,) highest probabilities.
        correct: (N,) bool.

    Returns:
        One dict per threshold from 0 to 0.99 in steps of 0.01 that leaves a confident prediction:
        threshold, coverage, n, accuracy, ci_low, ci_high.
    """
    curve = []
    for hundredths in range(100):
        covered = confidences >= hundredths / 100
        n, right = int(covered.sum()), int(correct[covered].sum())
        if not n:
            break
        low, high = wilson_interval(right, n)
        curve.append(
            {
                "threshold": hundredths / 100,
                "coverage": n / len(correct),
                "n": n,
                "accuracy": right / n,
                "ci_low": low,
                "ci_high": high,
            }
        )
    return curve
