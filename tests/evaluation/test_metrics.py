"""Every figure against scikit-learn, and calibration against what it must do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from emotion_core.classifiers.runtime import softmax
from emotion_core.datasets import TEST, TRAINING, EmotionDataset
from emotion_core.emotions import FER2013
from emotion_core.errors import DatasetError
from emotion_core.evaluation import (
    build_evaluation_split,
    evaluate_probabilities,
    fit_temperature,
    fit_threshold,
    wilson_interval,
)
from emotion_core.evaluation.metrics import (
    expected_calibration_error,
    perfect_calibration_error,
)


def example(n: int, seed: int, sharpness: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 7, n)
    logits = rng.normal(size=(n, 7)) + sharpness * np.eye(7)[labels]
    return logits.astype(np.float32), labels


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 300), seed=st.integers(0, 10_000))
def test_figures_equal_scikit_learn(n: int, seed: int) -> None:
    logits, labels = example(n, seed)
    probabilities = softmax(logits)
    ours = evaluate_probabilities(probabilities, labels, FER2013)
    predicted = probabilities.argmax(axis=1)
    classes = list(range(7))
    assert ours["accuracy"] == pytest.approx(sk.accuracy_score(labels, predicted))
    f1 = sk.f1_score(labels, predicted, labels=classes, average="macro", zero_division=0)
    assert ours["macro_f1"] == pytest.approx(f1)
    matrix = sk.confusion_matrix(labels, predicted, labels=classes)
    assert ours["confusion"] == matrix.tolist()
    precision, recall, f1s, support = sk.precision_recall_fscore_support(
        labels, predicted, labels=classes, zero_division=0
    )
    for i, name in enumerate(FER2013.names):
        row = ours["per_class"][name]
        assert row["precision"] == pytest.approx(precision[i])
        assert row["recall"] == pytest.approx(recall[i])
        assert row["f1"] == pytest.approx(f1s[i])
        assert row["support"] == support[i]


@given(n=st.integers(1, 5000), data=st.data())
def test_interval_holds_the_share(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    low, high = wilson_interval(right, n)
    assert 0 <= low <= right / n <= high <= 1


def test_interval_equals_published_values() -> None:
    """Source: Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, method 3."""
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_calibration_error_of_known_cases() -> None:
    assert expected_calibration_error(np.full(10, 0.9), np.ones(10, bool)) == pytest.approx(0.1)
    half = np.array([True, False] * 5)
    assert expected_calibration_error(np.full(10, 0.5), half) == pytest.approx(0.0)


def test_chance_alone_makes_a_calibration_error() -> None:
    """Of models whose confidences are exactly right, 95 % lie in the range."""
    rng = np.random.default_rng(5)
    confidences = rng.uniform(0.2, 1, 500)
    low, high = perfect_calibration_error(confidences)
    errors = np.array(
        [expected_calibration_error(confidences, rng.random(500) < confidences) for _ in range(400)]
    )
    assert 0.91 <= ((errors >= low) & (errors <= high)).mean() <= 0.99
    wrong = expected_calibration_error(confidences, rng.random(500) < confidences - 0.1)
    assert wrong > high
    # More faces leave less to chance, and who is never in doubt leaves nothing.
    assert perfect_calibration_error(np.repeat(confidences, 9))[1] < high / 2
    assert perfect_calibration_error(np.ones(20)) == (0, 0)
    assert perfect_calibration_error(np.zeros(0)) == (0, 0)


def test_temperature_recovers_the_true_scale() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(20_000, 7)) * 2
    probabilities = softmax(logits)
    labels = (probabilities.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1).clip(0, 6)
    assert fit_temperature((logits * 2.5).astype(np.float32), labels) == pytest.approx(
        2.5, rel=0.05
    )


@pytest.mark.parametrize(
    ("scale", "temperature"),
    # What a golden-section search down to 0.0001 of the logarithm found.
    [(0.02, 0.05), (0.3, 0.197572), (1.0, 0.658578), (2.5, 1.646456), (9.0, 5.927267), (200, 20)],
)
def test_temperature_is_where_the_loss_is_smallest(scale: float, temperature: float) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 7, 3000)
    logits = rng.normal(size=(3000, 7))
    logits[np.arange(3000), labels] += 1.5
    found = fit_temperature((logits * scale).astype(np.float32), labels)
    assert found == pytest.approx(temperature, rel=2e-4)
    assert 0.05 <= found <= 20


def test_threshold_reaches_its_target_and_no_lower_one_does() -> None:
    logits, labels = example(4000, 1, sharpness=1.5)
    probabilities = softmax(logits)
    threshold = fit_threshold(probabilities, labels, target_accuracy=0.7)
    correct = probabilities.argmax(axis=1) == labels
    confidences = probabilities.max(axis=1)
    assert 0 < threshold < 1
    assert correct[confidences >= threshold].mean() >= 0.7
    assert correct[confidences >= threshold - 0.01].mean() < 0.7


def test_threshold_is_one_where_the_target_is_out_of_reach() -> None:
    probabilities = np.full((4, 7), 1 / 7, np.float32)
    assert fit_threshold(probabilities, np.array([1, 2, 3, 4]), target_accuracy=0.9) == 1.0


def small_set() -> EmotionDataset:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (10, 48, 48), dtype=np.uint8)
    images[:, 0, 0] = [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]
    images[9] = images[0]
    labels = np.array([0, 1, 2, 3, 4, 5, 6, 0, 2, 0], np.int64)
    usage = np.array([TRAINING] * 5 + [TEST] * 5)
    votes = np.zeros((10, 10), np.int64)
    return EmotionDataset(images, labels, usage, votes, np.arange(10, dtype=np.int64))


def test_report_says_what_is_missing() -> None:
    with pytest.raises(DatasetError, match=r"Wanted FER\+ votes"):
        build_evaluation_split(small_set(), "test", "raters")
    with pytest.raises(DatasetError, match="Wanted images of PublicTest"):
        build_evaluation_split(small_set(), "validation")
    with pytest.raises(ValueError, match="wanted one of validation, test"):
        build_evaluation_split(small_set(), "train")


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        evaluate_probabilities(np.zeros((0, 7), np.float32), np.zeros(0, np.int64), FER2013)
