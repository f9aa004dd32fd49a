"""What every reader gives: rows that can be stored and rows that cannot."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from emotion_core.emotions import FER2013, parse_emotion
from emotion_core.types import UInt8Array

#: Side of the stored faces, that of FER-2013.
SIZE_PX = 48


@dataclass(frozen=True, slots=True, eq=False)
class SourceRow:
    """A row that can be stored.

    Attributes:
        image: (48, 48) uint8 gray.
        label: label of ``FER2013``.
        usage: the split, or one of ``splits.UNKNOWN`` and ``splits.HELD_OUT``.
        number: position among all rows of the original, rejected ones included; -1 if the form
            has lost it.
        votes: ten FER+ votes if the form has them.
    """

    image: UInt8Array
    label: int
    usage: str
    number: int = -1
    votes: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that cannot be stored.

    Attributes:
        line: line of a text file, from 1; None for pictures.
        name: of the file, or of the row where it has one.
        reason: what was wanted and what came.
    """

    line: int | None
    name: str
    reason: str


class Source(Protocol):
    """A data set in some form. ``done`` and ``total`` are in whatever it counts."""

    form: str
    notes: list[str]
    done: int
    total: int
    #: Why FER+ votes cannot be joined by row, "" if they can.
    no_row_order: str
    #: The name that the set was stored under, "" where the form knows none.
    set_name: str

    def rows(self) -> Iterator[SourceRow | RejectedRow]:
        """Every row once, in the order in which it is stored."""
        ...


class RowError(Exception):
    """Why one row is rejected."""


def read_label(text: str) -> int:
    """A label 0-6, or an emotion's name in any known spelling.

    Raises:
        RowError: it is neither.
    """
    text = text.strip()
    if text.isdecimal():
        if int(text[:9]) < len(FER2013):
            return int(text)
        raise RowError(f"wanted a label from 0 to {len(FER2013) - 1}, received {shown(text)}")
    try:
        return FER2013.index(parse_emotion(text))
    except ValueError:
        raise RowError(
            f"wanted a label from 0 to {len(FER2013) - 1} or one of {', '.join(FER2013.names)}, "
            f"received {shown(text)}"
        ) from None


def read_pixels(text: str) -> UInt8Array:
    """(48, 48) uint8 from numbers with spaces between them.

    Raises:
        RowError: letters, values over 255, or another count of numbers.
    """
    # Only digits and spaces reach fromstring: it warns of everything else.
    if not text.isascii() or text.translate(_WITHOUT_DIGITS):
        word = next(w for w in text.split() if not (w.isascii() and w.isdecimal()))
        raise RowError(f"wanted pixels from 0 to 255, received {shown(word)}")
    values = np.fromstring(text, dtype=np.int64, sep=" ") if text.strip() else np.zeros(0, int)
    if len(values) != SIZE_PX * SIZE_PX:
        raise RowError(
            f"wanted {SIZE_PX * SIZE_PX:,} pixels ({SIZE_PX} x {SIZE_PX}), received {len(values):,}"
        )
    if values.max() > 255 or values.min() < 0:
        wrong = values[(values > 255) | (values < 0)][0]
        raise RowError(f"wanted pixels from 0 to 255, received {wrong}")
    return values.astype(np.uint8).reshape(SIZE_PX, SIZE_PX)


_WITHOUT_DIGITS = {ord(c): None for c in "0123456789 "}


def shown(text: str, length: int = 40) -> str:
    """Text from outside as it may stand in a message: printable, short, in quotes."""
    printable = "".join(c if c.isprintable() else "?" for c in text[: length + 1])
    return repr(printable if len(printable) <= length else printable[:length] + "...")
