"""What a report is made of: headings, texts, figures in a row, tables and charts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Heading:
    """Of a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph.

    Attributes:
        text: of it.
        quiet: smaller and grey.
        warning: marked.
        lead: stays with what follows it.
    """

    text: str
    quiet: bool = False
    warning: bool = False
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """Sentences, each with a dot before it."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Figures in a row: (label, value, what it means)."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of words.

    Attributes:
        columns: headings.
        rows: cells, as many as columns.
        caption: above it.
        note: below it.
        numbers: indices of the columns that are aligned to the right.
        weights: how wide the columns are, relative to each other; empty: alike.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    note: str = ""
    numbers: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        wrong = [len(row) for row in self.rows if len(row) != len(self.columns)]
        if wrong:
            raise ValueError(f"rows: wanted {len(self.columns)} cells each. Received: {wrong}")


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A chart of Altair with what it shows.

    Attributes:
        chart: of ``emotion_core.charts``.
        caption: below it.
        alt_text: what it shows, for people who do not see it.
        width_px: of the drawing; its height is the chart's.
    """

    chart: Any
    caption: str
    alt_text: str
    width_px: int = 760


Block: TypeAlias = Heading | Text | Points | Facts | Table | Figure


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A report.

    Attributes:
        title: of it.
        subtitle: under it.
        created: date and time in words.
        blocks: in order.
        author: who wrote it, for the file's properties.
    """

    title: str
    subtitle: str
    created: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    author: str = "Emotion Lens"
