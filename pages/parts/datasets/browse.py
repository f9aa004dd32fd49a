"""Browse: the faces that pass a filter, a page at a time."""

import streamlit as st

from emotion_core.datasets.filters import SIZES
from emotion_core.wording import count_of
from pages.parts.common.face_grid import face_grid, tiles
from pages.parts.common.guard import guarded
from pages.parts.common.settings import Settings
from pages.parts.datasets import state
from pages.parts.datasets.controls import filters, layout
from pages.parts.datasets.details import face_details
from pages.parts.datasets.selection import selection_bar
from pages.parts.datasets.workspace import Workspace


@st.fragment
def browse(work: Workspace, settings: Settings) -> None:
    """Filters, grid and pages; only this part runs again when a filter changes."""
    with guarded():
        table = work.table()
        state.limit("sort", table.sorts())
        state.limit("mark", table.marks())
        filters(table)
        view = state.view()
        rows = table.find(view.filter, view.sort, reverse=view.reverse)
        layout(table, len(rows))
        if state.is_picking():
            selection_bar(work, rows)
        side_px, per_page = SIZES[view.size]
        n_pages = max(1, -(-len(rows) // per_page))
        page = state.page_within(n_pages)
        shown = rows[(page - 1) * per_page : page * per_page].tolist()
        with st.container(key="ds_grid"):
            opened = face_grid(
                tiles(work.stored, table, shown, side_px),
                key="ds_faces",
                side_px=side_px,
                label=f"{count_of(len(rows), 'face')}, page {page} of {n_pages}",
                hidden=settings.blur,
                picked=state.picked() if state.is_picking() else None,
                on_picked=state.pick_on_page,
            )
        state.pages(n_pages)
        if opened is not None:
            state.open_face(opened)
        state.write_query_parameters()
        if state.opened_face() is not None:
            face_details(work, settings, rows)
