"""What stands in the cells of other people's Parquet files."""

from pathlib import PurePosixPath
from typing import Any

import numpy as np

from emotion_core.datasets.importing.label_map import clean_label
from emotion_core.datasets.importing.picture_rows import middle_square
from emotion_core.datasets.importing.pixel_text import PixelForm, Values, parse_numbers
from emotion_core.datasets.importing.rows import RowError, shown
from emotion_core.datasets.importing.splits import UNKNOWN, parse_split
from emotion_core.images import decode_image
from emotion_core.types import UInt8Array


def pixel_numbers(value: Any) -> Values | None:
    """Pixels as text or as a list, also a list of lists; None where it is a picture, or neither."""
    if isinstance(value, str):
        try:
            return parse_numbers(value)
        except RowError:
            return None
    if not isinstance(value, list):
        return None
    try:
        values = np.array(value)
    except (ValueError, TypeError, OverflowError):  # lists of different lengths
        return None
    if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        return None
    flat = values.ravel()
    return flat.astype(np.float64) if flat.dtype.kind == "f" else flat.astype(np.int64)


def image_of(value: Any, form: PixelForm) -> UInt8Array:
    """The face (48, 48) uint8 that a cell holds, as a picture or as numbers.

    Raises:
        RowError: neither, or not as many pixels as a face has.
        ImageError: a picture that cannot be read.
    """
    if isinstance(value, dict):
        value = value.get("bytes")
    if isinstance(value, bytes):
        return middle_square(decode_image(value, name="the picture"))
    if isinstance(value, str):
        return form.face(parse_numbers(value))
    numbers = pixel_numbers(value)
    if numbers is None:
        raise RowError(
            f"wanted a picture or {form.side**2:,} pixels, received {type(value).__name__}"
        )
    return form.face(numbers)


def label_text(value: Any, names: tuple[str, ...]) -> str:
    """A label as ``clean_label`` gives it; a name where the file has names for its numbers."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        value = names[value]
    return clean_label(str(value)[:200])


def usage_of(value: Any, name: str) -> str:
    """The split that a cell says, else the one in the name of the file, else ``UNKNOWN``.

    Raises:
        RowError: it says something else.
    """
    if value is None:
        return split_in_name(name) or UNKNOWN
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    split = parse_split(text)
    if split is None:
        raise RowError(f"wanted Training, PublicTest or PrivateTest, received {shown(text)}")
    return split


def split_in_name(name: str) -> str | None:
    """The split in a name like ``data/train-00000-of-00001.parquet``."""
    stem = PurePosixPath(name).name.split(".")[0].split("-")[0]
    return parse_split(stem)


def votes_of(votes: list[Any]) -> tuple[int, ...] | None:
    """The votes in the cells of a row; None where there are no such columns.

    Raises:
        RowError: they are no votes.
    """
    if not votes:
        return None
    if not all(isinstance(vote, int) and 0 <= vote <= 100 for vote in votes):
        raise RowError(f"wanted votes from 0 to 100, received {shown(str(votes), 80)}")
    return tuple(votes)
