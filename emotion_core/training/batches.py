"""Feeds a network: shuffled, augmented batches that depend on seed, epoch and position only."""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

import cv2
import numpy as np
from keras.utils import PyDataset

from emotion_core.classifiers.preprocessing import crops_to_tensor
from emotion_core.training.augmentation import Augmentation, augment_and_tell, mix
from emotion_core.training.data import TrainingData
from emotion_core.training.distribution import own_part
from emotion_core.types import Float32Array, Int64Array

Batch = tuple[Float32Array, Float32Array, Float32Array]

# Batches made in advance, while the network computes.
_AHEAD = 3


class TrainingBatches(PyDataset):  # type: ignore[misc]
    """The batches of a run from an epoch on, without an end.

    Batch i is the same whenever it is asked for: nothing is counted here, because Keras looks
    ahead, and looks at some batches twice. Epochs run into each other, so that the input works
    on while the network is judged.

    Args:
        data: images, targets and weights.
        batch_size: images per step; the rest of an epoch that fills no batch is left out.
        augmentation: changes of the faces.
        seed: of the run.
        first_epoch: the epoch that batch 0 begins.
        size_px: side of the faces that come out.
    """

    def __init__(
        self,
        data: TrainingData,
        batch_size: int,
        augmentation: Augmentation,
        seed: int,
        first_epoch: int,
        size_px: int,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._data = data
        self._batch_size = min(batch_size, len(data.rows))
        self._augmentation = augmentation
        self._seed = seed
        self._first_epoch = first_epoch
        self._size_px = size_px
        self._order = lru_cache(maxsize=2)(self._shuffled)
        # Made here: TensorFlow reads nothing ahead when it is asked to be deterministic.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._made: dict[int, Future[Batch]] = {}
        # One small picture is no work for several threads; they only get in the network's way.
        cv2.setNumThreads(0)

    @property
    def num_batches(self) -> None:
        """Without an end: ``fit`` gets ``steps_per_epoch``."""

    @property
    def steps_per_epoch(self) -> int:
        """Full batches in an epoch; the rest is left out."""
        return len(self._data.rows) // self._batch_size

    @property
    def images_per_epoch(self) -> int:
        """Faces that an epoch shows."""
        return self.steps_per_epoch * self._batch_size

    def __getitem__(self, index: int) -> Batch:
        ahead = range(index, index + _AHEAD + 1)
        for i in ahead:
            if i not in self._made:
                self._made[i] = self._worker.submit(self._make, i)
        for i in [i for i in self._made if i not in ahead]:
            del self._made[i]
        return self._made[index].result()

    def faces(self, epoch: int, step: int) -> Float32Array:
        """The (N, S, S, 1) faces of one batch, without disturbing the reading ahead."""
        return self._make((epoch - self._first_epoch) * self.steps_per_epoch + step)[0]

    def _make(self, index: int) -> Batch:
        epochs, step = divmod(index, self.steps_per_epoch)
        epoch = self._first_epoch + epochs
        rows = self._order(epoch)[step * self._batch_size : (step + 1) * self._batch_size]
        rng = np.random.default_rng([self._seed, epoch, step])
        images = self._data.rows.images[rows]
        faces, mirrored = augment_and_tell(images, self._augmentation, rng, self._size_px)
        targets = self._data.targets[mirrored.astype(np.intp), rows]
        tensors, targets = mix(crops_to_tensor(faces), targets, self._augmentation, rng)
        # Cut after mixing: the batch is the same for one process and for many.
        mine = own_part().rows(len(tensors))
        tensors, targets = tensors[mine], targets[mine]
        return tensors, targets, targets @ self._data.class_weights

    def _shuffled(self, epoch: int) -> Int64Array:
        rng, n = np.random.default_rng([self._seed, epoch]), len(self._data.rows)
        if len(self._data.sampling_probabilities):
            return rng.choice(n, n, p=self._data.sampling_probabilities)
        return rng.permutation(n)
