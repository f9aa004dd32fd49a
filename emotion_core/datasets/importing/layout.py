"""What file names tell of pictures: emotion, split and order, in every usual folder layout."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from emotion_core.datasets.dataset import TEST, TRAINING, VALIDATION
from emotion_core.datasets.importing.label_map import (
    FoundLabel,
    find_expression,
    find_number,
    propose,
)
from emotion_core.datasets.importing.rows import RejectedRow
from emotion_core.datasets.importing.splits import (
    FER2013_COUNTS,
    HELD_OUT,
    UNKNOWN,
    parse_split,
)
from emotion_core.emotions import FER2013, Emotion
from emotion_core.images import IMAGE_SUFFIXES

# Kaggle's folders say the split in the name: PrivateTest_10131363.jpg.
_KAGGLE_NAME = re.compile(r"(Training|PublicTest|PrivateTest)_(\d{1,18})\.\w+", re.ASCII)
_ORDER = {TRAINING: 0, VALIDATION: 1, TEST: 2, HELD_OUT: 3, UNKNOWN: 4}


@dataclass(frozen=True, slots=True)
class PlannedPicture:
    """One picture to read.

    Attributes:
        name: relative path.
        label: label of ``FER2013``.
        usage: a split, ``UNKNOWN`` or ``HELD_OUT``.
        number: the number in a name like Kaggle's, else -1.
    """

    name: str
    label: int
    usage: str
    number: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Every picture in the order in which it is stored, and what was noticed.

    Attributes:
        pictures: those that lie in an emotion's folder.
        left_out: {folder: pictures} that are not wanted.
        rejected: pictures that lie elsewhere, and other files in an emotion's folder.
        notes: how splits were found where names do not say it.
    """

    pictures: tuple[PlannedPicture, ...]
    left_out: Mapping[str, int]
    rejected: tuple[RejectedRow, ...]
    notes: tuple[str, ...]

    @property
    def has_row_numbers(self) -> bool:
        """Whether every picture has a number of its own in its name."""
        numbers = {picture.number for picture in self.pictures}
        return len(numbers) == len(self.pictures) and -1 not in numbers


def label_folder(path: PurePosixPath, chosen: Collection[str] = ()) -> str:
    """The name of the folder that says a picture's expression; empty where it lies in none.

    The nearest folder that a person chose, else the nearest one with an expression's name, else
    the nearest number, else the nearest one that is no split.
    """
    parts = [part for part in reversed(path.parent.parts) if part not in ("", "/")]
    for part in parts:
        if part in chosen:
            return part
    for part in parts:
        if find_expression(part) is not None:
            return part
    for part in parts:
        if find_number(part) is not None:
            return part
    return next((part for part in parts if parse_split(part) is None), "")


def folders_of(names: Iterable[str], chosen: Collection[str] = ()) -> dict[str, list[str]]:
    """{folder that says the expression: its pictures}, without pictures that lie in none."""
    found: dict[str, list[str]] = {}
    for name in names:
        path = PurePosixPath(name)
        if path.suffix.lower() in IMAGE_SUFFIXES and (folder := label_folder(path, chosen)):
            found.setdefault(folder, []).append(name)
    return found


def plan_layout(names: Iterable[str], table: Mapping[str, Emotion | None] | None = None) -> Layout:
    """Reads emotion, split and order from names like ``train/happy/im0.png``.

    The split is that of the nearest folder whose name is one, in any usual spelling; names like
    Kaggle's overrule the folder.

    Args:
        names: relative paths.
        table: {folder: its emotion, or None to leave it out}; by the folders' names if not given.
    """
    names = list(names)
    if table is None:
        found = [FoundLabel(name, len(files)) for name, files in folders_of(names).items()]
        table = propose(found, "folder").table
    pictures: list[PlannedPicture] = []
    left_out: Counter[str] = Counter()
    rejected: list[RejectedRow] = []
    for name in names:
        path = PurePosixPath(name)
        is_picture = path.suffix.lower() in IMAGE_SUFFIXES
        folder = label_folder(path, table)
        if folder not in table:
            if is_picture:
                reason = f"lies in no folder of one of {', '.join(FER2013.names)}"
                rejected.append(RejectedRow(None, name, reason))
            continue
        emotion = table[folder]
        if emotion is None:
            left_out[folder] += is_picture
            continue
        if not is_picture:
            rejected.append(RejectedRow(None, name, "not a picture"))
            continue
        kaggle = _KAGGLE_NAME.fullmatch(path.name)
        usage = kaggle[1] if kaggle else _usage(path)
        number = int(kaggle[2]) if kaggle else -1
        pictures.append(PlannedPicture(name, FER2013.index(emotion), usage, number))
    pictures, notes = _resolve_test(sorted(pictures, key=_place))
    if any(picture.usage == UNKNOWN for picture in pictures):
        notes.append(
            "No split folder for some pictures: by their pixels, eight of ten of these went to "
            "Training, one each to PublicTest and PrivateTest."
        )
    return Layout(
        tuple(sorted(pictures, key=_place)), dict(left_out), tuple(rejected), tuple(notes)
    )


def _usage(path: PurePosixPath) -> str:
    splits = (parse_split(part) for part in reversed(path.parent.parts))
    return next((split for split in splits if split), UNKNOWN)


def _place(picture: PlannedPicture) -> tuple[object, ...]:
    """Splits in order; in them Kaggle's numbers, which are rows, or else label and name."""
    order = _ORDER[picture.usage]
    if picture.number >= 0:
        return (order, 0, picture.number, picture.label, (), picture.name)
    # im2 before im10: runs of digits count as numbers.
    parts = re.split(r"(\d{1,18})", PurePosixPath(picture.name).name)
    natural = tuple((int(p), "") if p.isdecimal() else (-1, p) for p in parts)
    return (order, 1, 0, picture.label, natural, picture.name)


def _resolve_test(
    pictures: list[PlannedPicture],
) -> tuple[list[PlannedPicture], list[str]]:
    """Finds a validation split where the folders only know ``train`` and ``test``.

    Emotion-detection's data preparation writes PublicTest and then PrivateTest into one folder,
    in the order of the rows. Where the counts are those of FER-2013 the two are told apart
    again; else the test pictures are halved.
    """
    merged = [p for p in pictures if p.usage == TEST and p.number < 0]
    if not merged or any(p.usage == VALIDATION for p in pictures):
        return pictures, []
    counts = tuple(sum(p.label == label for p in merged) for label in range(len(FER2013)))
    public, private = FER2013_COUNTS[VALIDATION], FER2013_COUNTS[TEST]
    if counts != tuple(a + b for a, b in zip(public, private, strict=True)):
        note = (
            "No validation folder: the pictures of test/ were halved by their pixels into "
            "PublicTest (to choose on) and PrivateTest (to report on)."
        )
        halved = [replace(p, usage=HELD_OUT) if p.usage == TEST else p for p in pictures]
        return halved, [note]
    seen = [0] * len(FER2013)
    told_apart = []
    for picture in pictures:
        if picture.usage == TEST:
            seen[picture.label] += 1
            if seen[picture.label] <= public[picture.label]:
                picture = replace(picture, usage=VALIDATION)
        told_apart.append(picture)
    note = (
        "test/ has the counts of FER-2013's PublicTest and PrivateTest together: they were told "
        "apart by their order."
    )
    return told_apart, [note]
