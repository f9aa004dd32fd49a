"""Augmented faces to look at before a run. Needs no Keras."""

import numpy as np

from emotion_core.datasets import TRAINING, EmotionDataset
from emotion_core.training.augmentation import augment, mix
from emotion_core.training.config import TrainingConfig
from emotion_core.types import UInt8Array


def augmented_faces(
    dataset: EmotionDataset, config: TrainingConfig, n: int = 16, seed: int = 0
) -> UInt8Array:
    """Training faces as a network would see them.

    Args:
        dataset: faces are drawn from its Training split, else from all of it.
        config: its augmentation and training size.
        n: how many.
        seed: decides which faces and how they are changed.

    Returns:
        (n, S, S) uint8; fewer when the data set has fewer.
    """
    rows = np.flatnonzero(dataset.usage == TRAINING)
    rows = rows if len(rows) else np.arange(len(dataset))
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(rows)[:n]
    size = config.size_at(0, dataset.size_px)
    faces = augment(dataset.images[chosen], config.augmentation, rng, size)
    targets = np.zeros((len(faces), 1), np.float32)
    mixed, _ = mix(faces[..., None].astype(np.float32), targets, config.augmentation, rng)
    return np.clip(np.round(mixed[..., 0]), 0, 255).astype(np.uint8)
