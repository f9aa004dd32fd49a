"""Values from outside against a schema: all faults at once, in words, as one error of one type."""

import difflib
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin, get_type_hints

import pydantic

from emotion_core.errors import EmotionLensError
from emotion_core.schema.value_types import ValueType

_T = TypeVar("_T")

#: For dataclasses in which an unknown name is a fault.
FORBID_OTHERS = pydantic.ConfigDict(extra="forbid")

# More faults than this are counted, not listed.
_MOST_FAULTS = 12
_LONGEST_VALUE = 60
_AN_OBJECT = frozenset({"dataclass_type", "model_type", "dict_type", "mapping_type"})
_UNKNOWN = frozenset({"extra_forbidden", "unexpected_keyword_argument"})


def validated(kind: type[_T], value: Any, source: str, error: type[EmotionLensError]) -> _T:
    """A value from outside as the type that it should be.

    Args:
        kind: a pydantic model, or a dataclass or other type that pydantic can check. Strictness
            (a text is no number) is the type's own matter: ``pydantic.ConfigDict(strict=True)``,
            or fields that are ``Annotated`` with a type of ``emotion_core.schema.value_types``.
        value: as JSON gave it.
        source: where it came from, for the error; may be empty.
        error: raised when it does not fit.

    Raises:
        EmotionLensError: of the type ``error``: one sentence with every fault.
    """
    try:
        checked: _T = _adapter(kind).validate_python(value)
    except pydantic.ValidationError as cause:
        raise error(told(source, _faults(cause, kind))) from cause
    except RecursionError as cause:
        raise error(told(source, ["nested too deep to be read"])) from cause
    return checked


def faults_in(kind: Any, value: Any) -> list[str]:
    """What is wrong with a value; empty when it fits.

    Each fault is a text: "name: wanted what. Received: what".
    """
    try:
        _adapter(kind).validate_python(value)
    except pydantic.ValidationError as cause:
        return _faults(cause, kind)
    except RecursionError:
        return ["nested too deep to be read"]
    return []


def faults_text(cause: pydantic.ValidationError) -> str:
    """Every fault as "name: what is wrong, received what"."""
    return told("", _faults(cause, None))


def told(source: str, faults: Sequence[str]) -> str:
    """Faults as one sentence; what is beyond a dozen is counted."""
    shown = list(faults[:_MOST_FAULTS])
    if len(faults) > _MOST_FAULTS:
        shown.append(f"and {len(faults) - _MOST_FAULTS} more")
    text = "; ".join(shown) + ("" if shown[-1].endswith("?") else ".")
    return f"{source}: {text}" if source else text


def check_fields(value: Any, error: type[EmotionLensError], more: Sequence[str] = ()) -> None:
    """Checks the fields of a frozen dataclass that was made directly; for ``__post_init__``.

    Args:
        value: of a type whose fields are ``Annotated`` with types of
            ``schema.value_types``.
        error: raised when one does not fit.
        more: faults that were found otherwise.

    Raises:
        EmotionLensError: of the type ``error``: one sentence with every fault.
    """
    faults = []
    for name, kind in value_types(cast(Any, type(value))).items():
        given = getattr(value, name)
        try:
            object.__setattr__(value, name, kind.check(given))
        except ValueError:
            faults.append(f"{name}: wanted {kind.wanted}. Received: {shortened(given)}")
    if faults or more:
        raise error(told("", [*faults, *more]))


@functools.cache
def value_types(kind: Any) -> Mapping[str, ValueType]:
    """The fields of a dataclass or ``TypedDict`` that say what their value may be."""
    found = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        for part in get_args(hint) if get_origin(hint) is Annotated else ():
            if isinstance(part, ValueType):
                found[name] = part
    return found


def shortened(value: Any) -> str:
    """A value as it would stand in JSON, cut where it is long."""
    text = {None: "null", True: "true", False: "false"}[value] if _is_word(value) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def listed(names: Iterable[object]) -> str:
    """The first dozen of some names that came, each cut where it is long."""
    shown = [shortened(str(name))[1:-1] for name in names]
    more = f" and {len(shown) - _MOST_FAULTS} more" if len(shown) > _MOST_FAULTS else ""
    return ", ".join(shown[:_MOST_FAULTS]) + more


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, bool)


_adapters: dict[Any, pydantic.TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> pydantic.TypeAdapter[Any]:
    if kind not in _adapters:  # it takes milliseconds to build
        _adapters[kind] = pydantic.TypeAdapter(kind)
    return _adapters[kind]


def _faults(cause: pydantic.ValidationError, kind: Any) -> list[str]:
    faults = cause.errors(include_url=False, include_context=False)
    return [_fault_text(fault, kind) for fault in faults]


def _fault_text(fault: Any, kind: Any) -> str:
    place = ".".join(f"{part!s:.{_LONGEST_VALUE}}" for part in fault["loc"])
    if fault["type"] == "missing":
        return f"{place}: wanted a value. Received: nothing"
    if fault["type"] in _UNKNOWN:
        return f"{place}: no such setting{_meant(fault['loc'], kind)}"
    wanted = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    if fault["type"] in _AN_OBJECT:
        wanted = "an object of names and values"
    shown = f" Received: {shortened(fault['input'])}"
    return f"{place}: wanted {wanted}.{shown}" if place else f"wanted {wanted}.{shown}"


def _meant(place: Sequence[Any], kind: Any) -> str:
    """Which names there are where an unknown one stands."""
    for part in place[:-1]:
        kind = get_type_hints(kind).get(part) if is_dataclass(kind) else None
    known = list(get_type_hints(kind)) if is_dataclass(kind) else []
    close = difflib.get_close_matches(str(place[-1]), known, 1)
    if close:
        return f", did you mean {close[0]}?"
    return f" (there are {', '.join(known)})" if known else ""
