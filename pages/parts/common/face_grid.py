"""Faces side by side as one small component: a hundred buttons would be a hundred elements."""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from emotion_core.datasets.face_table import FaceTable, describe, other_majority
from emotion_core.datasets.stored import StoredSet

_HERE = Path(__file__).parent
#: Below this width there is no room for words, and below twice that none for two of them.
_WORDS_FROM_PX = 64


@dataclass(frozen=True, slots=True)
class GridFace:
    """One face of a grid.

    Attributes:
        row: its row in the data set, or the number of the person.
        src: its picture as a data URI.
        title: what it is, for a pointer that rests on it and for people who do not see it.
        caption: words below it; empty for none.
        note: more words, at the end of the line.
        colour: of the dot before the caption.
        faded: whether it is crossed out.
    """

    row: int
    src: str
    title: str
    caption: str = ""
    note: str = ""
    colour: str = ""
    faded: bool = False


def face_grid(
    faces: Sequence[GridFace],
    *,
    key: str,
    side_px: int,
    label: str,
    hidden: bool = False,
    smooth: bool = False,
    picked: Collection[int] | None = None,
    on_picked: Callable[[frozenset[int], frozenset[int]], None] | None = None,
) -> int | None:
    """Draws faces.

    Args:
        faces: what to draw.
        key: of the component; two grids of a page need two.
        side_px: width of a picture.
        label: what these faces are, for people who do not see them.
        hidden: whether the pictures are blurred.
        smooth: whether they are photographs, of which no single pixel is to be seen.
        picked: rows that are picked now; None where a click opens a face.
        on_picked: is told the rows of this grid, and which of them are picked now.

    Returns:
        The row of the face that was just clicked, else None.
    """
    drawn = [asdict(face) for face in faces]
    page = hashlib.blake2b(json.dumps(drawn).encode(), digest_size=8).hexdigest()
    rows = frozenset(face.row for face in faces)

    def tell() -> None:
        answer = _state(key).get("picked") or {}
        # A late click on faces that are no longer there picks nothing.
        if on_picked is not None and answer.get("page") == page:
            on_picked(rows, rows & frozenset(answer["rows"]))

    result = _component()(
        key=key,
        data={
            "faces": drawn,
            "page": page,
            "side": side_px,
            "label": label,
            "hidden": hidden,
            "smooth": smooth,
            "picking": picked is not None,
            "picked": sorted(rows & frozenset(picked or ())),
        },
        on_opened_change=_nothing,
        on_picked_change=tell,
    )
    opened = result.get("opened")
    return int(opened) if opened is not None and int(opened) in rows else None


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component(
        "face_grid",
        html='<div class="grid"></div>',
        css=(_HERE / "face_grid.css").read_text(encoding="utf-8"),
        js=(_HERE / "face_grid.js").read_text(encoding="utf-8"),
    )


def _state(key: str) -> Any:
    return st.session_state.get(key) or {}


def _nothing() -> None:
    """Streamlit wants a callback for every value that a component gives back."""


def tiles(stored: StoredSet, table: FaceTable, rows: Sequence[int], side_px: int) -> list[GridFace]:
    """Faces with their words, as many as there is room for."""
    pictures = stored.data_uris(rows)
    return [_tile(table, row, src, side_px) for row, src in zip(rows, pictures, strict=True)]


def _tile(table: FaceTable, row: int, src: str, side_px: int) -> GridFace:
    emotion = table.label_set[int(table.labels[row])]
    other = other_majority(table, row)
    return GridFace(
        row,
        src,
        title=describe(table, row),
        caption=emotion.value if side_px >= _WORDS_FROM_PX else "",
        note=f"≠ {other}" if other and side_px >= 2 * _WORDS_FROM_PX else "",
        colour=emotion.colour,
        faded=bool(table.excluded[row]),
    )
