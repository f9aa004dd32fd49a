"""Data sets of labelled faces: one reader per form, one ``EmotionDataset`` for all."""

from emotion_core.datasets.dataset import (
    TEST,
    TRAINING,
    VALIDATION,
    VOTE_COLUMNS,
    EmotionDataset,
)
from emotion_core.datasets.duplicates import DuplicateKeys, duplicate_keys, seen_in
from emotion_core.datasets.labels import (
    LABEL_SOURCES,
    clear_majority,
    soft_labels,
    vote_distribution,
)
from emotion_core.datasets.parquet import DATASET_ENV, default_dataset_path, load_dataset

__all__ = [
    "DATASET_ENV",
    "LABEL_SOURCES",
    "TEST",
    "TRAINING",
    "VALIDATION",
    "VOTE_COLUMNS",
    "DuplicateKeys",
    "EmotionDataset",
    "clear_majority",
    "default_dataset_path",
    "duplicate_keys",
    "load_dataset",
    "seen_in",
    "soft_labels",
    "vote_distribution",
]
