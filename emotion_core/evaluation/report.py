"""Judges a classifier on one split of a data set."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from emotion_core.classifiers.runtime import Classifier
from emotion_core.datasets import (
    TEST,
    TRAINING,
    VALIDATION,
    EmotionDataset,
    clear_majority,
    duplicate_keys,
    seen_in,
)
from emotion_core.errors import DatasetError
from emotion_core.evaluation.metrics import evaluate_probabilities

#: Names on the command line -> values of the usage column.
#: ``merged`` is what Emotion-detection and many others report on; it is not comparable to ``test``.
SPLITS = {
    "validation": (VALIDATION,),
    "test": (TEST,),
    "merged": (VALIDATION, TEST),
}

_BATCH = 256


def evaluate_classifier(
    classifier: Classifier,
    dataset: EmotionDataset,
    split: str,
    *,
    labels: str = "fer2013",
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Runs a classifier over a split and computes every figure of ``evaluate``.

    Args:
        classifier: anything with ``predict``.
        dataset: all splits (Training is needed to tell which images were seen).
        split: ``validation``, ``test`` or ``merged`` (both).
        labels: ``fer2013``: the original labels; ``ferplus``: the FER+ majority, and only rows
            where it is clear.
        progress: gets the number of faces done and their total.

    Returns:
        The dict of ``evaluate_probabilities``, and split, labels, seconds.

    Raises:
        DatasetError: the split is empty, or has no votes when they are asked for.
        ValueError: unknown split or labels.
    """
    if split not in SPLITS:
        raise ValueError(f"split: wanted one of {', '.join(SPLITS)}. Received: {split!r}")
    if labels not in ("fer2013", "ferplus"):
        raise ValueError(f"labels: wanted fer2013 or ferplus. Received: {labels!r}")
    rows = dataset.select(np.isin(dataset.usage, SPLITS[split]))
    truth = rows.labels
    if labels == "ferplus":
        if not rows.has_votes:
            raise DatasetError(
                "Wanted FER+ votes in the data set. Found none. Use --labels fer2013, or import "
                "the set again with --ferplus fer2013new.csv."
            )
        truth, clear = clear_majority(rows)
        rows, truth = rows.select(clear), truth[clear]
    if not len(rows):
        raise DatasetError(f"Wanted images of {' and '.join(SPLITS[split])}. Found none.")
    training = dataset.images[dataset.usage == TRAINING]
    seen = seen_in(duplicate_keys(rows.images).mirrored, duplicate_keys(training).mirrored)
    began = time.perf_counter()
    parts = []
    for start in range(0, len(rows), _BATCH):
        scores = classifier.predict(rows.images[start : start + _BATCH])
        parts.append(scores)
        if progress is not None:
            progress(min(start + _BATCH, len(rows)), len(rows))
    seconds = time.perf_counter() - began
    figures = evaluate_probabilities(
        np.concatenate([part.probabilities for part in parts]),
        truth,
        dataset.label_set,
        seen=seen,
        threshold=parts[0].threshold,
    )
    return {"split": split, "labels": labels, **figures, "seconds": round(seconds, 3)}
