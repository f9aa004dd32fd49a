"""Augmentation: deterministic, within range, and each part does what its name says."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_core.errors import TrainingError
from emotion_core.training.augmentation import Augmentation, augment, mix

NOTHING = Augmentation(
    flip=False, shift=0, rotation_deg=0, scale=0, shear=0, brightness=0, contrast=0
)


def faces(n: int = 8, seed: int = 0) -> np.ndarray:
    """Smooth pictures, so that interpolation changes little."""
    y, x = np.mgrid[0:48, 0:48] / 47
    phases = np.random.default_rng(seed).uniform(0, 6, (n, 2))
    pictures = [127 + 60 * np.sin(3 * x + a) + 60 * np.cos(4 * y + b) for a, b in phases]
    return np.array(pictures).astype(np.uint8)


def test_nothing_changes_nothing() -> None:
    images = faces()
    np.testing.assert_array_equal(augment(images, NOTHING, np.random.default_rng(0)), images)


def test_one_seed_gives_one_result() -> None:
    settings_ = Augmentation(random_erasing=0.5)
    first = augment(faces(), settings_, np.random.default_rng(5))
    np.testing.assert_array_equal(first, augment(faces(), settings_, np.random.default_rng(5)))
    assert (first != augment(faces(), settings_, np.random.default_rng(6))).any()


def test_a_smaller_size_cuts_the_middle_out() -> None:
    images = faces()
    cut = augment(images, NOTHING, np.random.default_rng(0), 40)
    np.testing.assert_array_equal(cut, images[:, 4:44, 4:44])


def test_flip_mirrors_some_and_leaves_the_others() -> None:
    images = faces(40)
    only_flip = Augmentation(flip=True, shift=0, rotation_deg=0, scale=0, brightness=0, contrast=0)
    flipped = augment(images, only_flip, np.random.default_rng(0))
    mirrored = (flipped == images[:, :, ::-1]).all(axis=(1, 2))
    same = (flipped == images).all(axis=(1, 2))
    assert (mirrored | same).all()
    assert 5 < mirrored.sum() < 35


def test_shift_moves_by_at_most_its_share() -> None:
    images = np.zeros((200, 48, 48), np.uint8)
    images[:, 22:26, 22:26] = 255
    only_shift = Augmentation(
        flip=False, shift=0.1, rotation_deg=0, scale=0, brightness=0, contrast=0
    )
    moved = augment(images, only_shift, np.random.default_rng(0)).astype(float)
    y, x = np.mgrid[0:48, 0:48]
    centre = np.array([(moved[i] * [y, x]).sum(axis=(1, 2)) / moved[i].sum() for i in range(200)])
    distance = np.abs(centre - 23.5)
    assert distance.max() <= 4.8 + 0.1
    assert distance.max() > 4


@pytest.mark.parametrize(("share", "kept"), [(0.0, (0.4, 0.7)), (1.0, (0.9, 1.1))])
def test_sharp_faces_keep_their_detail(share: float, kept: tuple[float, float]) -> None:
    """Of the detail of a face, moving it by parts of a pixel leaves this much."""
    noise = np.random.default_rng(0).integers(60, 190, (50, 48, 48), dtype=np.uint8)
    blurred = np.array([cv2.GaussianBlur(image, (0, 0), 0.8) for image in noise])
    moving = replace(NOTHING, shift=0.1, rotation_deg=15, sharp_share=share)
    moved = augment(blurred, moving, np.random.default_rng(0))
    low, high = kept
    assert low < detail(moved) / detail(blurred) < high


def test_a_share_of_the_faces_stays_sharp() -> None:
    images = np.random.default_rng(0).integers(0, 256, (400, 48, 48), dtype=np.uint8)
    moving = replace(NOTHING, rotation_deg=15)
    moved = {
        share: augment(images, replace(moving, sharp_share=share), np.random.default_rng(0))
        for share in (0.0, 0.25, 1.0)
    }
    soft, sharp = ((moved[0.25] == moved[share]).all(axis=(1, 2)) for share in (0.0, 1.0))
    assert (soft | sharp).all()
    assert 70 < sharp.sum() < 130
    assert (soft & sharp).sum() < 10  # hardly turned at all


def detail(images: np.ndarray) -> float:
    """Mean square of what a Laplacian leaves of the middles of the pictures."""
    middles = (cv2.Laplacian(image, cv2.CV_32F)[12:36, 12:36] for image in images)
    return float(np.mean([np.square(middle).mean() for middle in middles]))


def test_brightness_shifts_the_mean() -> None:
    images = np.full((100, 48, 48), 128, np.uint8)
    only_light = Augmentation(
        flip=False, shift=0, rotation_deg=0, scale=0, brightness=0.2, contrast=0
    )
    means = augment(images, only_light, np.random.default_rng(0)).mean(axis=(1, 2))
    assert np.abs(means - 128).max() <= 0.2 * 255 + 1
    assert means.std() > 10


def _degraded(share: float, n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sharp pictures, and what became of them."""
    noise = np.random.default_rng(3).integers(0, 256, (n, 48, 48), dtype=np.uint8)
    only = replace(NOTHING, degradation=share)
    return noise, augment(noise, only, np.random.default_rng(seed))


