"""What the values of a model card must be: a schema that tells all faults at once."""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from emotion_core.classifiers.heads import HEAD_NAMES
from emotion_core.emotions import LabelSet
from emotion_core.errors import ModelError
from emotion_core.schema.validation import shortened

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# Larger whole numbers break what is calculated and drawn of them.
_MOST = 10**12
_LARGEST_SIDE_PX = 4096


def check_name(name: object) -> str:
    """A model's name: a plain folder name that every file system takes.

    Raises:
        ModelError: it is none.
    """
    try:
        return _name(name)
    except ValueError as error:
        raise ModelError(f"name: wanted {error}. Received: {shortened(name)}") from error


def _need(holds: bool, wanted: str) -> None:
    """Schema errors read "field: wanted ...", so these say what is wanted."""
    if not holds:
        raise ValueError(wanted)


def _name(value: Any) -> str:
    _need(
        isinstance(value, str) and _NAME.fullmatch(value) is not None,
        "at most 64 lower case letters, digits, dots, dashes or underscores, beginning with a "
        "letter or digit",
    )
    return str(value)


def _text(value: Any) -> str:
    _need(isinstance(value, str) and bool(value.strip()), "a text")
    return str(value)


def _any_text(value: Any) -> str:
    _need(isinstance(value, str), "a text")
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:
    holds = isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)
    _need(holds, "a list of texts")
    return tuple(value)


def _labels(value: Any) -> tuple[str, ...]:
    labels = _texts(value)
    try:
        names = LabelSet.from_names(labels).names
    except ValueError as error:
        raise ValueError(str(error).removeprefix("Wanted ").removeprefix("wanted ")) from error
    _need(names == labels, str(list(names)))
    return labels


def _whole(low: int, high: int, wanted: str) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        holds = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        _need(holds, wanted)
        return int(value)

    return check


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) > _MOST:
        return None
    return float(value) if math.isfinite(value) else None


def _within(low: float, high: float, wanted: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        number = _number(value)
        _need(number is not None and low <= number <= high, wanted)
        return value

    return check


def _date(value: Any) -> str:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("an ISO 8601 date") from None
    return str(value)


def _bool(value: Any) -> bool:
    _need(isinstance(value, bool), "true or false")
    return bool(value)


def _recipe(value: Any) -> Any:
    _need(isinstance(value, str | dict), "str or dict")
    return value


def _plain(value: Any) -> dict[str, Any]:
    """A copy made of plain JSON values, which nobody else can change."""
    holds = isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    _need(holds, "an object")
    try:
        copy: dict[str, Any] = json.loads(json.dumps(dict(value), allow_nan=False))
    except RecursionError as error:
        raise ValueError("plain JSON values, not nested without end") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"plain JSON values. {error}") from error
    return copy


def _files(value: Any) -> dict[str, Any]:
    files = _plain(value)
    for name in files:
        # "a/b", "..", "C:x" and "a\\b" would lead out of the folder on one system or another.
        is_plain = Path(name).name == name and not set(name) & set('/\\:"<>|?*\0')
        _need(is_plain, f"plain file names, not {shortened(name)}")
    return files


def _sha256(value: Any) -> str:
    holds = isinstance(value, str) and _SHA256.fullmatch(value) is not None
    _need(holds, "64 hex digits")
    return str(value)


def _confusion(value: Any) -> Any:
    holds = isinstance(value, list) and all(
        isinstance(row, list) and len(row) == len(value) for row in value
    )
    cells = [cell for row in value for cell in row] if holds else []
    holds = holds and all((_number(cell) or 0) >= 0 and _number(cell) is not None for cell in cells)
    _need(holds, "a square of counts")
    return value


_Share = Annotated[Any, AfterValidator(_within(0, 1, "a number from 0 to 1"))]
_Exponent = Annotated[Any, AfterValidator(_within(-2, 2, "a number from -2 to 2"))]
_Count = Annotated[Any, AfterValidator(_whole(1, _MOST, "a whole number above 0"))]
_Any0 = Annotated[Any, AfterValidator(_whole(0, _MOST, "int from 0 to 1e12"))]
_Seed = Annotated[Any, AfterValidator(_whole(-(2**63), 2**64, "int"))]
_Text = Annotated[Any, AfterValidator(_text)]
_AnyText = Annotated[Any, AfterValidator(_any_text)]


