"""Wrong labels are found among right ones, and no picture is judged by its own copy."""

import numpy as np
import pytest

from emotion_core.datasets import TEST, TRAINING, EmotionDataset
from emotion_core.datasets.audit import audit_dataset
from emotion_core.datasets.audit.embedding import embed
from emotion_core.datasets.audit.label_issues import deal_folds, find_label_issues
from emotion_core.types import Float32Array, Int64Array


def clusters(n: int = 350, seed: int = 0) -> tuple[Float32Array, Int64Array]:
    """(n, 6) float32 places and (n,) labels: seven clusters that hardly overlap."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 7
    centres = np.random.default_rng(1).normal(0, 1.5, (7, 6))
    return (centres[labels] + rng.normal(0, 0.4, (n, 6))).astype(np.float32), labels


def test_wrong_labels_are_found_and_get_the_lowest_quality() -> None:
    places, truth = clusters()
    labels = truth.copy()
    wrong = np.arange(0, 350, 23)
    labels[wrong] = (labels[wrong] + 3) % 7
    found = find_label_issues(labels, places, np.full(350, -1))
    assert found.issue[wrong].mean() > 0.8
    assert np.delete(found.issue, wrong).mean() < 0.03
    assert (found.suggested[wrong] == truth[wrong]).mean() > 0.9
    lowest = np.argsort(found.quality)[: len(wrong)]
    assert np.isin(lowest, wrong).mean() > 0.8


def test_copies_do_not_vouch_for_each_other() -> None:
    """Random labels on pairs of copies: a judge that has seen the twin would know them."""
    rng = np.random.default_rng(0)
    places = np.repeat(rng.normal(0, 5, (150, 120)), 2, axis=0).astype(np.float32)
    labels = np.repeat(rng.integers(0, 2, 150), 2)
    pairs = np.repeat(np.arange(150), 2)
    honest = find_label_issues(labels, places, pairs)
    leaky = find_label_issues(labels, places, np.full(300, -1))
    assert (honest.suggested == labels).mean() < 0.6
    assert (leaky.suggested == labels).mean() > 0.75


def test_all_copies_of_a_photograph_stand_in_one_fold() -> None:
    groups = np.array([-1, 0, -1, 1, 0, 1, -1, 0, *[-1] * 42])
    folds = deal_folds(groups)
    assert len({*folds[groups == 0]}) == len({*folds[groups == 1]}) == 1
    assert {*folds.tolist()} == {0, 1, 2, 3, 4}
    np.testing.assert_array_equal(folds, deal_folds(groups))


@pytest.mark.parametrize("labels", [np.zeros(60, np.int64), np.arange(10) % 2])
def test_one_class_or_few_pictures_are_not_judged(labels: Int64Array) -> None:
    n = len(labels)
    found = find_label_issues(labels, clusters(n)[0], np.full(n, -1))
    assert not found.issue.any()
    assert np.isnan(found.quality).all()
    assert (found.suggested == -1).all()


def test_a_class_of_one_picture_is_judged() -> None:
    places, labels = clusters(70)
    labels = np.where(labels == 6, 5, labels)
    labels[3] = 6
    found = find_label_issues(labels, places, np.full(70, -1))
    assert found.quality[3] < 0.01
    assert np.isfinite(found.quality).all()


def a_set(places: Float32Array, labels: Int64Array) -> EmotionDataset:
    n = len(labels)
    votes = np.zeros((n, 10), np.int64)
    votes[:, 1] = 10  # everybody says happy
    return EmotionDataset(
        images=np.random.default_rng(0).integers(0, 256, (n, 16, 16), dtype=np.uint8),
        labels=labels,
        usage=np.where(np.arange(n) < n // 2, TRAINING, TEST),
        votes=votes,
        rows=np.arange(n, dtype=np.int64),
    )


def test_the_audit_joins_issues_predictions_map_and_facts() -> None:
    places, labels = clusters(140)
    labels[0] = 3
    probabilities = np.full((140, 7), 0.05, np.float32)
    probabilities[:, 2] = 0.7
    report = audit_dataset(a_set(places, labels), features=places, probabilities=probabilities)
    rows = report.rows
    assert rows["label_issue"].tolist()[:3] == [True, False, False]
    assert rows["suggested"][0] == 0
    assert report.findings()["row"].tolist()[0] == 0
    assert report.findings()["suggested"].tolist()[0] == "angry"
    assert (rows["predicted"] == 2).all()
    assert rows["predicted_confidence"].to_numpy() == pytest.approx(0.7)
    assert rows["label_probability"].to_numpy() == pytest.approx(np.where(labels == 2, 0.7, 0.05))
    summary = report.summary()
    assert summary["label_issues"] == rows["label_issue"].sum() >= 1
    assert set(summary["judge_accuracy"]) == {TRAINING, TEST}
    assert min(summary["judge_accuracy"].values()) > 0.9
    # FER+ says happy everywhere, which is label 3, so it differs from six sevenths of the labels.
    assert summary["labels_ferplus_differs"] == pytest.approx((labels != 3).mean(), abs=1e-3)
    assert summary["label_issues_with_ferplus"] == summary["label_issues"]
    # Neighbours are of the same cluster.
    assert (np.arange(140)[report.nearest(5, 6)] % 7 == 5).all()
    assert 5 not in report.nearest(5, 139)
    assert len(report.nearest(5, 1000)) == 139
    with pytest.raises(IndexError, match="wanted 0 to 139"):
        report.nearest(140)


def test_features_without_probabilities_are_refused() -> None:
    places, labels = clusters(35)
    with pytest.raises(ValueError, match=r"or neither\. Received one"):
        audit_dataset(a_set(places, labels), features=places)
    with pytest.raises(ValueError, match=r"probabilities: wanted \(35, 7\) float32"):
        audit_dataset(a_set(places, labels), features=places, probabilities=places)


def test_the_map_is_not_mirrored_by_the_order_of_rows_or_columns() -> None:
    places, _ = clusters()
    one = embed(places)
    order = np.random.default_rng(3).permutation(len(places))
    np.testing.assert_allclose(embed(places[order]).places, one.places[order], atol=1e-3)
    assert one.explained.tolist() == sorted(one.explained.tolist(), reverse=True)
    assert one.explained.sum() == pytest.approx(1, abs=1e-4)
    # The first axes hold the spread: numpy's SVD as an independent computation.
    standard = (places - places.mean(0)) / places.std(0)
    values = np.linalg.svd(standard, compute_uv=False) ** 2
    np.testing.assert_allclose(one.explained, values / values.sum(), rtol=1e-3)


def test_each_axis_points_to_its_largest_weight() -> None:
    places, _ = clusters()
    standard = ((places - places.mean(0)) / places.std(0)).astype(np.float64)
    values, axes = np.linalg.eigh(standard.T @ standard)
    axes = axes[:, np.argsort(values)[::-1]]
    largest = np.abs(axes).argmax(axis=0)
    axes *= np.sign(axes[largest, np.arange(axes.shape[1])])
    found = embed(places).places
    np.testing.assert_allclose(found[:, :3], (standard @ axes)[:, :3], atol=1e-3)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_pictures_have_a_place_too(n: int) -> None:
    features = np.random.default_rng(0).normal(size=(n, 8)).astype(np.float32)
    found = embed(features)
    assert found.places.shape == (n, 8)
    assert found.explained.shape == (8,)
    assert np.isfinite(found.directions).all()
    # So many points span one axis less than they are.
    assert np.abs(found.places[:, max(0, n - 1) :]).max(initial=0) < 1e-4
    assert found.explained.sum() == pytest.approx(1 if n > 1 else 0)


def test_a_feature_that_never_changes_moves_nobody() -> None:
    places, _ = clusters(70)
    constant = np.concatenate([places, np.full((70, 1), 3.0, np.float32)], axis=1)
    np.testing.assert_allclose(
        embed(constant).places[:, :2], embed(places).places[:, :2], atol=1e-3
    )
    assert np.isfinite(embed(np.ones((5, 3), np.float32)).directions).all()
