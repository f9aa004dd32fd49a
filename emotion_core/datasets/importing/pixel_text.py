"""Pixels as numbers: whole ones, written as floats, from 0 to 1, of other square sizes."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from emotion_core.datasets.importing.rows import SIZE_PX, RowError, shown
from emotion_core.errors import DatasetError
from emotion_core.images import resize_image
from emotion_core.types import UInt8Array

#: Sides of squares that are taken for faces.
_SMALLEST_PX, _LARGEST_PX = 16, 256
# Brightness goes to 1 or to 255. What ends in between is standardized in some way.
_LOWEST_BYTE_MAXIMUM = 16

# Only digits and spaces reach fromstring: it warns of everything else.
_WITHOUT_DIGITS = {ord(c): None for c in "0123456789 "}
# How lists and arrays are written: [70, 80], (70, 80), {70; 80}, with line breaks in them.
_WITHOUT_BRACKETS = {ord(c): " " for c in "[](){},;|\t\r\n\"'"}
_FLOATS = re.compile(r"[0-9+\-.eE ]*", re.ASCII)
_ELIDED = re.compile(r"\.\.\.|…")

Values = npt.NDArray[np.int64] | npt.NDArray[np.float64]


def parse_numbers(text: str) -> Values:
    """(M,) int64 or float64: the numbers of a text, in brackets or not.

    Raises:
        RowError: something in it is no number.
    """
    if "." in text and _FLOATS.fullmatch(text):  # long texts: not looked at more than once
        return _floats(text)
    if not text.isascii() or text.translate(_WITHOUT_DIGITS):
        text = text.translate(_WITHOUT_BRACKETS)
        if not text.isascii() or text.translate(_WITHOUT_DIGITS):
            return _floats(text)
    if not text.strip():
        return np.zeros(0, np.int64)
    return np.fromstring(text, dtype=np.int64, sep=" ")


def _floats(text: str) -> Values:
    if _ELIDED.search(text):
        raise RowError(
            "the pixels are cut short with ..., which NumPy does when it writes a long array. "
            "Write each row with .tolist()"
        )
    words = text.split()
    try:
        if not _FLOATS.fullmatch(text):
            raise ValueError
        values = np.fromiter(map(float, words), np.float64, len(words))
    except ValueError:
        word = next((w for w in words if not _is_number(w)), "")
        raise RowError(f"wanted pixels from 0 to 255, received {shown(word)}") from None
    if not np.isfinite(values).all():
        raise RowError("wanted pixels from 0 to 255, received a number without end")
    return values


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return bool(_FLOATS.fullmatch(word))


@dataclass(frozen=True, slots=True)
class PixelForm:
    """How all rows of a file write their pixels.

    Attributes:
        side: pixels of the square's side.
        scale: what a number is multiplied with to give 0 to 255.
        fractions: whether numbers may have fractions, which are rounded.
        assumed: what was taken for certain, as sentences.
    """

    side: int = SIZE_PX
    scale: float = 1
    fractions: bool = False
    assumed: tuple[str, ...] = field(default=(), compare=False)

    def face(self, values: Values) -> UInt8Array:
        """(48, 48) uint8 from the numbers of a row.

        Raises:
            RowError: another count of numbers, or numbers outside the range.
        """
        count = self.side**2
        if len(values) != count:
            raise RowError(
                f"wanted {count:,} pixels ({self.side} x {self.side}), received {len(values):,}"
            )
        top = 255 / self.scale
        if values.max() > top or values.min() < 0:
            wrong = values[(values > top) | (values < 0)][0]
            raise RowError(f"wanted pixels from 0 to {top:g}, received {wrong:g}")
        if values.dtype != np.int64:
            scaled = values * self.scale
            odd = scaled[np.rint(scaled) != scaled]
            if len(odd) and not self.fractions:
                word = f"{odd[0]:g}"
                raise RowError(f"wanted pixels from 0 to 255, received {shown(word)}")
            if len(odd) and self.scale == 1 and values.max() <= 1:
                raise RowError("wanted pixels from 0 to 255, received only some from 0 to 1")
        square = np.rint(values * self.scale).astype(np.uint8).reshape(self.side, self.side)
        return square if self.side == SIZE_PX else resize_image(square, (SIZE_PX, SIZE_PX))


def find_form(name: str, sample: Sequence[Values]) -> PixelForm:
    """How a file writes its pixels, by some of its rows.

    Args:
        name: of the file, for messages.
        sample: the numbers of some rows; empty if none can be read.

    Raises:
        DatasetError: brightness cannot be told from the numbers.
    """
    squares = [values for values in sample if _side(len(values))]
    if not squares:
        return PixelForm()
    counts = [len(values) for values in squares]
    # FER-2013's own size before others: a few odd rows say nothing about a file.
    usual = SIZE_PX**2
    count = usual if counts.count(usual) * 2 >= len(counts) else max(counts, key=counts.count)
    side, rows = _side(count), [values for values in squares if len(values) == count]
    assumed = []
    if side != SIZE_PX:
        change = "smaller" if side > SIZE_PX else "larger"
        assumed.append(
            f"{count:,} pixels a row: faces of {side} x {side}, made {change} to "
            f"{SIZE_PX} x {SIZE_PX}."
        )
    fractional = [values for values in rows if (values != np.rint(values)).any()]
    if len(fractional) * 2 < len(rows):
        if all(values.dtype != np.int64 for values in rows):
            assumed.append("Pixels such as 70.0 are whole numbers from 0 to 255.")
        return PixelForm(side, assumed=tuple(assumed))
    # Medians: one row that is written in another way says nothing about the others.
    low = float(np.median([values.min() for values in fractional]))
    high = float(np.median([values.max() for values in fractional]))
    if low < 0 or 1 < high < _LOWEST_BYTE_MAXIMUM or high > 255:
        raise DatasetError(
            f"{name}: the pixels go from {low:.3g} to {high:.3g}, so they were standardized or "
            "scaled in a way that the file does not tell. Wanted brightness from 0 to 255 or "
            "from 0 to 1: write the pixels before they are changed for a network."
        )
    if high <= 1:
        assumed.append("Pixels are brightness from 0 to 1: multiplied by 255 and rounded.")
        return PixelForm(side, 255, True, tuple(assumed))
    assumed.append("Pixels have fractions: rounded to whole numbers from 0 to 255.")
    return PixelForm(side, 1, True, tuple(assumed))


def _side(count: int) -> int:
    """The side of a square of so many pixels, 0 if there is none of a usual size."""
    side = math.isqrt(count)
    return side if side * side == count and _SMALLEST_PX <= side <= _LARGEST_PX else 0


#: Whether so many numbers are a face.
is_square = _side
