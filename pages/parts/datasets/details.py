"""One face opened: both kinds of labels, the votes, the model's scores, copies and neighbours."""

from html import escape

import numpy as np
import streamlit as st

from emotion_core.datasets import VOTE_COLUMNS
from emotion_core.datasets.face_table import FaceTable, describe, split_name
from emotion_core.datasets.filters import MARKS, Filter
from emotion_core.emotions import Emotion, parse_emotion
from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.types import Decisions, Int64Array
from emotion_core.wording import count_of, describe_face, percent
from pages.parts.common.face_grid import face_grid, tiles
from pages.parts.common.guard import guarded
from pages.parts.common.resources import classifier
from pages.parts.common.settings import Settings
from pages.parts.datasets import state
from pages.parts.datasets.correcting import correction_buttons, undo_buttons
from pages.parts.datasets.workspace import Workspace

_TILE_PX = 64
_MOST_TILES = 16


def _close() -> None:
    state.open_face(None)


@st.dialog("Face", width="large", on_dismiss=_close)
def face_details(work: Workspace, settings: Settings, found: Int64Array) -> None:
    """Everything about the opened face.

    Args:
        work: the data set.
        settings: the model in use, and whether faces are hidden.
        found: rows of the grid behind, in their order, for going to the next one.
    """
    row = state.opened_face()
    if row is None:
        st.rerun()
    with guarded():
        if row >= len(work.stored):
            st.error(
                f"There is no row {plain(row)}: this data set has {len(work.stored):,} faces, "
                "numbered from 0.",
                icon=":material/error:",
            )
            return
        table = work.table()
        _head(table, row, found)
        picture, facts = st.columns([1, 2], gap="medium")
        with picture:
            _picture(work, table, row, hidden=settings.blur)
        with facts:
            decisions = _decisions(work, row, settings)
            st.html(pieces.definition_list(_facts(table, row, decisions)))
        _bars(table, row, decisions, settings)
        correction_buttons(work, [row], key="face")
        undo_buttons(work, key="face")
        _others(work, table, row, settings)
    state.write_query_parameters()


