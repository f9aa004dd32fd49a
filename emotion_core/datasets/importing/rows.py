"""What every reader gives: rows that can be stored and rows that cannot."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from emotion_core.emotions import FER2013, Emotion
from emotion_core.types import UInt8Array

#: Side of the stored faces, that of FER-2013.
SIZE_PX = 48
#: Faces that people see of each folder or label.
N_EXAMPLES = 4


@dataclass(frozen=True, slots=True, eq=False)
class SourceRow:
    """A row that can be stored.

    Attributes:
        image: (48, 48) uint8 gray.
        label: label of ``FER2013``.
        usage: the split, or one of ``splits.UNKNOWN`` and ``splits.HELD_OUT``.
        number: position among all rows of the original, rejected ones included; -1 if the form
            has lost it.
        votes: ten FER+ votes if the form has them.
    """

    image: UInt8Array
    label: int
    usage: str
    number: int = -1
    votes: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that cannot be stored.

    Attributes:
        line: line of a text file, from 1; None for pictures.
        name: of the file, or of the row where it has one.
        reason: what was wanted and what came.
    """

    line: int | None
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOutRows:
    """Rows that are not wanted.

    Attributes:
        label: the folder or label that is left out.
        n: how many.
    """

    label: str
    n: int


class Source(Protocol):
    """A data set in some form. ``done`` and ``total`` are in whatever it counts.

    First its labels are asked for, then it is told what they stand for, then it gives its rows.
    """

    form: str
    #: What people should know, e.g. how splits were found.
    notes: list[str]
    #: What was taken for certain though the file does not say it, e.g. what separates its columns.
    assumed: list[str]
    total: int
    #: Why FER+ votes cannot be joined by row, "" if they can; known once the table is.
    no_row_order: str
    #: The name that the set was stored under, "" where the form knows none.
    set_name: str
    #: ``folder`` or ``label``: what its labels are.
    label_kind: str
    #: What to say where none of its labels is known; empty for the usual sentence.
    nothing_known: str

    @property
    def done(self) -> int:
        """How much of ``total`` is read."""

    def labels(self, chosen: Collection[str], tick: Callable[[], None], /) -> Mapping[str, int]:
        """{folder or label: its rows}; counted once.

        Args:
            chosen: names that a person gave.
            tick: called now and then; it may raise to stop.
        """
        ...

    def examples(self, name: str) -> list[UInt8Array]:
        """Up to ``N_EXAMPLES`` faces (48, 48) uint8 of a folder or label."""
        ...

    def use(self, table: Mapping[str, Emotion | None]) -> None:
        """Says what the labels stand for; those that are missing are unknown, None is left out."""
        ...

    def rows(self) -> Iterator[SourceRow | RejectedRow | LeftOutRows]:
        """Every row once, in the order in which it is stored."""
        ...


class RowError(Exception):
    """Why one row is rejected."""


def find_label(text: str, table: Mapping[str, Emotion | None]) -> int | None:
    """The label of ``FER2013`` for a label's text; None if it is left out.

    Raises:
        RowError: the table does not have it.
    """
    if text in table:
        emotion = table[text]
        return None if emotion is None else FER2013.index(emotion)
    wanted = f"wanted a label from 0 to {len(FER2013) - 1}"
    if not text.isdecimal():
        wanted += f" or one of {', '.join(FER2013.names)}"
    raise RowError(f"{wanted}, received {shown(text)}")


def shown(text: str, length: int = 40) -> str:
    """Text from outside as it may stand in a message: printable, short, in quotes."""
    return repr(printable(text, length))


def printable(text: str, length: int = 40) -> str:
    """Text from outside as one short line."""
    clean = "".join(c if c.isprintable() else "?" for c in text[: length + 1])
    return clean if len(clean) <= length else clean[:length] + "..."
