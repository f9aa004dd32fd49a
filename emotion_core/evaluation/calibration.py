"""Makes probabilities mean what they say, and finds where to say "uncertain"."""

import numpy as np

from emotion_core.types import Float32Array, Int64Array, is_uncertain

#: Between these a temperature is looked for.
_TEMPERATURES = (0.05, 20.0)


def fit_temperature(logits: Float32Array, labels: Int64Array) -> float:
    """The temperature with the smallest negative log-likelihood, between 0.05 and 20.

    Source: Guo et al., arXiv 1706.04599, section 4.2.

    Args:
        logits: (N, C) float32 of the validation split.
        labels: (N,) int64.
    """
    from scipy.optimize import minimize_scalar  # half a second: only who fits waits for it

    def loss(log_temperature: float) -> float:
        scaled = np.asarray(logits, np.float64) / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        normaliser = np.log(np.exp(scaled).sum(axis=1))
        return float((normaliser - scaled[np.arange(len(labels)), labels]).mean())

    # The loss has one minimum in log T.
    found = minimize_scalar(
        loss, bounds=np.log(_TEMPERATURES), method="bounded", options={"xatol": 1e-5}
    )
    return float(np.exp(found.x))


def fit_threshold(
    probabilities: Float32Array, labels: Int64Array, *, target_accuracy: float = 0.75
) -> float:
    """The smallest confidence above which predictions are right often enough.

    Args:
        probabilities: (N, C) float32 calibrated probabilities of the validation split.
        labels: (N,) int64.
        target_accuracy: wanted share of correct predictions among those at or above the threshold.

    Returns:
        A confidence, rounded up to two decimals; 0 where every prediction may stand; 1 where no
        threshold reaches the target.
    """
    confidences = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    for hundredths in range(101):
        covered = ~is_uncertain(confidences, hundredths / 100)
        if covered.any() and correct[covered].mean() >= target_accuracy:
            return hundredths / 100
    return 1.0
