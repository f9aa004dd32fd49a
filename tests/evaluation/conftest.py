"""A small data set and a model whose answers are known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emotion_core.classifiers.heads import Head
from emotion_core.datasets import TEST, TRAINING, VALIDATION, EmotionDataset
from emotion_core.emotions import FER2013, LabelSet
from emotion_core.evaluation import EvaluatedModel
from emotion_core.types import Float32Array, UInt8Array


def random_logits(images: UInt8Array) -> Float32Array:
    """Logits that depend on every pixel of a picture and on nothing else."""
    flat = images.reshape(len(images), -1).astype(np.float32) / 255
    weights = np.random.default_rng(1).normal(size=(flat.shape[1], 7)).astype(np.float32)
    return np.asarray(flat @ weights, np.float32)


@pytest.fixture
def make_model() -> Callable[..., EvaluatedModel]:
    """Builds a model of random weights that counts in ``opened`` how often it was loaded."""

    def make(
        *,
        name: str = "random",
        key: str = "0" * 64,
        labels: LabelSet = FER2013,
        temperature: float = 1.3,
        threshold: float = 0.4,
        size_px: int | None = None,
        opened: list[str] | None = None,
    ) -> EvaluatedModel:
        def load() -> Callable[[UInt8Array], Float32Array]:
            if opened is not None:
                opened.append(name)
            return random_logits

        head = Head(first=0, outputs=7, temperature=temperature, threshold=threshold)
        return EvaluatedModel(name, key, labels, size_px, head, load)

    return make


@pytest.fixture(scope="session")
def small_set() -> EmotionDataset:
    """300 pictures in three splits, with votes; ten of each later split also stand in Training."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (300, 48, 48), dtype=np.uint8)
    images[100:110] = images[:10]
    images[200:210] = images[:10, :, ::-1]
    labels = rng.integers(0, 7, 300)
    votes = np.zeros((300, 10), np.int64)
    # Neutral stands first among the votes; half of the rows have a clear majority for it.
    votes[::2, 0] = 9
    votes[1::2, 0] = votes[1::2, 1] = 5
    usage = np.repeat([TRAINING, VALIDATION, TEST], 100)
    return EmotionDataset(
        images, labels, usage, votes, np.arange(300, dtype=np.int64), "f" * 64, name="small"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for evaluations."""
    return tmp_path / "evaluations"