class _Loose(BaseModel):
    """What more stands there is kept."""

    model_config = ConfigDict(extra="allow")


class _ClassFigures(_Loose):
    precision: _Share | None = None
    recall: _Share
    f1: _Share | None = None
    support: _Any0 | None = None


class _CoveragePoint(_Loose):
    coverage: _Share
    threshold: _Share
    accuracy: _Share


def _interval_holds(figures: "_Figures") -> "_Figures":
    bounds = figures.accuracy_ci95
    low, high = (map(_number, bounds)) if _is_pair(bounds) else (None, None)
    if low is None or high is None or not low <= figures.accuracy <= high:
        raise ValueError("accuracy_ci95: [low, high] around the accuracy")
    return figures


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2


class _Figures(_Loose):
    n: _Count
    accuracy: _Share
    accuracy_ci95: Any
    macro_f1: _Share | None = None
    ece: _Share | None = None
    n_unseen: _Any0 | None = None
    accuracy_unseen: _Share | None = None
    threshold: _Share | None = None
    coverage: _Share | None = None
    accuracy_covered: _Share | None = None
    per_class: dict[str, _ClassFigures] | None = None
    confusion: Annotated[Any, AfterValidator(_confusion)] | None = None
    coverage_curve: list[_CoveragePoint] | None = None

    _interval = pydantic.model_validator(mode="after")(_interval_holds)


class _Training(_Loose):
    dataset: _AnyText
    dataset_sha256: _AnyText
    n_images: _Any0
    label_source: _AnyText
    epochs: _Any0
    recipe: Annotated[Any, AfterValidator(_recipe)]
    seed: _Seed
    leak_free: Annotated[Any, AfterValidator(_bool)]


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    first: _Any0
    outputs: _Count
    temperature: Annotated[
        Any, AfterValidator(_within(1e-6, 1e6, "a number above 0, from 1e-6 to 1e6"))
    ]
    threshold: _Share
    contrast: _Exponent
    sharpness: _Exponent


def _known_heads(heads: dict[str, Any]) -> dict[str, Any]:
    _need(
        bool(heads) and set(heads) <= set(HEAD_NAMES),
        f"one or more of {', '.join(HEAD_NAMES)}",
    )
    return heads


class CardSchema(BaseModel):
    """A card's fields. Used to check; the values are kept by ``ModelCard``."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Any, AfterValidator(_name)]
    title: _Text
    description: _Text
    use_for: _AnyText
    architecture: _Text
    labels: Annotated[Any, AfterValidator(_labels)]
    input_size_px: Annotated[
        Any, AfterValidator(_whole(1, _LARGEST_SIDE_PX, "a whole number above 0, to 4096"))
    ]
    input_channels: Annotated[
        Any, AfterValidator(_whole(1, _LARGEST_SIDE_PX, "a whole number above 0"))
    ]
    crop_framing: _Text
    n_parameters: _Count
    heads: Annotated[dict[str, _Head], AfterValidator(_known_heads)]
    flip_tta: Annotated[Any, AfterValidator(_bool)]
    metrics: Annotated[dict[str, _Figures], BeforeValidator(_plain)]
    training: Annotated[_Training, BeforeValidator(_plain)]
    licence: _Text
    sources: Annotated[Any, AfterValidator(_texts)]
    files: Annotated[dict[str, Annotated[Any, AfterValidator(_sha256)]], BeforeValidator(_files)]
    ms_per_face: (
        Annotated[Any, AfterValidator(_within(1e-9, 1e9, "a number above 0, to 1e9"))] | None
    )
    created: Annotated[Any, AfterValidator(_date)]


def plain_copy(name: str, value: object) -> dict[str, Any]:
    """A copy of a mapping of plain JSON values.

    Raises:
        ModelError: it is none.
    """
    try:
        return _plain(value)
    except ValueError as error:
        raise ModelError(f"{name}: wanted {error}. Received: {shortened(value)}") from error
