"""Feeds a network: shuffled, augmented batches that depend on seed, epoch and position only."""

from typing import Any

import numpy as np
from keras.utils import PyDataset

from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.training.augmentation import Augmentation, augment, mix
from emotion_core.types import Float32Array, UInt8Array


class TrainingBatches(PyDataset):  # type: ignore[misc]
    """Batches of one epoch after the other.

    The same seed gives the same batches whether a run was interrupted or not.

    Args:
        images: (N, S, S) uint8.
        targets: (N, C) float32.
        batch_size: images per step; the rest of an epoch that fills no batch is left out.
        augmentation: changes of the faces.
        seed: of the run.
        first_epoch: epoch that the first pass stands for.
        size_px: side of the faces that come out.
    """

    def __init__(
        self,
        images: UInt8Array,
        targets: Float32Array,
        batch_size: int,
        augmentation: Augmentation,
        seed: int,
        first_epoch: int,
        size_px: int,
    ) -> None:
        # One worker keeps the order; it augments while the network computes.
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        self._images = images
        self._targets = targets
        self._batch_size = min(batch_size, len(images))
        self._augmentation = augmentation
        self._seed = seed
        self._size_px = size_px
        self._epoch = first_epoch
        self._order = self._shuffled()

    def _shuffled(self) -> np.ndarray:
        return np.random.default_rng([self._seed, self._epoch]).permutation(len(self._images))

    def __len__(self) -> int:
        return len(self._images) // self._batch_size

    def __getitem__(self, index: int) -> tuple[Float32Array, Float32Array]:
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        rng = np.random.default_rng([self._seed, self._epoch, index])
        faces = augment(self._images[rows], self._augmentation, rng, self._size_px)
        return mix(crops_to_tensor(faces), self._targets[rows], self._augmentation.mixup, rng)

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._order = self._shuffled()


def one_hot(labels: Any, n_classes: int) -> Float32Array:
    """(N, C) float32."""
    return np.asarray(np.eye(n_classes)[labels], dtype=np.float32)
