"""A model's predictions for pictures, computed in batches that can be watched and stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emotion_core.classifiers.runtime import softmax
from emotion_core.emotions import LabelSet
from emotion_core.errors import Cancelled
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.evaluated_model import EvaluatedModel, Outputs, fitted
from emotion_core.types import BoolArray, Float32Array, Float64Array, UInt8Array

#: Gets the number of faces done and their total.
Progress = Callable[[int, int], None]

_BATCH = 256


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a model predicts for N pictures.

    Attributes:
        logits: (N, C) float32, in the order of the data set's labels.
        temperatures: (N,) float64, what each row of the logits is divided by.
        seconds: how long the model took, also where the predictions come from the cache.
    """

    logits: Float32Array
    temperatures: Float64Array
    seconds: float

    def select(self, rows: BoolArray) -> "Predictions":
        """The predictions of the rows of a (N,) bool."""
        return Predictions(self.logits[rows], self.temperatures[rows], self.seconds)

    @property
    def probabilities(self) -> Float32Array:
        """(N, C) float32 calibrated probabilities."""
        return softmax(self.logits, self.temperatures)

    @property
    def uncalibrated(self) -> Float32Array:
        """(N, C) float32 probabilities without the temperatures."""
        return softmax(self.logits)


class Predictor:
    """Runs one model on pictures, opens it only when it is needed, and keeps the predictions.

    Belongs to one thread, as the opened model does.

    Args:
        model: the model.
        labels: order of the data set's labels.
        cache: where predictions are kept; None computes them every time.
    """

    def __init__(self, model: EvaluatedModel, labels: LabelSet, cache: LogitsCache | None) -> None:
        self._model, self._labels, self._cache = model, labels, cache
        self._outputs: Outputs | None = None

    def cached(self, images: UInt8Array, key: str, condition: str) -> Predictions | None:
        """The predictions, if they were computed before; arguments as of ``compute``.

        The images tell how sure a prediction is, which is not kept: it belongs to the card.
        """
        stored = self._cache and self._cache.load(self._model.key, key, condition)
        return self._predictions(*stored, images) if stored else None

    def compute(
        self,
        images: UInt8Array,
        key: str,
        condition: str,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Predictions:
        """The predictions, from the cache or computed now.

        Args:
            images: (N, S, S) uint8 gray.
            key: ``images_key`` of the pictures before anything was done to them.
            condition: what was done to them.
            progress: gets the number of faces done and their total.
            cancelled: asked after each batch.

        Raises:
            Cancelled: ``cancelled`` said so.
            ModelError: the model's files are missing or altered.
            OutputError: the predictions cannot be stored.
        """
        found = self.cached(images, key, condition)
        if found is not None:
            return found
        if self._outputs is None:
            self._outputs = self._model.open()
        began, parts = time.perf_counter(), []
        for start in range(0, len(images), _BATCH):
            if cancelled is not None and cancelled():
                raise Cancelled("Stopped. What was finished is kept.")
            parts.append(self._outputs(fitted(images[start : start + _BATCH], self._model.size_px)))
            if progress is not None:
                progress(min(start + _BATCH, len(images)), len(images))
        seconds = round(time.perf_counter() - began, 3)
        outputs = np.concatenate(parts)
        if self._cache is not None:
            self._cache.save(self._model.key, key, condition, outputs, seconds)
        return self._predictions(outputs, seconds, images)

    def _predictions(
        self, outputs: Float32Array, seconds: float, images: UInt8Array
    ) -> Predictions:
        ordered = self._model.logits(outputs, self._labels)
        return Predictions(ordered, self._model.head.temperatures(images), seconds)
