"""Small sets with known faults, made of real faces."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import skimage.data

from emotion_core.datasets import TEST, TRAINING, VALIDATION, EmotionDataset
from emotion_core.types import UInt8Array


@pytest.fixture(scope="session")
def faces() -> UInt8Array:
    """(100, 48, 48) uint8: real faces (Labeled Faces in the Wild, as scikit-image ships them).

    They were enlarged from 25x25 and are all equally soft, so noise gives them some detail.
    """
    rng = np.random.default_rng(0)
    small = skimage.data.lfw_subset()[:100]
    large = np.stack([cv2.resize(np.uint8(face * 255), (48, 48)) for face in small])
    return np.clip(large + rng.normal(0, 6, large.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def make_set(faces: UInt8Array) -> Callable[..., EmotionDataset]:
    """A set of 12 different faces, 4 per split, and further pictures as (image, split, label)."""

    def make(*more: tuple[UInt8Array, str, int]) -> EmotionDataset:
        n = 12 + len(more)
        images = np.stack([*faces[:12], *(image for image, _, _ in more)])
        splits = [TRAINING] * 4 + [VALIDATION] * 4 + [TEST] * 4 + [split for _, split, _ in more]
        labels = [*(np.arange(12) % 7), *(label for _, _, label in more)]
        votes = np.zeros((n, 10), np.int64)
        return EmotionDataset(
            images=images,
            labels=np.array(labels, np.int64),
            usage=np.array(splits),
            votes=votes,
            rows=np.arange(n, dtype=np.int64),
        )

    return make
