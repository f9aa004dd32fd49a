"""Where a CSV keeps labels, pixels and splits, told by its first lines."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from emotion_core.datasets.importing.csv_columns import (
    FEWEST_PIXELS,
    LABEL,
    PIXELS,
    USAGE,
    counts_rows,
    find_column,
    holds,
    is_label,
    is_number,
    is_pixel_text,
    numbered_columns,
    pixel_numbers,
)
from emotion_core.datasets.importing.label_map import find_expression
from emotion_core.datasets.importing.pixel_text import (
    PixelForm,
    find_form,
    is_square,
)
from emotion_core.datasets.importing.rows import shown
from emotion_core.datasets.importing.splits import parse_split
from emotion_core.datasets.importing.text_lines import MAX_LINE
from emotion_core.errors import DatasetError

# The module's own limit is less than a face of 96 x 96 pixels as text.
csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_LINE))

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
_MOST_SAMPLES = 60


@dataclass(frozen=True, slots=True)
class CsvPlan:
    """How to read a CSV.

    Attributes:
        separator: between columns.
        has_header: whether the first line names the columns.
        label: column of the labels.
        pixels: the column of the pixels, or one column per pixel in their order.
        usage: column of the splits.
        form: how pixels are written.
        assumed: what was taken for certain, as sentences.
    """

    separator: str
    has_header: bool
    label: int
    pixels: tuple[int, ...]
    usage: int | None
    form: PixelForm = field(default_factory=PixelForm)
    assumed: tuple[str, ...] = ()

    @property
    def n_columns(self) -> int:
        """The fewest columns that a row has."""
        return 1 + max(self.label, *self.pixels, -1 if self.usage is None else self.usage)

    @property
    def is_wide(self) -> bool:
        """Whether every pixel has a column of its own."""
        return len(self.pixels) > 1

    def pixel_text(self, fields: Sequence[str]) -> str:
        """The pixels of a row with spaces between them."""
        if not self.is_wide:
            return fields[self.pixels[0]]
        first, last = self.pixels[0], self.pixels[-1]
        if last - first + 1 == len(self.pixels):  # side by side and in order: the usual case
            chosen: Sequence[str] = fields[first : last + 1]
        else:
            chosen = [fields[column] for column in self.pixels]
        # An empty field is a missing pixel, not none; where semicolons separate columns, commas
        # are decimal ones.
        text = " ".join(value or "empty" for value in chosen)
        return text.replace(",", ".") if self.separator == ";" else text


def split_fields(line: str, separator: str) -> list[str]:
    """The fields of one line; a stray quotation mark spoils this row and not what follows."""
    if '"' in line:
        try:
            return next(csv.reader([line], delimiter=separator), [])
        except csv.Error:  # a field over the module's limit: no row of ours
            return []
    left, right = line.find("["), line.rfind("]")
    if 0 <= left < right:  # a list without quotes around it is one field all the same
        fields = (line[:left] + "[" + line[right + 1 :]).split(separator)
        return [f.replace("[", line[left : right + 1], 1) if "[" in f else f for f in fields]
    return line.split(separator)


def plan_csv(name: str, lines: Sequence[str]) -> CsvPlan:
    """Finds out how to read a CSV.

    Args:
        name: of the file, for messages.
        lines: its first whole lines.

    Raises:
        DatasetError: it is none with labels and pixels, or what is what cannot be told.
    """
    lines = [line for line in lines if line.strip()][: _MOST_SAMPLES + 1]
    if not lines:
        raise DatasetError(
            f"{name} is empty. Wanted the columns emotion, pixels and Usage and a face per line."
        )
    for separator in _SEPARATORS:
        table = [split_fields(line, separator) for line in lines]
        plan = _with_header(name, table, separator) or _without_header(name, table, separator)
        if plan is not None:
            return _completed(name, plan, table)
    raise DatasetError(_wrong_columns(name, lines[0]))


def _with_header(name: str, table: list[list[str]], separator: str) -> CsvPlan | None:
    """A plan by the names in the first line; None if they are none of a data set."""
    names = [field.strip().lower() for field in table[0]]
    rows = table[1:]
    pixels = find_column(names, PIXELS, lambda column: holds(rows, column, is_pixel_text))
    columns = (pixels,) if pixels is not None else numbered_columns(name, names)
    if not columns:
        return None
    others = [names[i] if i not in set(columns) else "" for i in range(len(names))]
    label = find_column(others, LABEL, lambda column: holds(rows, column, is_label))
    usage = find_column(others, USAGE, lambda column: holds(rows, column, parse_split))
    if label is None:
        return _header_of_numbers(name, table, separator) if len(columns) > 1 else None
    assumed = [
        f"The column {shown(table[0][column].strip(), 20)} holds the {what}."
        for column, (certain, _), what in (
            (label, LABEL, "labels"),
            (columns[0] if len(columns) == 1 else label, PIXELS, "pixels"),
            (usage, USAGE, "splits"),
        )
        if column is not None
        and names[column] not in certain
        and not (what == "pixels" and len(columns) > 1)
    ]
    if len(columns) > 1:
        first, last = table[0][columns[0]].strip(), table[0][columns[-1]].strip()
        assumed.append(f"The columns {first} to {last} are the pixels, row by row from the top.")
    return CsvPlan(separator, True, label, columns, usage, assumed=tuple(assumed))


def _header_of_numbers(name: str, table: list[list[str]], separator: str) -> CsvPlan | None:
    """Pandas names the columns of an array 0, 1, 2 ..., the labels' one among them."""
    plan = _without_header(name, table[1:], separator)
    return None if plan is None else replace(plan, has_header=True)