def test_a_share_of_the_faces_is_degraded() -> None:
    images, none = _degraded(0.0)
    np.testing.assert_array_equal(images, none)
    images, every = _degraded(1.0)
    assert every.shape == images.shape
    assert every.dtype == np.uint8
    assert (every != images).any(axis=(1, 2)).all()
    images, some = _degraded(0.5, n=400)
    assert 0.4 < (some != images).any(axis=(1, 2)).mean() < 0.6
    np.testing.assert_array_equal(some, _degraded(0.5, n=400)[1])
    assert (some != _degraded(0.5, n=400, seed=1)[1]).any()


def test_degraded_faces_are_dark_or_lack_detail() -> None:
    images, every = _degraded(1.0, n=200)
    detail = [np.abs(np.diff(x.astype(int), axis=2)).mean(axis=(1, 2)) for x in (images, every)]
    darker = every.mean(axis=(1, 2)) < 0.75 * images.mean(axis=(1, 2))
    softer = detail[1] < 0.75 * detail[0]
    # About a quarter each is darkened, blurred, shrunk; the last is compressed, and may keep most.
    assert 0.15 < darker.mean() < 0.35
    assert 0.35 < (softer & ~darker).mean() < 0.8
    means = np.abs(every.mean(axis=(1, 2)) - images.mean(axis=(1, 2)))
    assert np.median(means[~darker]) < 3


def test_degraded_faces_are_those_of_the_wanted_size() -> None:
    only = replace(NOTHING, degradation=1.0)
    assert augment(faces(12), only, np.random.default_rng(0), 40).shape == (12, 40, 40)


def test_erasing_touches_a_bounded_area() -> None:
    images = np.full((100, 48, 48), 128, np.uint8)
    erase = Augmentation(
        flip=False, shift=0, rotation_deg=0, scale=0, brightness=0, contrast=0, random_erasing=1.0
    )
    changed = (augment(images, erase, np.random.default_rng(0)) != 128).mean(axis=(1, 2))
    assert (changed > 0).all()
    assert changed.max() <= 0.2 + 0.01


@settings(max_examples=25, deadline=None)
@given(alpha=st.floats(0.1, 2), seed=st.integers(0, 1000), cut=st.booleans())
def test_mixing_keeps_targets_probabilities(alpha: float, seed: int, cut: bool) -> None:
    rng = np.random.default_rng(seed)
    tensors = rng.random((6, 4, 4, 1)).astype(np.float32)
    targets = np.eye(7, dtype=np.float32)[rng.integers(0, 7, 6)]
    parts = Augmentation(cutmix=alpha) if cut else Augmentation(mixup=alpha)
    mixed, mixed_targets = mix(tensors, targets, parts, rng)
    np.testing.assert_allclose(mixed_targets.sum(axis=1), 1, atol=1e-6)
    assert mixed.shape == tensors.shape
    assert mixed.sum() == pytest.approx(tensors.sum(), rel=1e-4)


def test_cutmix_weighs_targets_by_area() -> None:
    tensors = np.zeros((2, 20, 20, 1), np.float32)
    tensors[1] = 1
    targets = np.eye(2, dtype=np.float32)
    shares = set()
    for seed in range(20):
        mixed, shared = mix(tensors, targets, Augmentation(cutmix=1), np.random.default_rng(seed))
        assert set(np.unique(mixed)) <= {0.0, 1.0}
        np.testing.assert_allclose(mixed.mean(axis=(1, 2, 3)), shared[:, 1], atol=1e-6)
        shares.add(round(float(shared[0, 1]), 3))
    assert len(shares) > 5


def test_no_mixing_returns_the_same() -> None:
    tensors, targets = np.ones((2, 4, 4, 1), np.float32), np.eye(2, dtype=np.float32)
    assert mix(tensors, targets, Augmentation(), np.random.default_rng(0)) == (tensors, targets)


@pytest.mark.parametrize(
    "values", [{"shift": 2}, {"mixup": -1}, {"random_erasing": 1.5}, {"degradation": 1.1}]
)
def test_augmentation_out_of_range_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(TrainingError, match="wanted a number from 0 to"):
        Augmentation(**values)
