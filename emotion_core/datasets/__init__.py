"""Data sets of labelled faces: one reader per form, one ``EmotionDataset`` for all."""

from emotion_core.datasets.corrections import Corrections, corrections_path
from emotion_core.datasets.corrections_file import Correction
from emotion_core.datasets.dataset import (
    SYNTHETIC,
    TEST,
    TRAINING,
    VALIDATION,
    VOTE_COLUMNS,
    EmotionDataset,
)
from emotion_core.datasets.duplicates import (
    DuplicateKeys,
    duplicate_keys,
    leaking_rows,
    seen_in,
)
from emotion_core.datasets.exporting import EXPORT_FORMS, export_dataset
from emotion_core.datasets.importing import (
    ImportReport,
    RejectedRow,
    UnclearLabelsError,
    import_dataset,
)
from emotion_core.datasets.labels import (
    LABEL_SOURCES,
    TWO_DISTRIBUTIONS,
    clear_majority,
    soft_labels,
    vote_distribution,
)
from emotion_core.datasets.loading import load_dataset
from emotion_core.datasets.parquet import default_dataset_path, stored_votes
from emotion_core.datasets.parquet_writer import write_dataset
from emotion_core.datasets.synthetic import build_synthetic

__all__ = [
    "EXPORT_FORMS",
    "LABEL_SOURCES",
    "SYNTHETIC",
    "TEST",
    "TRAINING",
    "TWO_DISTRIBUTIONS",
    "VALIDATION",
    "VOTE_COLUMNS",
    "Correction",
    "Corrections",
    "DuplicateKeys",
    "EmotionDataset",
    "ImportReport",
    "RejectedRow",
    "UnclearLabelsError",
    "build_synthetic",
    "clear_majority",
    "corrections_path",
    "default_dataset_path",
    "duplicate_keys",
    "export_dataset",
    "import_dataset",
    "leaking_rows",
    "load_dataset",
    "seen_in",
    "soft_labels",
    "stored_votes",
    "vote_distribution",
    "write_dataset",
]
