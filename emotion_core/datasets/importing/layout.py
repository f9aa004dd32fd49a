"""What file names tell of pictures: emotion, split and order, in every usual folder layout."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from emotion_core.datasets.dataset import TEST, TRAINING, VALIDATION
from emotion_core.datasets.importing.rows import RejectedRow
from emotion_core.datasets.importing.splits import (
    FER2013_COUNTS,
    HELD_OUT,
    UNKNOWN,
    parse_split,
)
from emotion_core.emotions import FER2013, parse_emotion
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
        rejected: pictures that lie elsewhere, and other files in an emotion's folder.
        notes: how splits were found where names do not say it.
    """

    pictures: tuple[PlannedPicture, ...]
    rejected: tuple[RejectedRow, ...]
    notes: tuple[str, ...]

    @property
    def has_row_numbers(self) -> bool:
        """Whether every picture has a number of its own in its name."""
        numbers = {picture.number for picture in self.pictures}
        return len(numbers) == len(self.pictures) and -1 not in numbers


def plan_layout(names: Iterable[str]) -> Layout:
    """Reads emotion, split and order from names like ``train/happy/im0.png``.

    The emotion is that of the nearest folder whose name is one, the split that of the nearest
    folder whose name is one, in any usual spelling; names like Kaggle's overrule the folder.
    """
    pictures: list[PlannedPicture] = []
    rejected: list[RejectedRow] = []
    for name in names:
        path = PurePosixPath(name)
        is_picture = path.suffix.lower() in IMAGE_SUFFIXES
        label = _label(path)
        if label is None:
            if is_picture:
                reason = f"lies in no folder of one of {', '.join(FER2013.names)}"
                rejected.append(RejectedRow(None, name, reason))
            continue
        if not is_picture:
            rejected.append(RejectedRow(None, name, "not a picture"))
            continue
        kaggle = _KAGGLE_NAME.fullmatch(path.name)
        usage = kaggle[1] if kaggle else _usage(path)
        pictures.append(PlannedPicture(name, label, usage, int(kaggle[2]) if kaggle else -1))
    pictures, notes = _resolve_test(sorted(pictures, key=_place))
    if any(picture.usage == UNKNOWN for picture in pictures):
        notes.append(
            "No split folder for some pictures: by their pixels, eight of ten of these went to "
            "Training, one each to PublicTest and PrivateTest."
        )
    return Layout(tuple(sorted(pictures, key=_place)), tuple(rejected), tuple(notes))


def _label(path: PurePosixPath) -> int | None:
    for part in reversed(path.parent.parts):
        try:
            emotion = parse_emotion(part)
        except ValueError:
            continue
        return FER2013.index(emotion) if emotion in FER2013.emotions else None
    return None


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
