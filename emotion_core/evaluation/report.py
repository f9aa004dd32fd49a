"""Judges a model on one split of a data set."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.emotions import LabelSet
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.evaluated_model import EvaluatedModel
from emotion_core.evaluation.evaluation_split import EvaluationSplit
from emotion_core.evaluation.metrics import evaluate_probabilities
from emotion_core.evaluation.predictor import Predictions, Predictor, Progress
from emotion_core.evaluation.resting import RestingFaces, resting_faces
from emotion_core.types import Float32Array, Int64Array

#: The condition of pictures that nothing was done to.
CLEAN = "clean"


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A model's predictions for the judged images of a split. Row i is one image everywhere.

    Attributes:
        model: name of the model.
        rows: the images and their true labels.
        everything: what the model predicts for all M images of the split.
        threshold: the model's own.
    """

    model: str
    rows: EvaluationSplit
    everything: Predictions
    threshold: float

    @property
    def predictions(self) -> Predictions:
        """What the model predicts for the N judged images."""
        return self.everything.select(self.rows.judged)

    @property
    def label_set(self) -> LabelSet:
        """Names of the labels."""
        return self.rows.label_set

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """(N,) bool, where the prediction is right."""
        return np.asarray(self.predicted == self.rows.truth)

    @property
    def probabilities(self) -> Float32Array:
        """(N, C) float32 calibrated probabilities."""
        return self.predictions.probabilities

    @property
    def predicted(self) -> Int64Array:
        """(N,) int64 predictions."""
        return np.asarray(self.predictions.logits.argmax(axis=1), np.int64)

    def resting(self, threshold: float | None = None) -> RestingFaces | None:
        """What becomes of the split's resting faces; None without votes that tell which they are.

        Args:
            threshold: another one than the model's own.
        """
        return resting_faces(
            self.rows.images,
            self.everything.probabilities,
            self.threshold if threshold is None else threshold,
        )

    def figures(self, threshold: float | None = None) -> dict[str, Any]:
        """Every figure of ``evaluate``, JSON-ready.

        Args:
            threshold: another one than the model's own.
        """
        figures = evaluate_probabilities(
            self.probabilities,
            self.rows.truth,
            self.label_set,
            seen=self.rows.seen,
            threshold=self.threshold if threshold is None else threshold,
        )
        resting = self.resting(threshold)
        return {
            "split": self.rows.split,
            "labels": self.rows.labels,
            **figures,
            "resting_misread": resting.to_dict() if resting is not None else None,
            "seconds": self.predictions.seconds,
        }


def evaluate_model(
    model: EvaluatedModel,
    rows: EvaluationSplit,
    *,
    cache: LogitsCache | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Evaluation:
    """Judges a model. Predictions that the cache has are not computed again.

    Args:
        model: the model.
        rows: the images and their true labels.
        cache: where predictions are kept; None computes them every time.
        progress: gets the number of faces done and their total.
        cancelled: asked between the batches.

    Raises:
        Cancelled: ``cancelled`` said so.
        ModelError: the model's files are missing or altered.
        OutputError: the predictions cannot be kept.
    """
    # All images of the split are asked about, so that both kinds of labels share the predictions.
    predictions = Predictor(model, rows.label_set, cache).compute(
        rows.images.images, rows.key, CLEAN, progress=progress, cancelled=cancelled
    )
    return _evaluation(model, rows, predictions)


def cached_evaluation(
    model: EvaluatedModel, rows: EvaluationSplit, cache: LogitsCache
) -> Evaluation | None:
    """The evaluation, if its predictions were computed before."""
    predictions = Predictor(model, rows.label_set, cache).cached(
        rows.images.images, rows.key, CLEAN
    )
    return _evaluation(model, rows, predictions) if predictions else None


def _evaluation(
    model: EvaluatedModel, rows: EvaluationSplit, predictions: Predictions
) -> Evaluation:
    return Evaluation(model.name, rows, predictions, model.head.threshold)
