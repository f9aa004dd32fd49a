"""Which images of a data set a model is judged on, and what counts as right."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emotion_core.datasets import (
    TEST,
    TRAINING,
    VALIDATION,
    EmotionDataset,
    clear_majority,
    duplicate_keys,
    seen_in,
)
from emotion_core.emotions import LabelSet
from emotion_core.errors import DatasetError
from emotion_core.evaluation.cache import images_key
from emotion_core.types import Int64Array

#: Names on the command line -> values of the usage column.
#: ``merged`` is what Emotion-detection and many others report on; it is not comparable to ``test``.
SPLITS = {
    "validation": (VALIDATION,),
    "test": (TEST,),
    "merged": (VALIDATION, TEST),
    "training": (TRAINING,),
}

#: Whose labels count as right.
LABELS = ("fer2013", "raters")


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationSplit:
    """The images of a split and their true labels.

    Attributes:
        split: key of ``SPLITS``.
        labels: one of ``LABELS``.
        images: all M images of the split.
        key: hash of their pixels.
        judged: (M,) bool, those that count; with FER+ labels where the majority is clear.
        truth: (N,) int64 true labels of the N judged images.
        seen: (N,) bool, judged images that also stand in Training, exactly or mirrored.
    """

    split: str
    labels: str
    images: EmotionDataset
    key: str
    judged: npt.NDArray[np.bool_]
    truth: Int64Array
    seen: npt.NDArray[np.bool_]

    @property
    def label_set(self) -> LabelSet:
        """Names of the labels."""
        return self.images.label_set

    @property
    def rows(self) -> Int64Array:
        """(N,) int64, row numbers of the judged images in the data set."""
        return self.images.rows[self.judged]


def build_evaluation_split(
    dataset: EmotionDataset, split: str, labels: str = "fer2013"
) -> EvaluationSplit:
    """Picks the images of a split and their true labels.

    Args:
        dataset: all splits (Training is needed to tell which images were seen).
        split: ``validation``, ``test``, ``merged`` (both) or ``training``.
        labels: ``fer2013``: the original labels; ``raters``: the FER+ majority, and only rows
            where it is clear.

    Raises:
        DatasetError: the split is empty, or has no votes when they are asked for.
        ValueError: unknown split or labels.
    """
    if split not in SPLITS:
        raise ValueError(f"split: wanted one of {', '.join(SPLITS)}. Received: {split!r}")
    if labels not in LABELS:
        raise ValueError(f"labels: wanted fer2013 or raters. Received: {labels!r}")
    images = dataset.select(np.isin(dataset.usage, SPLITS[split]))
    truth, judged = images.labels, np.ones(len(images), bool)
    if labels == "raters":
        if not images.has_votes:
            raise DatasetError(
                "Wanted FER+ votes in the data set. Found none. Use --labels fer2013, or import "
                "the set again with --ferplus fer2013new.csv."
            )
        truth, judged = clear_majority(images)
    if not judged.any():
        raise DatasetError(f"Wanted images of {' and '.join(SPLITS[split])}. Found none.")
    training = dataset.images[dataset.usage == TRAINING]
    keys = duplicate_keys(images.images[judged]).mirrored
    seen = seen_in(keys, duplicate_keys(training).mirrored)
    return EvaluationSplit(
        split, labels, images, images_key(images.images), judged, truth[judged], seen
    )
