"""Map: faces near each other where the model sees them alike; a part of it filters the grid."""

from dataclasses import replace
from typing import Any

import streamlit as st

from emotion_core.charts.datasets import AREA, map_chart, shown_points
from emotion_core.datasets.face_table import FaceTable, split_name
from emotion_core.datasets.filters import SIZES
from emotion_core.emotions import FER2013
from emotion_core.wording import count_of
from pages.parts.common.face_grid import face_grid, tiles
from pages.parts.common.guard import guarded
from pages.parts.common.settings import Settings
from pages.parts.datasets import state
from pages.parts.datasets.audit import audit_panel
from pages.parts.datasets.workspace import Workspace

_COLOURS = ("Label", "Prediction", "Error", "Likely label error")
_PREVIEW = 60
_MAP_KEY = "ds_map"
_SIDE_PX = SIZES["small"][0]


def map_panel(work: Workspace, settings: Settings) -> None:
    """The map, or the way to it."""
    if work.report is None or not work.report.has_model:
        st.caption("The audit makes the map, from the features of the model in use.")
        audit_panel(work, settings)
        return
    _map(work, settings)


@st.fragment
def _map(work: Workspace, settings: Settings) -> None:
    with guarded():
        table = work.table()
        colour = st.segmented_control(
            "Colour", _COLOURS, default=_COLOURS[0], required=True, key="ds_colour",
            persist_state="session",
        )  # fmt: skip
        # What is filtered in Browse is what is drawn, but for the area chosen here.
        wanted = replace(state.view().filter, area=None)
        rows = table.find(wanted, "row")
        n_drawn = len(shown_points(len(rows)))
        more = "" if n_drawn == len(rows) else f", {n_drawn:,} of them drawn"
        st.caption(f"{count_of(len(rows), 'face')}{more}. Drag over the map to choose a part.")
        _drawn(table, rows.tolist(), colour or _COLOURS[0])
        _chosen(work, table, settings)
        state.write_query_parameters()


def _drawn(table: FaceTable, rows: list[int], colour: str) -> None:
    kinds, order = _kinds(table, colour)
    names = table.label_set.names
    chart = map_chart(
        table.audit["map_x"][rows],
        table.audit["map_y"][rows],
        [kinds[row] for row in rows],
        order,
        details={
            "Row": rows,
            "Label": [names[int(table.labels[row])] for row in rows],
            "Predicted": [names[int(table.audit["predicted"][row])] for row in rows],
            "Split": [split_name(str(table.facts.usage[row])) for row in rows],
        },
    )
    st.altair_chart(
        chart,
        key=_MAP_KEY,
        # Only what is dragged counts: an area from the query parameters is not in the chart.
        on_select=_choose,
        selection_mode=AREA,
        alt="Map of the faces: similar ones, in the model's view, are close together.",
    )


def _choose() -> None:
    area = _area(st.session_state.get(_MAP_KEY))
    state.show_filter(replace(state.view().filter, area=area))


def _kinds(table: FaceTable, colour: str) -> tuple[list[str], list[str]]:
    """One word per face, and all words in the order in which they are drawn."""
    names = table.label_set.names
    predicted = table.audit["predicted"]
    if colour == "Prediction":
        return [names[int(label)] for label in predicted], list(FER2013.names)
    if colour == "Error":
        words = ["predicted right", "predicted wrong"]
        return [words[int(wrong)] for wrong in predicted != table.labels], words
    if colour == "Likely label error":
        words = ["label fits", "likely label error"]
        return [words[int(issue)] for issue in table.audit["label_issue"]], words
    return [names[int(label)] for label in table.labels], list(FER2013.names)


def _area(event: Any) -> tuple[float, float, float, float] | None:
    """The rectangle that was dragged, rounded as in the query parameters."""
    found = (event or {}).get("selection", {}).get(AREA, {})
    if not found.get("map_x") or not found.get("map_y"):
        return None
    (x0, x1), (y0, y1) = sorted(found["map_x"]), sorted(found["map_y"])
    return round(x0, 3), round(x1, 3), round(y0, 3), round(y1, 3)


def _chosen(work: Workspace, table: FaceTable, settings: Settings) -> None:
    """The faces inside the rectangle, and the way to all of them."""
    wanted = state.view().filter
    if wanted.area is None:
        return
    rows = table.find(wanted, "row")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{count_of(len(rows), 'face')} in this region**", width="content")
        st.button(
            "Show in the grid",
            icon=":material/grid_view:",
            disabled=not len(rows),
            on_click=state.browse,
            args=(wanted,),
        )
        st.button(
            "Whole map",
            icon=":material/zoom_out_map:",
            type="tertiary",
            on_click=state.show_filter,
            args=(replace(wanted, area=None),),
        )
    shown = rows[:: max(1, len(rows) // _PREVIEW)][:_PREVIEW].tolist()
    opened = face_grid(
        tiles(work.stored, table, shown, _SIDE_PX),
        key="ds_map_faces",
        side_px=_SIDE_PX,
        label="Some faces of this region",
        hidden=settings.blur,
    )
    if opened is not None:
        state.browse(wanted)
        state.open_face(opened)
        st.rerun()
