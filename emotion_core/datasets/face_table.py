"""What is known of every face, and which faces pass a filter, in which order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from emotion_core.datasets import (
    TEST,
    TRAINING,
    VALIDATION,
    VOTE_COLUMNS,
    EmotionDataset,
    clear_majority,
    vote_distribution,
)
from emotion_core.datasets.filters import MARKS, SPLITS, Filter, parse_rows
from emotion_core.emotions import LabelSet
from emotion_core.types import Int64Array

BoolArray = npt.NDArray[np.bool_]
#: Orders by a column of the audit with the same name, small values first.
_AUDIT_SORTS = ("label_quality", "brightness", "sharpness", "uniqueness")
#: Marks whose column of the audit numbers groups, -1 for none.
_GROUPS = {"exact": "exact_group", "mirrored": "mirrored_group", "near": "near_group"}


@dataclass(frozen=True, slots=True, eq=False)
class FaceTable:
    """Columns with one value per row of the data set.

    Attributes:
        facts: labels, splits and votes as stored.
        labels: (N,) int64, labels after the corrections.
        relabelled: (N,) bool.
        excluded: (N,) bool.
        audit: {column: (N,) array} of the audit; empty before there is one.
    """

    facts: EmotionDataset
    labels: Int64Array
    relabelled: BoolArray
    excluded: BoolArray
    audit: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    majority: Int64Array = field(init=False)
    is_clear: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        majority, is_clear = clear_majority(self.facts)
        object.__setattr__(self, "majority", majority)
        object.__setattr__(self, "is_clear", is_clear)

    def __len__(self) -> int:
        return len(self.facts)

    @property
    def label_set(self) -> LabelSet:
        """The emotions and their order."""
        return self.facts.label_set

    def marks(self) -> tuple[str, ...]:
        """The marks that can be known of this data set now."""
        return tuple(mark for mark in MARKS if self.marked(mark) is not None)

    def marked(self, mark: str) -> BoolArray | None:
        """(N,) bool, which faces have a mark; None before the audit that finds them."""
        if mark in ("relabelled", "excluded"):
            found: BoolArray = getattr(self, mark)
            return found
        if mark == "nf_votes":
            votes = self.facts.votes[:, VOTE_COLUMNS.index("nf")] > 0
            return votes if self.facts.has_votes else None
        if mark in _GROUPS:
            column = self.audit.get(_GROUPS[mark])
            return None if column is None else np.asarray(column >= 0)
        column = self.audit.get(mark)
        return None if column is None else np.asarray(column, dtype=np.bool_)

    def sorts(self) -> tuple[str, ...]:
        """The orders that are possible now."""
        voted = ("disagreement",) if self.facts.has_votes else ()
        known = ("other_label",) if "predicted" in self.audit else ()
        quality = (name for name in _AUDIT_SORTS if name in self.audit)
        grouped = ("copies",) if "photo_group" in self.audit else ()
        return ("row", *grouped, *voted, *known, *quality)

    def find(self, wanted: Filter, sort: str, *, reverse: bool = False) -> Int64Array:
        """Rows of the faces that pass a filter, in order.

        A condition on something that is not known (no audit, no votes) lets nothing through.
        """
        passed = np.ones(len(self), dtype=np.bool_)
        for condition in self._conditions(wanted):
            passed &= condition()
        rows = np.flatnonzero(passed)
        keys = self._sort_keys(sort)
        if keys is not None:
            rows = rows[np.argsort(keys[rows], kind="stable")]
        return np.asarray(rows[::-1] if reverse else rows, dtype=np.int64)

    def _conditions(self, wanted: Filter) -> list[Callable[[], BoolArray]]:
        checks: list[tuple[object, Callable[[], BoolArray]]] = [
            (wanted.split, partial(self._in_splits, wanted.split)),
            (wanted.label, partial(self._names_in, self.labels, wanted.label)),
            (wanted.majority, partial(self._of_majority, wanted.majority)),
            (wanted.agreement != "any", partial(self._agreeing, wanted.agreement)),
            (wanted.votes, lambda: self.facts.votes.max(axis=1) >= wanted.votes),
            (wanted.mark, partial(self._with_marks, wanted.mark)),
            (wanted.prediction != "any", partial(self._predicted_right, wanted.prediction)),
            (wanted.predicted, partial(self._predicted_as, wanted.predicted)),
            (wanted.group is not None, partial(self._of_group, wanted.group)),
            (wanted.rows, partial(self._of_rows, wanted.rows)),
            (wanted.area is not None, partial(self._in_area, wanted.area)),
        ]
        return [check for asked, check in checks if asked]

    def _in_splits(self, splits: tuple[str, ...]) -> BoolArray:
        return np.isin(self.facts.usage, [SPLITS[name] for name in splits])

    def _names_in(self, labels: npt.NDArray[Any], names: tuple[str, ...]) -> BoolArray:
        wanted = [i for i, name in enumerate(self.label_set.names) if name in names]
        return np.isin(labels, wanted)

    def _of_majority(self, names: tuple[str, ...]) -> BoolArray:
        return self.is_clear & self._names_in(self.majority, names)

    def _agreeing(self, agreement: str) -> BoolArray:
        if agreement == "unclear":
            return ~self.is_clear
        same = self.majority == self.labels
        return np.asarray(self.is_clear & (same if agreement == "agrees" else ~same))

    def _with_marks(self, marks: tuple[str, ...]) -> BoolArray:
        found = self._nothing()
        for mark in marks:
            column = self.marked(mark)
            if column is not None:
                found = found | column
        return found

    def _predicted_right(self, prediction: str) -> BoolArray:
        if "predicted" not in self.audit:
            return self._nothing()
        right = np.asarray(self.audit["predicted"] == self.labels)
        return right if prediction == "right" else ~right

    def _predicted_as(self, names: tuple[str, ...]) -> BoolArray:
        if "predicted" not in self.audit:
            return self._nothing()
        return self._names_in(self.audit["predicted"], names)

    def _of_group(self, group: int | None) -> BoolArray:
        if "photo_group" not in self.audit:
            return self._nothing()
        return np.asarray(self.audit["photo_group"] == group)

    def _of_rows(self, text: str) -> BoolArray:
        found = self._nothing()
        for first, last in parse_rows(text) or []:
            found[first : last + 1] = True
        return found

    def _in_area(self, area: tuple[float, float, float, float] | None) -> BoolArray:
        if area is None or "map_x" not in self.audit:
            return self._nothing()
        x, y = self.audit["map_x"], self.audit["map_y"]
        x0, x1, y0, y1 = area
        return np.asarray((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1))

    def _nothing(self) -> BoolArray:
        return np.zeros(len(self), dtype=np.bool_)

    def _sort_keys(self, sort: str) -> npt.NDArray[Any] | None:
        """Small keys come first; None for the order of the rows."""
        if sort not in self.sorts():
            return None
        if sort == "disagreement":
            shares = vote_distribution(self.facts)
            return np.asarray(shares[np.arange(len(self)), self.labels])
        if sort == "copies":
            groups = np.asarray(self.audit["photo_group"])
            return np.where(groups < 0, groups.max(initial=0) + 1, groups)
        if sort == "other_label":
            confidence = np.asarray(self.audit["predicted_confidence"])
            return np.where(self.audit["predicted"] == self.labels, confidence, -confidence)
        return np.asarray(self.audit[sort]) if sort in _AUDIT_SORTS else None


_SPLIT_NAMES = {TRAINING: "Training", VALIDATION: "Validation", TEST: "Test"}


def split_name(usage: str) -> str:
    """What a split is called on the page; other names than FER-2013's stay as they are."""
    return _SPLIT_NAMES.get(usage, usage)


def describe(table: FaceTable, row: int) -> str:
    """A face in one line."""
    names = table.label_set.names
    label = names[int(table.labels[row])]
    parts = [f"Row {row}: {label}"]
    if table.excluded[row]:
        parts.append(" (excluded)")
    if table.relabelled[row]:
        parts.append(f" (was {names[int(table.facts.labels[row])]})")
    other = other_majority(table, row)
    if other:
        parts.append(f", FER+ says {other}")
    return f"{''.join(parts)}. {split_name(str(table.facts.usage[row]))}"


def other_majority(table: FaceTable, row: int) -> str:
    """The FER+ majority where it is clear and not the label; else empty."""
    differs = table.is_clear[row] and table.majority[row] != table.labels[row]
    return table.label_set.names[int(table.majority[row])] if differs else ""
