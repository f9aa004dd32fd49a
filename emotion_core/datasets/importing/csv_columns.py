"""What a column of a CSV is, by its name or by what stands in it."""

import re
from collections.abc import Callable
from typing import Any

from emotion_core.datasets.importing.label_map import clean_label, find_expression, find_number
from emotion_core.datasets.importing.pixel_text import Values, parse_numbers
from emotion_core.datasets.importing.rows import RowError
from emotion_core.errors import DatasetError

#: Spellings of columns, the usual ones first; those of the second tuples are taken if what stands
#: in them fits, and that is told.
LABEL = (
    ("emotion", "label"),
    ("emotions", "labels", "expression", "class", "target", "category", "y"),
)
PIXELS = (("pixels",), ("pixel", "pixel_values", "pixel values", "image", "img", "face", "data"))
USAGE = (("usage", "split"), ("set", "subset", "partition", "dataset"))

# pixel0, px_12, pixel 3, 7: anything with a number behind it.
_NUMBERED = re.compile(r"([a-z]*[ _.\-]?)(\d{1,6})", re.ASCII)
#: Fewer columns than the smallest face has pixels are no pixels.
FEWEST_PIXELS = 256


def find_column(
    names: list[str], spellings: tuple[tuple[str, ...], ...], fits: Callable[[Any], object]
) -> int | None:
    """The column of one of the spellings; of the second ones only if ``fits`` says so of it."""
    certain, possible = spellings
    for spelling in certain:
        if spelling in names:
            return names.index(spelling)
    for spelling in possible:
        if spelling in names and fits(names.index(spelling)):
            return names.index(spelling)
    return None


def numbered_columns(name: str, names: list[str]) -> tuple[int, ...]:
    """The columns pixel0, pixel1 ... in their order; empty if there are none.

    Raises:
        DatasetError: one is missing or stands twice.
    """
    by_prefix: dict[str, list[tuple[int, int]]] = {}
    for column, text in enumerate(names):
        if found := _NUMBERED.fullmatch(text):
            by_prefix.setdefault(found[1], []).append((int(found[2]), column))
    prefix, numbered = max(by_prefix.items(), key=lambda item: len(item[1]), default=("", []))
    if len(numbered) < FEWEST_PIXELS:
        return ()
    if not prefix and len({number for number, _ in numbered}) < len(numbered) // 2:
        return ()  # the pixels of a face, not names
    numbers = sorted(number for number, _ in numbered)
    wanted = list(range(numbers[0], numbers[0] + len(numbers)))
    if numbers != wanted or numbers[0] > 1:
        missing = next(iter(sorted({*range(numbers[-1] + 1)} - {*numbers})), numbers[0])
        twice = len(set(numbers)) < len(numbers)
        raise DatasetError(
            f"{name}: wanted one column per pixel, {prefix}0 to {prefix}2303 without a gap. "
            + ("One stands twice." if twice else f"{prefix}{missing} is missing.")
        )
    return tuple(column for _, column in sorted(numbered))


def holds(rows: list[list[str]], column: int, fits: Callable[[Any], object]) -> bool:
    """Whether something fits in most of the rows of a column, and in at least one."""
    values = [row[column] for row in rows if column < len(row)]
    fitting = sum(1 for value in values if fits(value))
    return fitting > 0 and fitting * 2 > len(values)


def counts_rows(rows: list[list[str]], column: int) -> bool:
    """Whether a column counts the rows, as an index does."""
    values = [clean_label(row[column]) for row in rows]
    numbers = [int(value) for value in values if value.isdecimal()]
    return len(numbers) > 2 and numbers == list(range(numbers[0], numbers[0] + len(values)))


def is_label(text: str) -> bool:
    """Whether a text says an expression, or numbers one."""
    number = find_number(clean_label(text))
    return (number is not None and number < 8) or find_expression(text) is not None


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_pixel_text(text: str) -> bool:
    """Whether a text holds about as many numbers as a face has."""
    return pixel_numbers(text) is not None


def pixel_numbers(text: str) -> Values | None:
    """The numbers of a text, if they are about as many as a face has."""
    if len(text) < 2 * FEWEST_PIXELS - 1:
        return None
    try:
        values = parse_numbers(text)
    except RowError:
        return None
    return values if len(values) >= FEWEST_PIXELS - 1 else None
