"""Values from outside against a schema: all faults at once, in words, as one error of one type."""

from typing import Any, TypeVar

import pydantic

from emotion_core.errors import EmotionLensError

_T = TypeVar("_T")

# More faults than this are counted, not listed.
_MOST_FAULTS = 12
_LONGEST_VALUE = 60


def validated(kind: type[_T], value: Any, source: str, error: type[EmotionLensError]) -> _T:
    """A value from outside as the type that it should be.

    Args:
        kind: a pydantic model, or a dataclass or other type that pydantic can check. Strictness
            (a text is no number) is the type's own matter: ``pydantic.ConfigDict(strict=True)``.
        value: as JSON gave it.
        source: where it came from, for the error.
        error: raised when it does not fit.

    Raises:
        EmotionLensError: of the type ``error``: one sentence with every fault.
    """
    try:
        return pydantic.TypeAdapter(kind).validate_python(value)
    except pydantic.ValidationError as cause:
        raise error(f"{source}: {faults_text(cause)}") from cause
    except RecursionError as cause:
        raise error(f"{source}: nested too deep to be read.") from cause


def faults_text(cause: pydantic.ValidationError) -> str:
    """Every fault as "name: what is wrong, received what"."""
    faults = cause.errors(include_url=False, include_context=False)
    told = [_fault_text(fault) for fault in faults[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        told.append(f"and {len(faults) - _MOST_FAULTS} more")
    return "; ".join(told) + "."


def _fault_text(fault: Any) -> str:
    place = ".".join(f"{part!s:.{_LONGEST_VALUE}}" for part in fault["loc"])
    if fault["type"] == "missing":
        return f"{place}: wanted a value. Received: nothing"
    if fault["type"] == "extra_forbidden":
        return f"{place}: no such field. Received: {shortened(fault['input'])}"
    wanted = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    shown = f" Received: {shortened(fault['input'])}"
    return f"{place}: wanted {wanted}.{shown}" if place else f"wanted {wanted}.{shown}"


def shortened(value: Any) -> str:
    """A value as it would stand in JSON, cut where it is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
