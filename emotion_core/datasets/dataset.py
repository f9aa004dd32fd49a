"""The one form of a data set in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.emotions import FER2013, LabelSet
from emotion_core.types import Int64Array, UInt8Array, checked

#: Values of the ``usage`` column. Source: fer2013.csv (arXiv 1307.0414).
TRAINING, VALIDATION, TEST = "Training", "PublicTest", "PrivateTest"

#: The word that stands for the synthetic data set wherever a data set is asked for.
SYNTHETIC = "synthetic"

#: FER+ vote columns in the order of the file. Source: Barsoum et al., arXiv 1608.01041.
VOTE_COLUMNS = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "nf",
)


@dataclass(frozen=True, slots=True, eq=False)
class EmotionDataset:
    """Labelled gray faces with their split and, where known, FER+ votes.

    Attributes:
        images: (N, S, S) uint8 gray.
        labels: (N,) int64, labels of ``label_set``.
        usage: (N,) strings: ``Training``, ``PublicTest`` (validation), ``PrivateTest`` (test).
        votes: (N, 10) int64, columns as ``VOTE_COLUMNS``; all zero where there are none.
        rows: (N,) int64, row numbers in the original file.
        sha256: hash of the stored file; empty for data made in memory.
        label_set: names of the labels.
        name: what the set is called: the stem of its file, or ``synthetic`` for drawn faces.
    """

    images: UInt8Array
    labels: Int64Array
    usage: npt.NDArray[np.str_]
    votes: Int64Array
    rows: Int64Array
    sha256: str = ""
    label_set: LabelSet = FER2013
    name: str = ""

    def __post_init__(self) -> None:
        images = checked("EmotionDataset.images", self.images, (None, None, None), np.uint8)
        n = len(images)
        if images.shape[1] != images.shape[2]:
            raise ValueError(f"EmotionDataset.images: wanted squares. Received: {images.shape}")
        object.__setattr__(self, "images", images)
        for name, shape in (("labels", (n,)), ("votes", (n, 10)), ("rows", (n,))):
            array = checked(f"EmotionDataset.{name}", getattr(self, name), shape, np.int64)
            object.__setattr__(self, name, array)
        if self.usage.shape != (n,):
            raise ValueError(f"EmotionDataset.usage: wanted ({n},). Received: {self.usage.shape}")
        if n and not (self.labels.min() >= 0 and self.labels.max() < len(self.label_set)):
            raise ValueError(
                f"EmotionDataset.labels: wanted 0 to {len(self.label_set) - 1}. "
                f"Received: {self.labels.min()} to {self.labels.max()}"
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def has_votes(self) -> bool:
        """Whether any face has votes of FER+ raters."""
        return bool(self.votes.any())

    @property
    def is_synthetic(self) -> bool:
        """Whether the faces are drawn by code. Figures from them say nothing about people."""
        return self.name == SYNTHETIC

    @property
    def size_px(self) -> int:
        """Side of the square faces."""
        return int(self.images.shape[1])

    def select(self, rows: npt.NDArray[Any]) -> "EmotionDataset":
        """The rows of an index or boolean mask, in that order."""
        return EmotionDataset(
            self.images[rows],
            self.labels[rows],
            self.usage[rows],
            self.votes[rows],
            self.rows[rows],
            self.sha256,
            self.label_set,
            self.name,
        )

    def split(self, usage: str) -> "EmotionDataset":
        """The rows of one split."""
        return self.select(self.usage == usage)

    def counts(self) -> dict[str, dict[str, int]]:
        """{split: {emotion: number of images}} for the splits that are there."""
        return {
            split: dict(
                zip(
                    self.label_set.names,
                    np.bincount(
                        self.labels[self.usage == split], minlength=len(self.label_set)
                    ).tolist(),
                    strict=True,
                )
            )
            for split in (TRAINING, VALIDATION, TEST)
            if (self.usage == split).any()
        }