def _head(table: FaceTable, row: int, found: Int64Array) -> None:
    """Where this face stands, and the way to the ones beside it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        split = split_name(str(table.facts.usage[row]))
        st.markdown(f"**Row {row}** · {split}", width="stretch")
        place = np.flatnonzero(found == row)
        before = int(found[place[0] - 1]) if len(place) and place[0] > 0 else None
        after = int(found[place[0] + 1]) if len(place) and place[0] + 1 < len(found) else None
        for name, icon, other in (
            ("Previous", "arrow_back", before),
            ("Next", "arrow_forward", after),
        ):
            st.button(
                name,
                icon=f":material/{icon}:",
                key=f"ds_{name.lower()}",
                disabled=other is None,
                on_click=state.open_face,
                args=(other,),
            )


def _picture(work: Workspace, table: FaceTable, row: int, *, hidden: bool) -> None:
    (src,) = work.stored.data_uris([row])
    kind = "el-face el-hidden" if hidden else "el-face"
    text = "Hidden face" if hidden else describe(table, row)
    st.html(f'<img class="{kind}" src="{src}" alt="{escape(text)}">')


def _decisions(work: Workspace, row: int, settings: Settings) -> Decisions:
    """What the model in use says of this face, from the worker that serves all pages."""
    scores = classifier(settings.card, settings.labels).predict(work.stored.image(row)[None])
    return Decisions.from_scores(scores, settings.threshold)


def _facts(table: FaceTable, row: int, decisions: Decisions) -> list[tuple[str, str]]:
    names = table.label_set.names
    items = [("Label", names[int(table.facts.labels[row])])]
    if table.relabelled[row]:
        items.append(("Corrected to", names[int(table.labels[row])]))
    if table.excluded[row]:
        items.append(("Corrected to", "excluded"))
    if table.facts.has_votes:
        items.append(("FER+ majority", _majority(table, row)))
    items.append(("Model", describe_face(decisions, 0)))
    marks = [MARKS[mark] for mark in _marks(table, row)]
    if marks:
        items.append(("Found", "; ".join(marks)))
    return items


def _majority(table: FaceTable, row: int) -> str:
    votes = table.facts.votes[row]
    if not votes.sum():
        return "no votes"
    if not table.is_clear[row]:
        return "not clear"
    return f"{table.label_set.names[int(table.majority[row])]} ({votes.max()} of {votes.sum()})"


def _marks(table: FaceTable, row: int) -> list[str]:
    found = []
    for mark in table.marks():
        column = table.marked(mark)
        if mark not in ("relabelled", "excluded") and column is not None and column[row]:
            found.append(mark)
    return found


def _bars(table: FaceTable, row: int, decisions: Decisions, settings: Settings) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**Scores of {plain(settings.card.title)}**")
        shares = decisions.scores.as_dict(0)
        st.html(_bar_list([(n, p, percent(p), Emotion(n).colour) for n, p in shares.items()]))
    with right:
        st.markdown("**Votes of the FER+ raters**")
        votes = table.facts.votes[row]
        if not votes.sum():
            st.caption("There are no votes for this face.")
            return
        st.html(_bar_list(_vote_bars(votes.tolist())))


def _vote_bars(votes: list[int]) -> list[tuple[str, float, str, str]]:
    """One bar per emotion in the order used everywhere, and below them what is no emotion."""
    total = sum(votes)
    by_name = dict(zip(VOTE_COLUMNS, votes, strict=True))
    emotions = {parse_emotion(name): by_name.pop(name) for name in VOTE_COLUMNS[:8]}
    grey = Emotion.NEUTRAL.colour
    rows = [(e.value, emotions[e], e.colour) for e in Emotion if e in emotions]
    others = {"unknown": "unknown", "nf": "not a face"}
    rows += [(others[name], n, grey) for name, n in by_name.items()]
    plain = ("contempt", "unknown", "not a face")
    return [(name, n / total, str(n), c) for name, n, c in rows if n or name not in plain]


def _bar_list(bars: list[tuple[str, float, str, str]]) -> str:
    rows = [
        f"<dt>{escape(name)}</dt>"
        f'<dd><i style="width:{share * 100:.1f}%;background:{colour}"></i></dd>'
        f"<dd>{escape(value)}</dd>"
        for name, share, value, colour in bars
    ]
    return f'<dl class="el-bars">{"".join(rows)}</dl>'


def _others(work: Workspace, table: FaceTable, row: int, settings: Settings) -> None:
    """Copies of this face, and the faces that are most like it."""
    copies = [other for other in work.copies(row).tolist() if other != row]
    st.markdown(f"**{count_of(len(copies), 'copy', 'copies').capitalize()}**")
    if copies:
        st.button(
            "Show in the grid",
            icon=":material/grid_view:",
            type="tertiary",
            key="ds_show_copies",
            on_click=state.browse,
            args=(_filter_of(table, row, copies),),
        )
        _tiles(work, table, copies, settings, "copies")
    st.markdown("**Most similar**")
    _tiles(work, table, work.neighbours(row).tolist(), settings, "neighbours")


def _filter_of(table: FaceTable, row: int, copies: list[int]) -> Filter:
    if "photo_group" in table.audit:
        return Filter(group=int(table.audit["photo_group"][row]))
    return Filter(rows=", ".join(str(other) for other in sorted([row, *copies])))


def _tiles(
    work: Workspace, table: FaceTable, rows: list[int], settings: Settings, name: str
) -> None:
    opened = face_grid(
        tiles(work.stored, table, rows[:_MOST_TILES], _TILE_PX),
        key=f"ds_{name}",
        side_px=_TILE_PX,
        label=name.capitalize(),
        hidden=settings.blur,
    )
    if opened is not None:
        state.open_face(opened)
        st.rerun(scope="fragment")