def _without_header(name: str, table: list[list[str]], separator: str) -> CsvPlan | None:
    """A plan by what stands in the rows; None if they are not labels and pixels.

    Raises:
        DatasetError: they are, and which column holds the labels cannot be told.
    """
    if not table or len(table[0]) < 2:
        return None
    width = len(table[0])
    rows = [row for row in table if len(row) == width]
    if width > FEWEST_PIXELS:
        return _wide_without_header(name, rows, separator)
    if separator == " ":
        return None
    texts = [column for column in range(width) if is_pixel_text(table[0][column])]
    if len(texts) != 1:
        return None
    usages = [c for c in range(width) if holds(rows, c, parse_split)]
    left = [c for c in range(width) if c not in (*texts, *usages[:1])]
    label = _label_among(name, rows, left)
    usage = usages[0] if usages else None
    told = f"The first line names no columns: column {label + 1} is taken for the labels."
    return CsvPlan(separator, False, label, (texts[0],), usage, assumed=(told,))


def _wide_without_header(name: str, rows: list[list[str]], separator: str) -> CsvPlan | None:
    width = len(rows[0])
    usages = [c for c in (0, 1, width - 2, width - 1) if holds(rows, c, parse_split)]
    if not is_number(rows[0][width // 2]):
        return None
    ends = [c for c in range(width) if c not in usages[:1]]
    for n_others in (1, 2):  # the label, perhaps an index before it
        if is_square(len(ends) - n_others):
            break
    else:
        return None
    at_ends = [*ends[:n_others], *ends[-n_others:]]
    label = _label_among(name, rows, at_ends)
    # The pixels are what remains in one piece beside the label (and the index).
    start, stop = (n_others, len(ends)) if label in ends[:n_others] else (0, len(ends) - n_others)
    if n_others == 2 and label in ends[-2:]:
        start, stop = 1, len(ends) - 1
    told = (
        f"The first line names no columns: column {label + 1} is taken for the labels, "
        f"{stop - start:,} others for the pixels."
    )
    return CsvPlan(
        separator, False, label, tuple(ends[start:stop]), next(iter(usages), None), assumed=(told,)
    )


def _label_among(name: str, rows: list[list[str]], columns: Sequence[int]) -> int:
    """The one column that can hold labels.

    Raises:
        DatasetError: there is none, or more than one.
    """
    fitting = [c for c in columns if holds(rows, c, is_label) and not counts_rows(rows, c)]
    words = [c for c in fitting if find_expression(rows[0][c]) is not None]
    fitting = words or fitting
    if len(fitting) != 1:
        several = (
            f"columns {', '.join(str(c + 1) for c in fitting)} could" if fitting else "none can"
        )
        raise DatasetError(
            f"{name}: wanted a first line that names the columns emotion, pixels and Usage. There "
            f"is none, and which column holds the labels cannot be told: {several}. Add the line."
        )
    return fitting[0]


def _completed(name: str, plan: CsvPlan, table: list[list[str]]) -> CsvPlan:
    """The plan with how pixels are written."""
    rows = table[1:] if plan.has_header else table
    texts = [plan.pixel_text(row) for row in rows if len(row) >= plan.n_columns]
    sample = [values for text in texts if (values := pixel_numbers(text)) is not None]
    if not sample and any("..." in text for text in texts):
        raise DatasetError(
            f"{name}: the pixels are cut short with ..., which NumPy does when it writes a long "
            "array. Write each row with .tolist() and import that."
        )
    if plan.is_wide and not is_square(len(plan.pixels)):
        raise DatasetError(
            f"{name}: wanted one column per pixel of a square face, 2,304 for 48 x 48. Found "
            f"{len(plan.pixels):,}."
        )
    form = find_form(name, sample)
    assumed = [*plan.assumed, *form.assumed]
    if plan.separator != ",":
        assumed.insert(0, f"{_SEPARATORS[plan.separator].capitalize()} separate the columns.")
    if plan.is_wide and form.side**2 != len(plan.pixels):  # no row of the sample could be read
        form = replace(form, side=is_square(len(plan.pixels)))
    return replace(plan, form=form, assumed=tuple(assumed))


def _wrong_columns(name: str, line: str) -> str:
    separator = max(_SEPARATORS, key=line[:2000].count)
    fields = split_fields(line, separator if separator != " " else ",")
    found = ", ".join(shown(field, 20) for field in fields[:8])
    more = f" and {len(fields) - 8:,} more" if len(fields) > 8 else ""
    return (
        f"{name}: wanted a CSV whose first line names the columns emotion, pixels and "
        f"Usage. Found: {found or 'nothing'}{more}. A column per pixel, pixel0 to pixel2303, is "
        "read too."
    )
