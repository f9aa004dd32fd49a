"""Drawings for the home page before there is a photo. No picture of a person is shipped."""

import math

from emotion_core.emotions import FER2013, Emotion

EXAMPLE_SCORES = dict(zip(FER2013.names, (0.01, 0.0, 0.02, 0.81, 0.01, 0.05, 0.1), strict=True))

#: Greys that stand out on both themes.
_LINE = "#8A93A0"
_SHADE = "#8A93A033"
_PIXELS = 16

_HEAD = (
    '<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" fill="{shade}" stroke="{line}"/>'
    '<circle cx="{left}" cy="{eyes}" r="{eye}" fill="{line}" stroke="none"/>'
    '<circle cx="{right}" cy="{eyes}" r="{eye}" fill="{line}" stroke="none"/>'
    '<path d="M{left} {mouth}Q{x} {chin} {right} {mouth}"/>'
)


def picture_drawing() -> str:
    """A picture of a person with a box around the face, as SVG."""
    shoulders = f'<path d="M70 180c2-38 22-52 50-52s48 14 50 52z" fill="{_SHADE}"/>'
    hills = '<path d="M8 150l44-38 30 26M156 140l36-34 40 38" opacity=".6"/>'
    frame = '<rect x="8" y="8" width="224" height="172" rx="8"/>'
    box = _box(80, 36, 80)
    return _svg(frame + hills + shoulders + _head(120, 80, 30) + box)


def face_drawing() -> str:
    """The face in its box, larger, as SVG."""
    return _svg(_head(120, 96, 62) + _box(36, 10, 168))


def crop_drawing() -> str:
    """The face as a few grey squares, as SVG."""
    side = 168 / _PIXELS
    cells = [
        f'<rect x="{36 + column * side:.2f}" y="{10 + row * side:.2f}" width="{side - 0.8:.2f}" '
        f'height="{side - 0.8:.2f}" fill="#8A93A0" fill-opacity="{_ink(column, row):.2f}"/>'
        for row in range(_PIXELS)
        for column in range(_PIXELS)
    ]
    return _svg(f'<g stroke="none">{"".join(cells)}</g>')


def _head(x: float, y: float, rx: float) -> str:
    return _HEAD.format(
        x=x, y=y, rx=rx, ry=rx * 1.22, left=x - rx * 0.42, right=x + rx * 0.42,
        eyes=y - rx * 0.22, eye=max(2.5, rx * 0.09), mouth=y + rx * 0.38, chin=y + rx * 0.86,
        line=_LINE, shade=_SHADE,
    )  # fmt: skip


def _box(x: float, y: float, side: float) -> str:
    colour = Emotion.HAPPY.colour
    return (
        f'<rect x="{x}" y="{y}" width="{side}" height="{side}" rx="5" stroke="{colour}" '
        'stroke-width="3.5"/>'
    )


def _ink(column: int, row: int) -> float:
    """How dark one square is: the head of ``_head``, sampled at its middle."""
    x = (column + 0.5) / _PIXELS * 168 - 84
    y = (row + 0.5) / _PIXELS * 168 - 82
    rx = 62.0
    if (x / rx) ** 2 + (y / (rx * 1.22)) ** 2 > 1:
        return 0.12
    if math.hypot(abs(x) - rx * 0.42, y + rx * 0.22) < rx * 0.17:
        return 1.0
    smile = rx * (0.62 - 1.36 * (x / rx) ** 2)
    if abs(x) < rx * 0.5 and abs(y - smile) < rx * 0.1:
        return 0.95
    return 0.42


def _svg(content: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 188" width="240" height="188">'
        f'<g fill="none" stroke="{_LINE}" stroke-width="2.5" stroke-linecap="round" '
        f'stroke-linejoin="round">{content}</g></svg>'
    )
