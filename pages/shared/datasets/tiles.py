"""Rows of the data set as faces of a grid."""

from collections.abc import Sequence

from emotion_core.datasets import TEST, TRAINING, VALIDATION
from pages.shared.datasets.faces import FaceTable
from pages.shared.datasets.grid import GridFace
from pages.shared.datasets.stored import StoredSet

_SPLITS = {TRAINING: "Training", VALIDATION: "Validation", TEST: "Test"}
#: Below this width there is no room for words, and below twice that none for two of them.
_WORDS_FROM_PX = 64


def split_name(usage: str) -> str:
    """What a split is called on the page; other names than FER-2013's stay as they are."""
    return _SPLITS.get(usage, usage)


def tiles(stored: StoredSet, table: FaceTable, rows: Sequence[int], side_px: int) -> list[GridFace]:
    """Faces with their words, as many as there is room for."""
    pictures = stored.data_uris(rows)
    return [_tile(table, row, src, side_px) for row, src in zip(rows, pictures, strict=True)]


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


def _tile(table: FaceTable, row: int, src: str, side_px: int) -> GridFace:
    emotion = table.label_set[int(table.labels[row])]
    other = other_majority(table, row)
    return GridFace(
        row,
        src,
        title=describe(table, row),
        caption=emotion.value if side_px >= _WORDS_FROM_PX else "",
        note=f"≠ {other}" if other and side_px >= 2 * _WORDS_FROM_PX else "",
        colour=emotion.colour,
        faded=bool(table.excluded[row]),
    )
