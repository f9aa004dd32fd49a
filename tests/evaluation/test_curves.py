"""Curves and comparisons against scikit-learn and SciPy."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from emotion_core.evaluation.comparison import compare
from emotion_core.evaluation.curves import coverage_curve, precision_recall, reliability
from emotion_core.evaluation.metrics import expected_calibration_error


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 200), seed=st.integers(0, 10_000), decimals=st.integers(1, 4))
def test_precision_and_recall_equal_scikit_learn(n: int, seed: int, decimals: int) -> None:
    rng = np.random.default_rng(seed)
    # Rounded, so that several faces share a score.
    scores, positive = rng.random(n).round(decimals), rng.random(n) < 0.4
    ours = precision_recall(scores, positive)
    if not positive.any():
        assert ours is None
        return
    assert ours is not None
    assert ours.average_precision == pytest.approx(sk.average_precision_score(positive, scores))
    precision, recall, _ = sk.precision_recall_curve(positive, scores)
    assert ours.precision == pytest.approx(precision[:-1][::-1])
    assert ours.recall == pytest.approx(recall[:-1][::-1])


def test_reliability_equals_scikit_learn_and_adds_up_to_the_error() -> None:
    rng = np.random.default_rng(2)
    confidences = rng.random(2000)
    correct = rng.random(2000) < confidences**1.5
    bins = reliability(confidences, correct)
    accuracy, mean = calibration_curve(correct, confidences, n_bins=15)
    assert [row["accuracy"] for row in bins] == pytest.approx(accuracy)
    assert [row["confidence"] for row in bins] == pytest.approx(mean)
    assert sum(row["n"] for row in bins) == 2000
    error = sum(row["n"] * abs(row["accuracy"] - row["confidence"]) for row in bins) / 2000
    assert error == pytest.approx(expected_calibration_error(confidences, correct))
    assert all(row["ci_low"] <= row["accuracy"] <= row["ci_high"] for row in bins)


def test_coverage_falls_as_the_threshold_rises() -> None:
    rng = np.random.default_rng(3)
    confidences = rng.uniform(0.2, 1.0, 500)
    correct = rng.random(500) < confidences
    curve = coverage_curve(confidences, correct)
    assert curve[0]["coverage"] == 1.0
    assert curve[0]["accuracy"] == pytest.approx(correct.mean())
    at = next(row for row in curve if row["threshold"] == 0.6)
    assert at["n"] == (confidences >= 0.6).sum()
    assert at["accuracy"] == pytest.approx(correct[confidences >= 0.6].mean())
    coverages = [row["coverage"] for row in curve]
    assert coverages == sorted(coverages, reverse=True)


@pytest.mark.parametrize(("only_a", "only_b"), [(3, 9), (0, 1), (170, 223), (12, 12), (900, 1100)])
def test_mcnemar_equals_what_is_counted_by_hand(only_a: int, only_b: int) -> None:
    right_a = np.array([True] * only_a + [False] * only_b + [True, False] * 20)
    right_b = np.array([False] * only_a + [True] * only_b + [True, False] * 20)
    found = compare(right_a, right_b)
    assert (found.only_a, found.only_b, found.both_right, found.both_wrong) == (
        only_a,
        only_b,
        20,
        20,
    )
    # How often a fair coin splits so unevenly, in whole numbers.
    n, fewer = only_a + only_b, min(only_a, only_b)
    tail = Fraction(sum(math.comb(n, k) for k in range(fewer + 1)), 2**n)
    assert found.p_exact == pytest.approx(float(min(Fraction(1), 2 * tail)), rel=1e-9)
    chi2 = max(0, abs(only_a - only_b) - 1) ** 2 / (only_a + only_b)
    assert found.chi2 == pytest.approx(chi2)
    assert found.p_chi2 == pytest.approx(stats.chi2.sf(chi2, 1))
    assert found.difference == pytest.approx(right_b.mean() - right_a.mean())
    low, high = found.difference_ci95
    assert low < found.difference < high


def test_interval_of_a_difference_is_that_of_paired_differences() -> None:
    """Its variance is that of the mean of the differences, image by image."""
    rng = np.random.default_rng(5)
    right_a, right_b = rng.random(1000) < 0.6, rng.random(1000) < 0.7
    differences = right_b.astype(float) - right_a
    half = 1.959964 * differences.std() / 1000**0.5
    low, high = compare(right_a, right_b).difference_ci95
    assert (high - low) / 2 == pytest.approx(half, rel=1e-5)


def test_equal_models_do_not_differ() -> None:
    right = np.array([True, False, True])
    found = compare(right, right)
    assert (found.p_exact, found.chi2, found.p_chi2, found.difference) == (1.0, 0.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="same images"):
        compare(right, right[:2])
