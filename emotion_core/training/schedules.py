"""The learning rate of every step, in NumPy: what a run uses and a page can draw."""

import numpy as np
import numpy.typing as npt

from emotion_core.training.config import TrainingConfig
from emotion_core.types import Float32Array

Float64Array = npt.NDArray[np.float64]

# Source of the shares of one-cycle: Smith and Topin, arXiv 1708.07120, as fastai uses it.
_RISE = 0.3
_START = 25.0
_END = 25e4


def learning_rates(config: TrainingConfig, steps: int) -> Float32Array:
    """The learning rate of each step of a run.

    Args:
        config: peak, schedule and warm-up.
        steps: of the whole run.

    Returns:
        (steps,) float32.
    """
    peak, step = config.learning_rate, np.arange(steps, dtype=np.float64)
    if config.schedule == "one-cycle":
        rise = max(1, round(_RISE * steps))
        up = _cosine(peak / _START, peak, step / rise)
        down = _cosine(peak, peak / _END, (step - rise) / max(1, steps - rise))
        return np.where(step < rise, up, down).astype(np.float32)
    warmup = round(config.warmup * steps)
    up = peak / _START + (peak - peak / _START) * step / max(1, warmup)
    after = np.full(steps, peak)
    if config.schedule == "cosine":
        after = _cosine(peak, 0.0, (step - warmup) / max(1, steps - warmup))
    return np.where(step < warmup, up, after).astype(np.float32)


def _cosine(start: float, end: float, share: Float64Array) -> Float64Array:
    """From start to end along half a cosine."""
    return np.asarray(end + (start - end) * (1 + np.cos(np.pi * np.clip(share, 0, 1))) / 2)
