"""What an audit found: one table row per picture, and its summary."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emotion_core.datasets.dataset import TEST, TRAINING, VALIDATION
from emotion_core.files.atomic_files import AtomicFile
from emotion_core.files.csv_cells import csv_safe_frame
from emotion_core.types import Float32Array, Int64Array, checked

#: Columns of ``AuditReport.rows`` and what stands in them. Row i is row i of the data set.
COLUMNS = {
    "row": "row number in the original file",
    "split": "Training, PublicTest (validation) or PrivateTest (test)",
    "label": "the original label, a number of the label set",
    "exact_group": "number of the group of byte-identical pictures; -1: none",
    "mirrored_group": "number of the group of pictures that mirror each other; -1: none",
    "near_group": "number of the group of one photograph, not all byte-identical; -1: none",
    "photo_group": "number of the group of copies of any kind; -1: none",
    "leaks": "the same pixels, or exactly mirrored ones, also stand in another split",
    "near_leaks": "the same photograph also stands in another split, as any kind of copy",
    "conflicting": "byte-identical to a picture with another label",
    "near_conflicting": "any kind of copy of the photograph has another label",
    "flat": "one colour",
    "dark": "hardly anything to be seen",
    "blurred": "no fine detail",
    "not_a_face": "half of the FER+ raters saw no face, or one colour",
    "brightness": "mean of the pixels, 0-255",
    "sharpness": "standard deviation of the Laplacian in units of the contrast",
    "uniqueness": "0: the same picture is there twice; larger: nothing looks like it",
    "ferplus_label": "the clear FER+ majority as a number of the label set; -1: none",
    "ferplus_majority": "what most raters said, also contempt, unknown and nf; empty: a tie",
    "ferplus_agreement": "share of the votes for emotions that agree with the label; NaN without",
    "label_issue": "the label is likely wrong",
    "label_quality": "how well the label fits, 0-1; NaN without a model",
    "suggested": "the label that fits best; -1 without a model",
    "predicted": "the model's prediction, a number of the label set; -1 without a model",
    "predicted_confidence": "its probability; NaN without a model",
    "label_probability": "the model's probability of the original label; NaN without a model",
    "map_x": "place on the map; NaN without a model",
    "map_y": "place on the map; NaN without a model",
}
#: Columns that hold numbers of the label set.
LABEL_COLUMNS = ("label", "ferplus_label", "suggested", "predicted")
#: Columns that are findings: each says that something is wrong with a picture.
FINDINGS = (
    "leaks",
    "near_leaks",
    "conflicting",
    "near_conflicting",
    "flat",
    "dark",
    "blurred",
    "not_a_face",
    "label_issue",
)


@dataclass(frozen=True, slots=True, eq=False)
class AuditReport:
    """The findings of an audit.

    Attributes:
        rows: one row per picture with the columns of ``COLUMNS``.
        labels: the emotions that the label numbers stand for.
        agreement: (C, V) int64 pictures by original label and FER+ majority; empty without votes.
        agreement_columns: V names: what most raters said, ``tie`` last.
        embedding: (N, D) float32 of unit length, the pictures by the model's features (by their
            coarse look where no model was used); neighbours are searched in it.
        probabilities: (N, C) float32, the model's scores; (N, 0) without a model.
        dataset_sha256: hash of the data set's file.
        model: name of the model; empty without one.
        model_sha256: hash of its file.
        facts: further numbers, e.g. how good the judge of the labels was.
    """

    rows: pd.DataFrame
    labels: tuple[str, ...]
    agreement: Int64Array
    agreement_columns: tuple[str, ...]
    embedding: Float32Array
    probabilities: Float32Array
    dataset_sha256: str = ""
    model: str = ""
    model_sha256: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [name for name in COLUMNS if name not in self.rows.columns]
        if missing:
            raise ValueError(f"AuditReport.rows: wanted the columns of COLUMNS. Missing: {missing}")
        n = len(self.rows)
        shapes: dict[str, tuple[tuple[int | None, ...], type[np.generic]]] = {
            "embedding": ((n, None), np.float32),
            "probabilities": ((n, None), np.float32),
            "agreement": ((None, len(self.agreement_columns)), np.int64),
        }
        for name, (shape, dtype) in shapes.items():
            array = checked(f"AuditReport.{name}", getattr(self, name), shape, dtype)
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_model(self) -> bool:
        """Whether a model's features were used: label issues, map and predictions are there."""
        return bool(self.probabilities.shape[1])

    def summary(self) -> dict[str, Any]:
        """The counts that ``dataset audit --json`` prints."""
        rows = self.rows
        exact, label = rows["exact_group"].to_numpy(), rows["label"].to_numpy()
        counts: dict[str, Any] = {
            "n": len(rows),
            "exact_duplicate_groups": _n_groups(exact),
            "exact_duplicate_images": int((exact >= 0).sum()),
            "conflicting_groups": _n_groups(exact[rows["conflicting"].to_numpy()]),
            "conflicting_images": int(rows["conflicting"].sum()),
            "test_images_in_training": self._standing_in(TEST, TRAINING, "exact_group"),
            "validation_images_in_training": self._standing_in(VALIDATION, TRAINING, "exact_group"),
            "test_images_in_validation": self._standing_in(TEST, VALIDATION, "exact_group"),
            "mirrored_duplicate_groups": _n_groups(rows["mirrored_group"].to_numpy()),
            "mirrored_duplicate_images": int((rows["mirrored_group"] >= 0).sum()),
            "near_duplicate_groups": _n_groups(rows["near_group"].to_numpy()),
            "near_duplicate_images": int((rows["near_group"] >= 0).sum()),
            "test_photos_in_training": self._standing_in(TEST, TRAINING, "photo_group"),
            "validation_photos_in_training": self._standing_in(VALIDATION, TRAINING, "photo_group"),
            "flat_images": int(rows["flat"].sum()),
            "dark_images": int(rows["dark"].sum()),
            "blurred_images": int(rows["blurred"].sum()),
            "not_a_face_images": int(rows["not_a_face"].sum()),
            "label_issues": int(rows["label_issue"].sum()) if self.has_model else None,
            "conflicting_photos": _n_groups(
                self.photo_groups()[rows["near_conflicting"].to_numpy()]
            ),
            "leaking_images": int(rows["leaks"].sum()),
            "leaking_photos": int(rows["near_leaks"].sum()),
        }
        clear = rows["ferplus_label"].to_numpy() >= 0
        agreeing = clear & (rows["ferplus_label"].to_numpy() == label)
        counts["ferplus_clear"] = int(clear.sum())
        counts["ferplus_agreement"] = float(agreeing.sum() / clear.sum()) if clear.any() else None
        return {
            **counts,
            "model": self.model or None,
            "sha256": self.dataset_sha256,
            **self.facts,
        }

    def _standing_in(self, split: str, other: str, groups: str) -> int:
        """Pictures of one split that also stand in the other one."""
        rows = self.rows
        group = rows[groups].to_numpy()
        usage = rows["split"].to_numpy()
        shared = (group >= 0) & np.isin(group, group[(usage == other) & (group >= 0)])
        return int((shared & (usage == split)).sum())

    def photo_groups(self) -> Int64Array:
        """(N,) int64: numbers of the groups of any kind of copies of one photograph; -1: none."""
        return self.rows["photo_group"].to_numpy()

    def nearest(self, row: int, k: int = 12) -> Int64Array:
        """The pictures most like one, by the model's features.

        Args:
            row: position in the table.
            k: how many.

        Returns:
            (k,) int64 positions, the most similar first, without the picture itself; fewer where
            there are not as many.

        Raises:
            IndexError: there is no such row.
        """
        if not 0 <= row < len(self):
            raise IndexError(f"row: wanted 0 to {len(self) - 1}. Received: {row}")
        likeness = self.embedding @ self.embedding[row]
        likeness[row] = -np.inf
        k = min(k, len(self) - 1)
        best = np.argpartition(-likeness, min(k, len(self) - 1))[:k]
        # Ties in row order, so that the answer does not depend on the partition.
        return np.asarray(best[np.lexsort((best, -likeness[best]))], dtype=np.int64)

    def findings(self) -> pd.DataFrame:
        """The pictures with which something is wrong, names in place of label numbers.

        The likeliest label errors come first, then the rest in row order.
        """
        rows = self.rows[self.rows[list(FINDINGS)].any(axis=1)].copy()
        rows = rows.sort_values(
            ["label_issue", "label_quality", "row"], ascending=[False, True, True]
        )
        for name in LABEL_COLUMNS:
            rows[name] = [self.labels[label] if label >= 0 else "" for label in rows[name]]
        return rows

    def to_csv(self, path: Path) -> None:
        """Writes ``findings()``.

        Raises:
            OutputError: the file cannot be written.
        """
        with AtomicFile(path) as file:
            csv_safe_frame(self.findings()).to_csv(
                file, index=False, float_format="%.4g", lineterminator="\n"
            )


def _n_groups(groups: Int64Array) -> int:
    return len(np.unique(groups[groups >= 0]))
