"""Texts that people give: names, notes, tags. Every database can hold what comes through here."""

import json
import math
from collections.abc import Mapping
from typing import Any

from emotion_core.errors import StoreError
from emotion_core.schema.value_types import Text

#: Longest name of a session, person, group, condition or tag.
MAX_NAME = 100
#: Longest notes.
MAX_NOTES = 20_000


def checked_name(text: str, what: str, *, empty: bool = False) -> str:
    """A name without space around it.

    Args:
        text: as it was given.
        what: of what, for the error: ``"tag"``.
        empty: whether it may be empty.

    Raises:
        StoreError: too long, empty, or no text.
    """
    name = checked_text(text, what, MAX_NAME).strip()
    if not name and not empty:
        raise StoreError(f"{what}: wanted a name. Received an empty text.")
    return name


def checked_text(text: str, what: str, longest: int = MAX_NOTES) -> str:
    """A text.

    Raises:
        StoreError: too long, or no text.
    """
    kind = Text(longest)
    try:
        checked: str = kind.check(text)
    except ValueError as error:
        raise StoreError(f"{what}: wanted {kind.wanted}. Received something else.") from error
    return checked


def checked_interval(start_s: float, end_s: float, what: str) -> tuple[float, float]:
    """An interval in seconds.

    Raises:
        StoreError: not finite, before the beginning, or it ends before it begins.
    """
    start, end = checked_time(start_s, what), checked_time(end_s, what)
    if end <= start:
        raise StoreError(f"{what}: wanted an end after {start:g} s. Received: {end:g} s.")
    return start, end


def checked_time(time_s: float, what: str) -> float:
    """A time in seconds from the beginning.

    Raises:
        StoreError: not finite, or before the beginning.
    """
    if isinstance(time_s, bool) or not isinstance(time_s, int | float) or not 0 <= time_s <= 1e9:
        raise StoreError(f"{what}: wanted seconds from 0 to 1e9. Received: {time_s!r}.")
    return float(time_s)


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping as every database holds it: no NaN, no null characters, no types of NumPy."""
    plain: dict[str, Any] = _plain(json.loads(json.dumps(dict(values), default=_simple)))
    return plain


def _simple(value: Any) -> Any:
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


def _plain(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return None
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        case dict():
            return {_plain(name): _plain(part) for name, part in value.items()}
        case list():
            return [_plain(part) for part in value]
    return value
