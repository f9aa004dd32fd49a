"""Which faces are shown and in which order, as plain values that query parameters can hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from emotion_core.datasets.dataset import TEST, TRAINING, VALIDATION
from emotion_core.emotions import FER2013

SPLITS = {"training": TRAINING, "validation": VALIDATION, "test": TEST}
AGREEMENTS = {
    "any": "Any",
    "agrees": "Agrees with the label",
    "differs": "Differs from the label",
    "unclear": "No clear majority",
}
PREDICTIONS = {"any": "Any", "right": "Right", "wrong": "Wrong"}
#: {mark: what it is called}. Those of the audit have the names of its columns.
MARKS = {
    "relabelled": "Relabelled",
    "excluded": "Excluded",
    "nf_votes": "Votes for “not a face”",
    "exact": "Exact copies",
    "mirrored": "Mirrored copies",
    "near": "Near copies",
    "leaks": "Also in another split",
    "near_leaks": "Photo also in another split",
    "conflicting": "Copies with another label",
    "label_issue": "Likely label error",
    "flat": "Flat",
    "dark": "Dark",
    "blurred": "Blurred",
    "not_a_face": "Not a face",
}
SORTS = {
    "row": "Row number",
    "copies": "Copies side by side",
    "disagreement": "Raters disagree",
    "other_label": "Model sees another label",
    "label_quality": "Likely label errors",
    "brightness": "Brightness",
    "sharpness": "Sharpness",
    "uniqueness": "Uniqueness",
}
#: {size: (pixels per side, faces per page)}.
SIZES = {"small": (48, 200), "medium": (84, 96), "large": (132, 48)}

MAX_VOTES = 10
_MAX_ROWS_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Filter:
    """What a face must be to be shown; the defaults let every face through.

    Attributes:
        split: splits, keys of ``SPLITS``; empty for all.
        label: emotion names; empty for all. So are ``majority`` (of FER+) and ``predicted``.
        agreement: key of ``AGREEMENTS``: FER+ against the label.
        votes: at least so many raters chose the same.
        mark: keys of ``MARKS``; a face needs one of them.
        prediction: key of ``PREDICTIONS``.
        group: number of a group of copies of any kind, or None.
        rows: row numbers and ranges, e.g. ``"12, 40-60"``.
        area: part of the map as (x0, x1, y0, y1), or None.
    """

    split: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    majority: tuple[str, ...] = ()
    agreement: str = "any"
    votes: int = 0
    mark: tuple[str, ...] = ()
    prediction: str = "any"
    predicted: tuple[str, ...] = ()
    group: int | None = None
    rows: str = ""
    area: tuple[float, float, float, float] | None = None

    @property
    def n_active(self) -> int:
        """How many of the conditions are in force."""
        return sum(getattr(self, f.name) != f.default for f in fields(self))


@dataclass(frozen=True, slots=True)
class View:
    """A filter, and how its faces are laid out."""

    filter: Filter = Filter()
    sort: str = "row"
    reverse: bool = False
    size: str = "medium"
    page: int = 1


def to_params(view: View) -> dict[str, str]:
    """The view as query parameters; what is as usual is left out."""
    params = {}
    for name, value in {**_values(view.filter), **_values(view, but="filter")}.items():
        if name in _WRITE:
            params[name] = _WRITE[name](value)
        else:
            params[name] = ",".join(value) if isinstance(value, tuple) else str(value)
    return params


def from_params(params: Mapping[str, str]) -> View:
    """The view of query parameters. What cannot be read is as usual: people type them."""
    read = {name: _READ[name](params[name]) for name in _READ if name in params}
    known = {name: value for name, value in read.items() if value is not None}
    names = {f.name for f in fields(Filter)}
    return View(
        Filter(**{name: value for name, value in known.items() if name in names}),
        **{name: value for name, value in known.items() if name not in names},
    )


def parse_rows(text: str) -> list[tuple[int, int]] | None:
    """Ranges of row numbers, both ends included, from ``"12, 40-60"``; None if it is none."""
    ranges = []
    for part in text.replace(";", ",").split(","):
        if not part.strip():
            continue
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        ends = (first, last) if dash else (first, first)
        if not all(end.isascii() and end.isdigit() and len(end) < 10 for end in ends):
            return None
        ranges.append((int(ends[0]), int(ends[1])))
    return ranges


def _values(value: Any, but: str = "") -> dict[str, Any]:
    """The fields of a dataclass that are not as usual."""
    return {
        f.name: getattr(value, f.name)
        for f in fields(value)
        if f.name != but and getattr(value, f.name) != f.default
    }


def _one_of(known: Mapping[str, Any]) -> Callable[[str], str | None]:
    return lambda text: text if text in known else None


def _some_of(known: Mapping[str, Any] | tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        given = set(text.split(","))
        return tuple(name for name in known if name in given)

    return read


def _whole(low: int, high: int) -> Callable[[str], int | None]:
    def read(text: str) -> int | None:
        digits = text.isascii() and text.isdigit() and len(text) < 10
        return min(high, max(low, int(text))) if digits else None

    return read


def _read_rows(text: str) -> str | None:
    return text if len(text) <= _MAX_ROWS_TEXT and parse_rows(text) is not None else None


def _read_area(text: str) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        return None
    finite = len(numbers) == 4 and all(abs(number) < 1e6 for number in numbers)
    return numbers if finite and numbers[0] <= numbers[1] and numbers[2] <= numbers[3] else None


_READ: dict[str, Callable[[str], Any]] = {
    "split": _some_of(SPLITS),
    "label": _some_of(FER2013.names),
    "majority": _some_of(FER2013.names),
    "agreement": _one_of(AGREEMENTS),
    "votes": _whole(0, MAX_VOTES),
    "mark": _some_of(MARKS),
    "prediction": _one_of(PREDICTIONS),
    "predicted": _some_of(FER2013.names),
    "group": _whole(0, 10**9),
    "rows": _read_rows,
    "area": _read_area,
    "sort": _one_of(SORTS),
    "reverse": lambda text: True if text == "yes" else None,
    "size": _one_of(SIZES),
    "page": _whole(1, 10**6),
}
_WRITE: dict[str, Callable[[Any], str]] = {
    "reverse": lambda _value: "yes",
    "area": lambda value: ",".join(f"{number:.3f}" for number in value),
}
