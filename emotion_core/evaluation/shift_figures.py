"""A model on shifted faces: is it as sure there as it may be?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion_core.errors import Cancelled
from emotion_core.evaluation.cache import LogitsCache, images_key
from emotion_core.evaluation.evaluated_model import EvaluatedModel
from emotion_core.evaluation.evaluation_split import EvaluationSplit
from emotion_core.evaluation.metrics import expected_calibration_error
from emotion_core.evaluation.predictor import Predictions, Predictor, Progress
from emotion_core.evaluation.shifts import SHIFTS, shifted
from emotion_core.types import Int64Array, UInt8Array

#: Of larger splits as many are taken, the same each time: six conditions of PrivateTest take half
#: a minute.
MAX_IMAGES = 4000


@dataclass(frozen=True, slots=True)
class ShiftFigures:
    """How right and how sure a model is under one condition.

    Attributes:
        n: judged images.
        accuracy: share of correct predictions.
        confidence: mean top probability.
        ece: expected calibration error.
    """

    n: int
    accuracy: float
    confidence: float
    ece: float

    @property
    def overconfidence(self) -> float:
        """By how much the mean confidence is above the accuracy; negative below."""
        return self.confidence - self.accuracy


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """A model under every condition of ``SHIFTS``.

    Attributes:
        conditions: {condition: figures}.
        ece: expected calibration error over the faces of all conditions together.
    """

    conditions: Mapping[str, ShiftFigures]
    ece: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: ``ece_shifted`` and ``shifts``."""
        return {
            "ece_shifted": self.ece,
            "shifts": {
                name: {
                    "n": found.n,
                    "accuracy": found.accuracy,
                    "confidence": found.confidence,
                    "ece": found.ece,
                }
                for name, found in self.conditions.items()
            },
        }


class ShiftTest:
    """The images of a split, under every condition.

    Args:
        rows: the images and their true labels.
        max_images: of more images as many are taken; None: ``MAX_IMAGES``.
    """

    def __init__(self, rows: EvaluationSplit, *, max_images: int | None = None) -> None:
        most = MAX_IMAGES if max_images is None else max_images
        n = len(rows.images)
        taken = np.arange(n)
        if n > most:
            taken = np.sort(np.random.default_rng(0).choice(n, most, replace=False))
        self._images: UInt8Array = rows.images.images[taken]
        self._key = images_key(self._images)
        self._judged = rows.judged[taken]
        truth = np.full(n, -1, np.int64)
        truth[rows.judged] = rows.truth
        self._truth: Int64Array = truth[taken][self._judged]
        self._label_set = rows.label_set

    @property
    def truth(self) -> Int64Array:
        """(N,) int64, true labels of the judged images."""
        return self._truth

    def images(self, name: str) -> UInt8Array:
        """The judged images under one condition."""
        return shifted(self._images, name)[self._judged]

    def predictions(
        self,
        model: EvaluatedModel,
        cache: LogitsCache | None,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, Predictions]:
        """What a model predicts for the judged images under every condition.

        Args:
            model: the model.
            cache: where predictions are kept; None computes them every time.
            progress: gets the number of faces done and their total, over all conditions.
            cancelled: asked between the batches.

        Raises:
            Cancelled: ``cancelled`` said so; what was finished is kept.
            ModelError: the model's files are missing or altered.
            OutputError: the predictions cannot be kept.
        """
        predictor, n = Predictor(model, self._label_set, cache), len(self._images)
        found = {}
        for number, name in enumerate(SHIFTS):
            if cancelled is not None and cancelled():
                raise Cancelled("Stopped. What was finished is kept.")

            def told(done: int, _total: int, before: int = number * n) -> None:
                if progress is not None:
                    progress(before + done, n * len(SHIFTS))

            everything = predictor.compute(
                shifted(self._images, name),
                self._key,
                _condition(name),
                progress=told,
                cancelled=cancelled,
            )
            found[name] = everything.select(self._judged)
        return found

    def is_known(self, model: EvaluatedModel, cache: LogitsCache) -> bool:
        """Whether ``predictions`` would come from the cache alone."""
        return all(cache.load(model.key, self._key, _condition(name)) for name in SHIFTS)

    def report(self, predictions: Mapping[str, Predictions]) -> ShiftReport:
        """Figures of predictions."""
        figures, confidences, correct = {}, [], []
        for name, found in predictions.items():
            top = found.probabilities.max(axis=1)
            right = found.logits.argmax(axis=1) == self._truth
            confidences.append(top)
            correct.append(right)
            figures[name] = ShiftFigures(
                len(right),
                float(right.mean()),
                float(top.mean()),
                expected_calibration_error(top, right),
            )
        together = expected_calibration_error(np.concatenate(confidences), np.concatenate(correct))
        return ShiftReport(figures, together)


def _condition(name: str) -> str:
    """Under what the predictions of a condition are kept."""
    return f"shifted_{name}"
