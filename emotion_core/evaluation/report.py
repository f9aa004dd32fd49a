"""Judges a model on one split of a data set."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.emotions import LabelSet
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.evaluation.evaluated_model import Subject
from emotion_core.evaluation.evaluation_split import JudgedRows
from emotion_core.evaluation.metrics import evaluate_probabilities
from emotion_core.evaluation.predictor import Answering, Answers, Progress
from emotion_core.types import Float32Array, Int64Array

#: The condition of pictures that nothing was done to.
CLEAN = "clean"


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A model's answers to the judged images of a split. Row i is one image everywhere.

    Attributes:
        model: name of the model.
        rows: the images and their right answers.
        answers: what the model says to the N judged images.
        threshold: the model's own.
    """

    model: str
    rows: JudgedRows
    answers: Answers
    threshold: float

    @property
    def label_set(self) -> LabelSet:
        """Names of the labels."""
        return self.rows.label_set

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """(N,) bool, where the answer is right."""
        return np.asarray(self.predicted == self.rows.truth)

    @property
    def probabilities(self) -> Float32Array:
        """(N, C) float32 calibrated probabilities."""
        return self.answers.probabilities

    @property
    def predicted(self) -> Int64Array:
        """(N,) int64 answers."""
        return np.asarray(self.answers.logits.argmax(axis=1), np.int64)

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
        return {
            "split": self.rows.split,
            "labels": self.rows.labels,
            **figures,
            "seconds": self.answers.seconds,
        }


def evaluate_model(
    subject: Subject,
    rows: JudgedRows,
    *,
    cache: LogitsCache | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Evaluation:
    """Judges a model. Answers that the cache has are not computed again.

    Args:
        subject: the model.
        rows: the images and their right answers.
        cache: where answers are kept; None computes them every time.
        progress: gets the number of faces done and their total.
        cancelled: asked between the batches.

    Raises:
        Cancelled: ``cancelled`` said so.
        ModelError: the model's files are missing or altered.
        OutputError: the answers cannot be kept.
    """
    # All images of the split are asked about, so that both kinds of labels share the answers.
    answers = Answering(subject, rows.label_set, cache).compute(
        rows.images.images, rows.key, CLEAN, progress=progress, cancelled=cancelled
    )
    return _evaluation(subject, rows, answers)


def cached_evaluation(subject: Subject, rows: JudgedRows, cache: LogitsCache) -> Evaluation | None:
    """The evaluation, if its answers were computed before."""
    answers = Answering(subject, rows.label_set, cache).cached(rows.key, CLEAN)
    return _evaluation(subject, rows, answers) if answers else None


def _evaluation(subject: Subject, rows: JudgedRows, answers: Answers) -> Evaluation:
    judged = Answers(answers.logits[rows.judged], answers.temperature, answers.seconds)
    return Evaluation(subject.name, rows, judged, subject.threshold)
