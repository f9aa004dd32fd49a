"""What is computed from all pictures of a data set, once for all sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from emotion_core.datasets import duplicate_keys
from emotion_core.datasets.audit import AuditReport
from emotion_core.datasets.audit.groups import equal_groups
from emotion_core.datasets.audit.near import low_frequencies
from emotion_core.datasets.stored import StoredSet
from emotion_core.images import data_uri, encode_png
from emotion_core.types import Float32Array, Int64Array

#: Columns that only a model fills.
_OF_MODEL = (
    "label_issue", "label_quality", "suggested", "predicted", "predicted_confidence",
    "label_probability", "map_x", "map_y",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What the pictures alone tell.

    Attributes:
        groups: (N,) int64 numbers of the groups of equal or mirrored pictures, -1 for none.
        vectors: (N, D) float32 of unit length, the coarse look of the pictures.
    """

    groups: Int64Array
    vectors: Float32Array

    def nearest(self, row: int, k: int) -> Int64Array:
        """The k rows that look most like one, without itself."""
        likeness = self.vectors @ self.vectors[row]
        likeness[row] = -np.inf
        best = np.argsort(-likeness, kind="stable")
        return np.asarray(best[: min(k, len(best) - 1)], dtype=np.int64)


def looks_of(stored: StoredSet) -> Looks:
    """Looks of a data set; the first call waits until its pictures are decoded.

    Raises:
        DatasetError: a picture cannot be read.
    """
    return _looks(stored.facts.sha256, stored)


@st.cache_resource(show_spinner=False, max_entries=3)
def _looks(sha256: str, _stored: StoredSet) -> Looks:  # noqa: ARG001 - the cache's key
    images = _stored.dataset().images
    groups = equal_groups(duplicate_keys(images).mirrored)
    return Looks(groups, low_frequencies(images).vectors)


def mean_faces(stored: StoredSet) -> list[str | None]:
    """The mean face of each label as a data URI, None for labels without faces.

    Raises:
        DatasetError: a picture cannot be read.
    """
    return _mean_faces(stored.facts.sha256, stored)


@st.cache_resource(show_spinner=False, max_entries=3)
def _mean_faces(sha256: str, _stored: StoredSet) -> list[str | None]:  # noqa: ARG001 - the cache's key
    dataset = _stored.dataset()
    faces: list[str | None] = []
    for label in range(len(dataset.label_set)):
        images = dataset.images[dataset.labels == label]
        mean = images.mean(axis=0).round().astype(np.uint8) if len(images) else None
        faces.append(None if mean is None else data_uri(encode_png(mean), "png"))
    return faces


def audit_columns(report: AuditReport | None) -> Mapping[str, npt.NDArray[Any]]:
    """The columns of an audit as arrays, without those that say nothing."""
    return {} if report is None else _columns(report.dataset_sha256, report.model_sha256, report)


@st.cache_resource(show_spinner=False, max_entries=3)
def _columns(
    dataset_sha256: str,  # noqa: ARG001 - the cache's key
    model_sha256: str,  # noqa: ARG001 - the cache's key
    _report: AuditReport,
) -> dict[str, npt.NDArray[Any]]:
    left_out = ("split", "ferplus_majority", *(() if _report.has_model else _OF_MODEL))
    return {
        str(name): values.to_numpy()
        for name, values in _report.rows.items()
        if name not in left_out
    }


def audit_summary(report: AuditReport) -> dict[str, Any]:
    """The counts of an audit."""
    return _summary(report.dataset_sha256, report.model_sha256, report)


@st.cache_resource(show_spinner=False, max_entries=3)
def _summary(dataset_sha256: str, model_sha256: str, _report: AuditReport) -> dict[str, Any]:  # noqa: ARG001 - the cache's key
    return _report.summary()
