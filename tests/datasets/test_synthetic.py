"""The synthetic data set: deterministic, marked, and with the defects that it promises."""

import numpy as np
import pytest

from emotion_core.datasets import (
    SYNTHETIC,
    TEST,
    TRAINING,
    VALIDATION,
    build_synthetic,
    clear_majority,
    duplicate_keys,
    load_dataset,
)
from emotion_core.datasets.synthetic_faces import EXPRESSIONS, draw_face
from emotion_core.emotions import FER2013, Emotion
from emotion_core.errors import DatasetError


def test_same_arguments_same_pixels() -> None:
    first = build_synthetic(6, seed=1)
    build_synthetic.cache_clear()
    again = build_synthetic(6, seed=1)
    np.testing.assert_array_equal(first.images, again.images)
    assert first.sha256 == again.sha256
    other = build_synthetic(6, seed=2)
    assert other.sha256 != first.sha256
    assert not (other.images == first.images).all(axis=(1, 2)).any()


def test_splits_and_classes_are_even() -> None:
    data = build_synthetic(36, seed=5)
    assert {split: set(counts.values()) for split, counts in data.counts().items()} == {
        TRAINING: {36},
        VALIDATION: {9},
        TEST: {9},
    }
    assert data.images.shape == (378, 48, 48)
    assert set(build_synthetic(1).counts()) == {TRAINING, VALIDATION, TEST}


def test_it_is_marked_and_found_by_its_word() -> None:
    data = load_dataset(SYNTHETIC)
    assert data.is_synthetic
    assert data.select(np.arange(3)).is_synthetic
    assert len(data) == 2100
    assert data.sha256


def test_planted_defects() -> None:
    data = build_synthetic(36, seed=5)
    keys = duplicate_keys(data.images)
    training, held_out = data.usage == TRAINING, data.usage != TRAINING
    assert np.isin(keys.exact[training], keys.exact[held_out]).sum() == 1
    assert np.isin(keys.mirrored[training], keys.mirrored[held_out]).sum() == 2
    _, group, sizes = np.unique(keys.exact, return_inverse=True, return_counts=True)
    conflicting = [g for g in np.flatnonzero(sizes > 1) if len(set(data.labels[group == g])) > 1]
    assert len(conflicting) == 1
    assert (data.images.std(axis=(1, 2)) == 0).sum() == 1


def test_votes_mostly_follow_the_label() -> None:
    data = build_synthetic(36, seed=5)
    assert (data.votes.sum(axis=1) == 10).all()
    majority, clear = clear_majority(data)
    assert clear.mean() > 0.8
    assert (majority == data.labels)[clear].mean() > 0.9


def test_expressions_differ_in_the_picture() -> None:
    """The same head with each expression: no two pictures are nearly alike."""
    faces = np.stack([draw_face(e, 1.0, np.random.default_rng(3)).astype(float) for e in FER2013])
    assert set(EXPRESSIONS) == set(FER2013)
    for i in range(7):
        for k in range(i):
            assert np.abs(faces[i] - faces[k]).max() > 30, (FER2013[i], FER2013[k])
    weak = draw_face(Emotion.HAPPY, 0.0, np.random.default_rng(3)).astype(float)
    neutral = draw_face(Emotion.NEUTRAL, 1.0, np.random.default_rng(3)).astype(float)
    np.testing.assert_array_equal(weak, neutral)


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(DatasetError, match="at least 1 image"):
        build_synthetic(0)
    with pytest.raises(DatasetError, match="Received: 5 and -1"):
        build_synthetic(5, seed=-1)
