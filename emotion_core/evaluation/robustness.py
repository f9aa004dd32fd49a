"""Accuracy on corrupted pictures, one condition after the other; what is done is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion_core.evaluation.cache import LogitsCache, images_key
from emotion_core.evaluation.corruptions import CORRUPTIONS, corrupt
from emotion_core.evaluation.evaluated_model import EvaluatedModel
from emotion_core.evaluation.evaluation_split import EvaluationSplit
from emotion_core.evaluation.metrics import wilson_interval
from emotion_core.evaluation.predictor import Predictions, Predictor, Progress
from emotion_core.evaluation.report import CLEAN
from emotion_core.types import Int64Array, UInt8Array

#: 31 conditions on this many images take about half a minute.
MAX_IMAGES = 1500


@dataclass(frozen=True, slots=True)
class RobustnessPoint:
    """Accuracy under one condition.

    Attributes:
        corruption: key of ``CORRUPTIONS``.
        level: how strong; the corruption's ``clean_level`` for the pictures themselves.
        n: number of images.
        accuracy: share of correct predictions.
        accuracy_ci95: its 95 % interval.
    """

    corruption: str
    level: float
    n: int
    accuracy: float
    accuracy_ci95: tuple[float, float]


class RobustnessTest:
    """A model on corrupted pictures of one split: the same at most 1,500 images each time.

    Args:
        model: the model.
        rows: images and their true labels.
        cache: where predictions are kept; None computes them every time.
        max_images: of more images as many are taken, the same each time; None: ``MAX_IMAGES``.
    """

    def __init__(
        self,
        model: EvaluatedModel,
        rows: EvaluationSplit,
        cache: LogitsCache | None,
        *,
        max_images: int | None = None,
    ) -> None:
        sample = _sample(len(rows.images), MAX_IMAGES if max_images is None else max_images)
        self._images: UInt8Array = rows.images.images[sample]
        self._key = images_key(self._images)
        self._judged = rows.judged[sample]
        truth = np.full(len(rows.images), -1, np.int64)
        truth[rows.judged] = rows.truth
        self._truth: Int64Array = truth[sample][self._judged]
        self._predictor = Predictor(model, rows.label_set, cache)

    @property
    def n_conditions(self) -> int:
        """How many conditions there are, the pictures themselves included."""
        return len(_conditions())

    def points(self) -> tuple[RobustnessPoint, ...]:
        """What is known so far, from the cache."""
        found: list[RobustnessPoint] = []
        for name, level in _conditions():
            # Only what is predicted counts here, not how sure it is, so the pictures may be these.
            predictions = self._predictor.cached(self._images, self._key, _condition(name, level))
            if predictions is not None:
                found += self._points(name, level, predictions)
        return tuple(found)

    def run(
        self,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> tuple[RobustnessPoint, ...]:
        """Computes what is not known yet.

        Args:
            progress: gets the number of conditions done and their total.
            cancelled: asked between the batches.

        Raises:
            Cancelled: ``cancelled`` said so; what was finished is kept.
            ModelError: the model's files are missing or altered.
            OutputError: the predictions cannot be kept.
        """
        found: list[RobustnessPoint] = []
        for done, (name, level) in enumerate(_conditions()):
            condition = _condition(name, level)
            predictions = self._predictor.cached(self._images, self._key, condition)
            if predictions is None:
                images = corrupt(self._images, name, level) if name != CLEAN else self._images
                predictions = self._predictor.compute(
                    images, self._key, condition, cancelled=cancelled
                )
            found += self._points(name, level, predictions)
            if progress is not None:
                progress(done + 1, self.n_conditions)
        return tuple(found)

    def _points(self, name: str, level: float, predictions: Predictions) -> list[RobustnessPoint]:
        correct = predictions.logits[self._judged].argmax(axis=1) == self._truth
        n, right = len(correct), int(correct.sum())
        if not n:
            return []
        # The pictures themselves are the beginning of every curve.
        places = (
            [(kind.name, kind.clean_level) for kind in CORRUPTIONS.values()]
            if name == CLEAN
            else [(name, level)]
        )
        interval = wilson_interval(right, n)
        return [RobustnessPoint(kind, at, n, right / n, interval) for kind, at in places]


def robustness_figures(points: tuple[RobustnessPoint, ...]) -> dict[str, Any]:
    """Points as JSON-ready curves: {corruption: unit, levels, accuracy, accuracy_ci95, n}."""
    curves = {}
    for kind in CORRUPTIONS.values():
        own = sorted((p for p in points if p.corruption == kind.name), key=lambda p: p.level)
        curves[kind.name] = {
            "unit": kind.unit,
            "n": own[0].n if own else 0,
            "levels": [point.level for point in own],
            "accuracy": [point.accuracy for point in own],
            "accuracy_ci95": [list(point.accuracy_ci95) for point in own],
        }
    return curves


def _sample(n: int, most: int) -> Int64Array:
    if n <= most:
        return np.arange(n, dtype=np.int64)
    return np.sort(np.random.default_rng(0).choice(n, most, replace=False))


def _conditions() -> list[tuple[str, float]]:
    corrupted = [(kind.name, level) for kind in CORRUPTIONS.values() for level in kind.levels]
    return [(CLEAN, 0.0), *corrupted]


def _condition(name: str, level: float) -> str:
    return CLEAN if name == CLEAN else f"{name}_{level:g}"
