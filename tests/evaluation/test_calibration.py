"""Temperatures by what the picture is like, and thresholds that also do something else."""

import numpy as np
import pytest

from emotion_core.classifiers.heads import Head
from emotion_core.classifiers.runtime import softmax
from emotion_core.evaluation.calibration import Sample, fit_head, fit_temperature, fit_threshold

HEAD = Head(first=0, outputs=7, temperature=3.0, threshold=0.5, contrast=1.0, sharpness=1.0)


def sample(seed: int, *, scale: float, middle: tuple[float, float], n: int = 12_000) -> Sample:
    """Logits whose true temperature is scale x exp(-0.5 contrast + 0.25 sharpness)."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=(n, 7)) * 2
    labels = (softmax(true).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, 6)
    cues = rng.normal(middle, 0.5, (n, 2))
    temperatures = scale * np.exp(cues @ [-0.5, 0.25])
    return Sample((true * temperatures[:, None]).astype(np.float32), labels, cues)


def test_known_temperatures_are_found() -> None:
    clean = sample(0, scale=1.4, middle=(0.0, 0.0))
    dark, soft = (sample(i, scale=1.4, middle=m) for i, m in ((1, (-1.5, 0)), (2, (0, -1.5))))
    found = fit_head(HEAD, clean, [dark, soft])
    assert found.temperature == pytest.approx(1.4, rel=0.04)
    assert found.contrast == pytest.approx(-0.5, abs=0.05)
    assert found.sharpness == pytest.approx(0.25, abs=0.05)
    # The rest is left alone.
    assert (found.first, found.outputs, found.threshold) == (0, 7, 0.5)


def test_without_shifted_faces_only_the_temperature_is_fitted() -> None:
    clean = sample(3, scale=2.0, middle=(0.0, 0.0))
    found = fit_head(HEAD, clean, [])
    assert found.temperature == round(fit_temperature(clean.logits, clean.labels), 4)
    assert (found.contrast, found.sharpness) == (0.0, 0.0)


def test_overconfidence_under_one_condition_costs() -> None:
    """Two conditions with the same cues: one right as often as it says, one almost never.

    Likelihood alone would take the middle; the price draws the confidence down further.
    """
    rng = np.random.default_rng(4)
    n = 4000
    labels = rng.integers(0, 7, n)

    def told(accuracy: float) -> Sample:
        logits = rng.normal(size=(n, 7)).astype(np.float32) * 0.1
        right = rng.random(n) < accuracy
        logits[np.arange(n), np.where(right, labels, (labels + 1) % 7)] += 3.0
        return Sample(logits, labels, np.zeros((n, 2)))

    good, bad = told(0.8), told(0.3)
    fair = fit_temperature(
        np.concatenate([good.logits, bad.logits]), np.concatenate([labels, labels])
    )
    found = fit_head(HEAD, good, [bad])
    assert found.temperature > fair

    def over(temperature: float) -> float:
        return float(softmax(bad.logits, temperature).max(axis=1).mean()) - 0.3

    assert over(found.temperature) < over(fair)


def test_a_threshold_may_have_to_do_more() -> None:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 7, 3000)
    probabilities = softmax(rng.normal(size=(3000, 7)) + 1.5 * np.eye(7)[labels])
    usual = fit_threshold(probabilities, labels, target_accuracy=0.7)
    asked: list[float] = []

    def allowed(threshold: float) -> bool:
        asked.append(threshold)
        return threshold >= usual + 0.1

    higher = fit_threshold(probabilities, labels, target_accuracy=0.7, allowed=allowed)
    assert higher == pytest.approx(usual + 0.1, abs=0.0101)
    assert min(asked) == usual
    assert fit_threshold(probabilities, labels, allowed=lambda _: False) == 1.0
