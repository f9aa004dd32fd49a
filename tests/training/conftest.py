"""Small data sets, made here."""

from dataclasses import replace

import numpy as np
import pytest

from emotion_core.datasets import TEST, TRAINING, VALIDATION, EmotionDataset
from emotion_core.datasets.labels import vote_column
from emotion_core.emotions import Emotion


def draw_shapes(n: int = 420, seed: int = 0) -> EmotionDataset:
    """Bars at seven angles: seven classes that a network can tell apart."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int64) % 7
    y, x = np.mgrid[-1:1:48j, -1:1:48j]
    angle = (labels * np.pi / 7)[:, None, None]
    offset = rng.uniform(-0.1, 0.1, (n, 1, 1))
    bars = np.abs(np.cos(angle) * y + np.sin(angle) * x - offset) < 0.25
    images = np.clip(bars * 150 + rng.normal(60, 20, (n, 48, 48)), 0, 255).astype(np.uint8)
    usage = np.array([TRAINING] * (n - 140) + [VALIDATION] * 70 + [TEST] * 70)
    votes = np.zeros((n, 10), np.int64)
    return EmotionDataset(images, labels, usage, votes, np.arange(n, dtype=np.int64), "shapes")


def with_contrary_votes(dataset: EmotionDataset) -> EmotionDataset:
    """Eight raters see the next emotion, two see contempt."""
    votes = np.zeros((len(dataset), 10), np.int64)
    columns = [vote_column(Emotion(name)) for name in dataset.label_set]
    votes[np.arange(len(dataset)), np.array(columns)[(dataset.labels + 1) % 7]] = 8
    votes[:, vote_column(Emotion.CONTEMPT)] = 2
    return replace(dataset, votes=votes)


@pytest.fixture
def shapes_set() -> EmotionDataset:
    return draw_shapes()
