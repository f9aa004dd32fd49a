"""Classification metrics in pure NumPy. Compared with scikit-learn in the tests."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.emotions import LabelSet
from emotion_core.types import Float32Array, Int64Array, is_uncertain

# Source: Guo et al., arXiv 1706.04599, who use 15 bins of equal width.
CALIBRATION_BINS = 15

_RESAMPLES = 400

# 97.5 % quantile of the standard normal distribution.
_Z95 = 1.959963984540054


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """95 % confidence interval of a share.

    Source: Wilson, JASA 22 (1927) 209-212.

    Args:
        right: number of successes.
        n: number of trials; 0 gives the whole range (0, 1).
    """
    if n == 0:
        return 0.0, 1.0
    share, z2 = right / n, _Z95 * _Z95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # Rounding may push an end a hair past the share where it is 0 or 1.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def confusion_matrix(labels: Int64Array, predicted: Int64Array, n_classes: int) -> Int64Array:
    """(C, C) int64 counts; rows are the true labels."""
    flat = np.bincount(labels * n_classes + predicted, minlength=n_classes * n_classes)
    return flat.reshape(n_classes, n_classes).astype(np.int64)


def per_class_metrics(
    confusion: Int64Array, label_set: LabelSet
) -> dict[str, dict[str, float | int]]:
    """{emotion: precision, recall, f1, support}; a ratio without a denominator is 0."""
    right = np.diag(confusion).astype(np.float64)
    support = confusion.sum(axis=1)
    predicted = confusion.sum(axis=0)
    precision = np.divide(right, predicted, out=np.zeros_like(right), where=predicted > 0)
    recall = np.divide(right, support, out=np.zeros_like(right), where=support > 0)
    both = support + predicted
    f1 = np.divide(2 * right, both, out=np.zeros_like(right), where=both > 0)
    return {
        name: {
            "precision": float(precision[i]),
            "recall": float(recall[i]),
            "f1": float(f1[i]),
            "support": int(support[i]),
        }
        for i, name in enumerate(label_set.names)
    }


def calibration_bins(confidences: npt.NDArray[np.floating[Any]]) -> Int64Array:
    """(N,) int64: in which of the bins (0, 1/15], (1/15, 2/15], ... each confidence lies."""
    bins = np.ceil(confidences * CALIBRATION_BINS).astype(np.int64) - 1
    return np.asarray(np.clip(bins, 0, CALIBRATION_BINS - 1), np.int64)


def expected_calibration_error(
    confidences: npt.NDArray[np.floating[Any]], correct: npt.NDArray[np.bool_]
) -> float:
    """Mean distance between confidence and accuracy over 15 bins, weighted by their size.

    Source: Naeini et al., AAAI 2015; Guo et al., arXiv 1706.04599.
    """
    if not len(confidences):
        return 0.0
    bins = calibration_bins(confidences)
    gap = np.bincount(bins, weights=confidences - correct, minlength=CALIBRATION_BINS)
    return float(np.abs(gap).sum() / len(confidences))


def perfect_calibration_error(
    confidences: npt.NDArray[np.floating[Any]],
) -> tuple[float, float]:
    """95 % range of the calibration error of a model whose confidences are exactly right.

    On few images chance alone makes an error: a prediction of 80 % is right or wrong, never 80 %
    right. The same confidences always give the same range.

    Source: consistency resampling, Broecker and Smith, Weather and Forecasting 22 (2007).

    Args:
        confidences: (N,) in 0 to 1.

    Returns:
        Low and high end, as shares; (0, 0) for no confidences.
    """
    rng = np.random.default_rng(0)
    errors = [
        expected_calibration_error(confidences, rng.random(len(confidences)) < confidences)
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(errors, (0.025, 0.975))
    return float(low), float(high)


def evaluate_probabilities(
    probabilities: Float32Array,
    labels: Int64Array,
    label_set: LabelSet,
    *,
    seen: npt.NDArray[np.bool_] | None = None,
    threshold: float = 0.0,
) -> dict[str, Any]:
    """The figures of ``evaluate``.

    Args:
        probabilities: (N, C) float32.
        labels: (N,) int64, the true labels.
        label_set: names of the C classes.
        seen: (N,) bool, images that also stand in Training.
        threshold: below this confidence a prediction counts as uncertain.

    Returns:
        A JSON-ready dict: n, accuracy, accuracy_ci95, macro_f1, per_class, confusion, ece,
        ece_perfect_ci95, n_unseen, accuracy_unseen, accuracy_unseen_ci95, threshold, coverage,
        accuracy_covered.

    Raises:
        ValueError: no rows, or lengths that differ.
    """
    n = len(labels)
    if n == 0 or len(probabilities) != n:
        raise ValueError(
            f"Wanted as many probabilities as labels, at least one. "
            f"Received: {len(probabilities)} and {n}"
        )
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    confidences = probabilities.max(axis=1)
    correct = predicted == labels
    unseen = ~seen if seen is not None else np.ones(n, bool)
    covered = ~is_uncertain(confidences, threshold)
    confusion = confusion_matrix(labels, predicted, len(label_set))
    per_class = per_class_metrics(confusion, label_set)
    return {
        "n": n,
        "accuracy": float(correct.mean()),
        "accuracy_ci95": list(wilson_interval(int(correct.sum()), n)),
        "macro_f1": float(np.mean([row["f1"] for row in per_class.values()])),
        "per_class": per_class,
        "confusion": confusion.tolist(),
        "ece": expected_calibration_error(confidences, correct),
        "ece_perfect_ci95": list(perfect_calibration_error(confidences)),
        "n_unseen": int(unseen.sum()),
        "accuracy_unseen": float(correct[unseen].mean()) if unseen.any() else None,
        "accuracy_unseen_ci95": list(wilson_interval(int(correct[unseen].sum()), int(unseen.sum())))
        if unseen.any()
        else None,
        "threshold": threshold,
        "coverage": float(covered.mean()),
        "accuracy_covered": float(correct[covered].mean()) if covered.any() else None,
    }
