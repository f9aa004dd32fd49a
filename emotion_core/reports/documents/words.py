"""Numbers of reports in words."""

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from emotion_core.wording import percent

# Before a unit behind a number.
_UNIT = re.compile(r"(?<=\d) (?=(?:%|s|min|h)(?![A-Za-z]))")

if TYPE_CHECKING:
    import pandas as pd


def iter_rows(table: "pd.DataFrame") -> Iterator[Any]:
    """The rows of a table of figures, with their columns as attributes."""
    yield from table.itertuples(index=False)


def unbroken(text: str) -> str:
    """Text in which a number stays on the line of its unit."""
    return _UNIT.sub("\u00a0", text)


def figure(value: float, digits: int) -> str:
    """A number, or nothing where there is none; with a real minus sign."""
    if math.isnan(value):
        return ""
    return f"{value:,.{digits}f}".replace("-", "−")


def seconds(value: float) -> str:
    """``"4.2 s"``, ``"3:07"``, ``"1:02:03"``; nothing where there is none."""
    if math.isnan(value):
        return ""
    if value < 60:
        return f"{value:.1f} s"
    whole = round(value)
    clock = f"{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 3600}:{clock}" if whole >= 3600 else clock.lstrip("0")


def share_with_interval(share: float, low: float, high: float) -> str:
    """``"31 % (22 to 41)"``."""
    if math.isnan(low):
        return percent(share)
    return f"{percent(share)} ({low * 100:.0f} to {high * 100:.0f})"


def interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """``"0.31 (0.22 to 0.41)"``; the value alone where there is no interval."""
    if math.isnan(value):
        return ""
    if math.isnan(low):
        return figure(value, digits)
    return f"{figure(value, digits)} ({figure(low, digits)} to {figure(high, digits)})"


def p_value(p: float) -> str:
    """``"0.031"``, ``"<0.001"``, or nothing without a test."""
    if math.isnan(p):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"
