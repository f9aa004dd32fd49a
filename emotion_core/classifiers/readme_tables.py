"""Tables and figures of a model's README."""

from collections.abc import Sequence

#: Stands where a figure is not known.
UNKNOWN = "–"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown; the cells may hold anything."""
    # A bar or a line break in a value would end its cell.
    cleaned = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = [header, ["---"] * len(header), *cleaned]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def percent(share: float | None) -> str:
    """A share as a percentage, e.g. "66.2 %"."""
    return UNKNOWN if share is None else f"{100 * share:.1f} %"


def number(value: float | None) -> str:
    """A figure with three decimals."""
    return UNKNOWN if value is None else f"{value:.3f}"
