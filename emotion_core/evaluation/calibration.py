"""Makes probabilities mean what they say, and finds where to say "uncertain"."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from emotion_core.classifiers.heads import Head
from emotion_core.types import Float32Array, Float64Array, Int64Array, is_uncertain

#: Between these a temperature is looked for.
_TEMPERATURES = (0.05, 20.0)
# How much faces as they are count against all shifted ones together.
_CLEAN_SHARE = 0.5
# Mean confidence may be above accuracy by so much under one condition before that costs more than
# likelihood alone makes it; the allowed 0.05 less what one split differs from another.
_OVERCONFIDENCE = 0.025
_PRICE = 20.0


def fit_temperature(logits: Float32Array, labels: Int64Array) -> float:
    """The temperature with the smallest negative log-likelihood, between 0.05 and 20.

    Source: Guo et al., arXiv 1706.04599, section 4.2.

    Args:
        logits: (N, C) float32 of the validation split.
        labels: (N,) int64.
    """
    from scipy.optimize import minimize_scalar  # half a second: only who fits waits for it

    # The loss has one minimum in log T.
    found = minimize_scalar(
        lambda log_t: _loss(logits, labels, np.exp(log_t))[0],
        bounds=np.log(_TEMPERATURES),
        method="bounded",
        options={"xatol": 1e-5},
    )
    return float(np.exp(found.x))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Predictions under one condition, to fit to.

    Attributes:
        logits: (N, C) float32.
        labels: (N,) int64.
        cues: (N, 2) float64 of ``heads.picture_cues``.
    """

    logits: Float32Array
    labels: Int64Array
    cues: Float64Array


def fit_head(head: Head, clean: Sample, shifted: Sequence[Sample]) -> Head:
    """A head's temperature and its exponents, for faces as they are and for shifted ones.

    The smallest negative log-likelihood, half of it of faces as they are; a condition under which
    the mean confidence is well above the accuracy costs more.

    Args:
        head: whose outputs these are.
        clean: faces of the validation split.
        shifted: the same under every condition of ``shifts.SHIFTS``; empty: only the
            temperature is fitted.
    """
    first = fit_temperature(clean.logits, clean.labels)
    if not shifted:
        return replace(head, temperature=round(first, 4), contrast=0.0, sharpness=0.0)
    from scipy.optimize import minimize

    shares = [_CLEAN_SHARE, *[(1 - _CLEAN_SHARE) / len(shifted)] * len(shifted)]

    def loss(values: Float64Array) -> float:
        total = 0.0
        for share, sample in zip(shares, (clean, *shifted), strict=True):
            temperatures = np.exp(values[0] + sample.cues @ values[1:])
            likelihood, confidence = _loss(sample.logits, sample.labels, temperatures)
            accuracy = (sample.logits.argmax(axis=1) == sample.labels).mean()
            over = max(0.0, confidence - accuracy - _OVERCONFIDENCE)
            total += share * likelihood + _PRICE * over**2
        return total

    found = minimize(loss, np.array([np.log(first), 0.0, 0.0]), method="Nelder-Mead")
    low, high = np.log(_TEMPERATURES)
    return replace(
        head,
        temperature=round(float(np.exp(np.clip(found.x[0], low, high))), 4),
        contrast=round(float(np.clip(found.x[1], -2, 2)), 4),
        sharpness=round(float(np.clip(found.x[2], -2, 2)), 4),
    )


def _loss(
    logits: Float32Array, labels: Int64Array, temperatures: Float64Array | float
) -> tuple[float, float]:
    """Mean negative log-likelihood and mean top probability."""
    scaled = np.asarray(logits, np.float64) / np.asarray(temperatures).reshape(-1, 1)
    scaled -= scaled.max(axis=1, keepdims=True)
    normaliser = np.log(np.exp(scaled).sum(axis=1))
    loss = float((normaliser - scaled[np.arange(len(labels)), labels]).mean())
    return loss, float(np.exp(-normaliser).mean())


def fit_threshold(
    probabilities: Float32Array,
    labels: Int64Array,
    *,
    target_accuracy: float = 0.75,
    allowed: Callable[[float], bool] = lambda _: True,
) -> float:
    """The smallest confidence above which predictions are right often enough.

    Args:
        probabilities: (N, C) float32 calibrated probabilities of the validation split.
        labels: (N,) int64.
        target_accuracy: wanted share of correct predictions among those at or above the threshold.
        allowed: whether a threshold also does what else is wanted of it.

    Returns:
        A confidence, rounded up to two decimals; 0 where every prediction may stand; 1 where no
        threshold reaches the target.
    """
    confidences = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    for hundredths in range(101):
        covered = ~is_uncertain(confidences, hundredths / 100)
        reached = covered.any() and correct[covered].mean() >= target_accuracy
        if reached and allowed(hundredths / 100):
            return hundredths / 100
    return 1.0
