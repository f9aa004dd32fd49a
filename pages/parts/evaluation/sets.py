"""The data sets that a model can be judged on: the stored ones and the synthetic data set."""

from pathlib import Path

import streamlit as st

from emotion_core.datasets import Corrections, EmotionDataset, corrections_path, load_dataset
from emotion_core.datasets.dataset import SYNTHETIC
from emotion_core.evaluation import EvaluationSplit, build_evaluation_split
from pages.parts.common.data_sets import known_sets, open_set

#: What the synthetic data set is called on the page.
SYNTHETIC_NAME = "Synthetic data set"


def choices() -> dict[str, Path | None]:
    """{name: file} of the stored sets, and the synthetic data set, which has no file."""
    return {**known_sets(), SYNTHETIC_NAME: None}


def n_corrections(path: Path | None) -> int:
    """How many rows of a data set are corrected.

    Raises:
        DatasetError: the file of corrections cannot be read or belongs to another set.
    """
    if not corrections_path(path or SYNTHETIC).is_file():
        return 0
    return len(Corrections.load(path or SYNTHETIC))


def dataset(path: Path | None, corrected: bool) -> EmotionDataset:
    """A data set, decoded once for all sessions.

    Raises:
        DatasetError: it or its corrections cannot be read.
    """
    plain = open_set(path).dataset() if path is not None else load_dataset(SYNTHETIC)
    if not corrected:
        return plain
    return Corrections.load(path or SYNTHETIC).apply(plain)


def rows(data: EmotionDataset, split: str, labels: str) -> EvaluationSplit:
    """The images of a split and their true labels, found once for all sessions.

    Raises:
        DatasetError: the split is empty, or has no votes when they are asked for.
    """
    return _rows(data.sha256, split, labels, data)


@st.cache_resource(show_spinner=False, max_entries=6)
def _rows(sha256: str, split: str, labels: str, _data: EmotionDataset) -> EvaluationSplit:  # noqa: ARG001 - the cache's key
    return build_evaluation_split(_data, split, labels)
