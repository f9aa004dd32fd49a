"""What a value from outside may be: one definition for its check, its words and its widget.

A field of a dataclass or ``TypedDict`` says it once, ``Annotated[int, WholeNumber(1, 500)]``.
``validation.validated`` checks by it, an option of the command line reads its text by it, and a
form takes its range from it (``validation.value_type``).
"""

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# More than any text that the app stores; a path has at most 4,096 bytes.
_LONGEST_TEXT = 100_000


class ValueType:
    """Base: what a value may be, in words and as a check.

    Attributes:
        or_none: whether None is fine, too.
    """

    or_none: bool = False

    @property
    def wanted(self) -> str:
        """``"a whole number from 1 to 500"``."""
        raise NotImplementedError

    def check(self, value: Any) -> Any:
        """The value, as the type that it should be.

        Raises:
            ValueError: it does not fit; the message is ``wanted``.
        """
        if value is None and self.or_none:
            return None
        try:
            return self._checked(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(self.wanted) from error

    def parse(self, text: str) -> Any:
        """A value that was typed, checked.

        Raises:
            ValueError: as ``check``.
        """
        return self.check(text)

    def _checked(self, value: Any) -> Any:
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.check)


@dataclass(frozen=True, slots=True)
class WholeNumber(ValueType):
    """A whole number within limits, both included.

    Attributes:
        low: the smallest.
        high: the largest.
        unit: of what, e.g. ``"epochs"``; for the words.
        besides: one more value below ``low``, e.g. 0 for "off".
        or_none: whether None is fine, too.
    """

    low: int
    high: int
    unit: str = ""
    besides: int | None = None
    or_none: bool = False

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        other = "" if self.besides is None else f"{self.besides}, or "
        unit = f" of {self.unit}" if self.unit else ""
        return f"{other}a whole number{unit} from {self.low:,} to {self.high:,}"

    def parse(self, text: str) -> int:
        """Reads it from a text."""
        try:
            value: Any = int(text)
        except ValueError:
            value = text
        return int(self.check(value))

    def _checked(self, value: Any) -> int:
        whole = int(_real(value))
        if whole != value or not (self.low <= whole <= self.high or whole == self.besides):
            raise ValueError
        return whole


@dataclass(frozen=True, slots=True)
class Number(ValueType):
    """A finite number within limits, both included.

    Attributes:
        low: the smallest.
        high: the largest.
        usual: how far a slider goes; None: to ``high``.
        words: say what it is better than its limits do.
        or_none: whether None is fine, too.
    """

    low: float
    high: float
    usual: float | None = None
    words: str = ""
    or_none: bool = False

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        return self.words or f"a number from {_short(self.low)} to {_short(self.high)}"

    def parse(self, text: str) -> float:
        """Reads it from a text."""
        try:
            value: Any = float(text)
        except ValueError:
            value = text
        return float(self.check(value))

    def _checked(self, value: Any) -> float:
        value = _real(value)
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise ValueError
        return value if isinstance(value, int) else float(value)


@dataclass(frozen=True, slots=True)
class OneOf(ValueType):
    """One of some words."""

    choices: tuple[str, ...]
    or_none: bool = False

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        return "one of " + ", ".join(self.choices)

    def _checked(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise ValueError
        return value


@dataclass(frozen=True, slots=True)
class YesNo(ValueType):
    """True or false, and nothing that merely looks like it."""

    or_none: bool = False

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        return "true or false"

    def _checked(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise TypeError
        return value


@dataclass(frozen=True, slots=True)
class Text(ValueType):
    """A text that can be written as UTF-8 and shown."""

    longest: int = _LONGEST_TEXT
    or_none: bool = False

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        return f"a text of at most {self.longest:,} characters"

    def _checked(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > self.longest or "\0" in value:
            raise ValueError
        value.encode("utf-8")  # halves of surrogate pairs cannot be written or shown
        return value


@dataclass(frozen=True, slots=True)
class Names(ValueType):
    """A list of names, none of them empty."""

    most: int = 32
    longest: int = 4096
    or_none: bool = False

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        return f'a list of at most {self.most} names, e.g. ["flagship"]'

    def _checked(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or len(value) > self.most:
            raise TypeError
        text = Text(self.longest)
        names = tuple(text.check(name) for name in value)
        if not all(name.strip() for name in names):
            raise ValueError
        return names


@dataclass(frozen=True, slots=True)
class TextMap(ValueType):
    """Short texts by name."""

    most: int = 100
    longest: int = 1000
    or_none: bool = False

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        return "an object of texts"

    def _checked(self, value: Any) -> dict[str, str]:
        if not isinstance(value, Mapping) or len(value) > self.most:
            raise TypeError
        text = Text(self.longest)
        return {text.check(name): text.check(part) for name, part in value.items()}


def _real(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError
    return value


def _short(value: float) -> str:
    if value == int(value) and 10_000 <= abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:g}"
