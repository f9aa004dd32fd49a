"""Markers as a table: their texts and times can be written here."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from emotion_core.video.editing import EditableMarkers
from emotion_core.video.markers import EXCLUDE, MARKER, MAX_TEXT, Marker
from pages.parts.common.review.edits import attempt

_KINDS = {MARKER: "marker", EXCLUDE: "excluded"}


def markers_table(
    markers: Sequence[Marker], edits: EditableMarkers, key: str, *, can_undo: bool = True
) -> None:
    """A row per marker.

    Args:
        markers: moments, and intervals of the kinds that people set.
        edits: changes them.
        key: of the table; it changes with every change of the markers.
        can_undo: whether there is a change to take back.
    """
    if not markers:
        st.caption(
            "Press M in the player for a marker at the moment that is shown. For an interval set "
            "its ends with [ and ], then press M to mark it or X to leave it out of the figures. "
            "Or write into this table."
        )
    st.data_editor(
        _frame(markers),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        on_change=_changed,
        args=(edits, key, markers),
        column_config={
            "start_s": st.column_config.NumberColumn(
                "Start, seconds", format="%.2f", min_value=0.0, required=True
            ),
            "end_s": st.column_config.NumberColumn("End, seconds", format="%.2f", min_value=0.0),
            "text": st.column_config.TextColumn("Text", max_chars=MAX_TEXT, width="large"),
            "kind": st.column_config.SelectboxColumn(
                "Kind", options=list(_KINDS.values()), default="marker", required=True
            ),
        },
    )
    st.button(
        "Undo", key="markers_undo", icon=":material/undo:", disabled=not can_undo,
        on_click=attempt, args=(edits.undo,),
    )  # fmt: skip


def _frame(markers: Sequence[Marker]) -> pd.DataFrame:
    """With types also where there is no row, or nothing could be written into it."""
    rows = [(m.start_s, m.end_s, m.text, _KINDS[m.kind]) for m in markers]
    types = {"start_s": "float64", "end_s": "float64", "text": "str", "kind": "str"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def _changed(edits: EditableMarkers, key: str, markers: Sequence[Marker]) -> None:
    changes: Mapping[str, Any] = st.session_state.get(key) or {}
    for row, values in changes.get("edited_rows", {}).items():
        marker = markers[int(row)]
        attempt(edits.change, marker.id, **_stored(values))
    for row in changes.get("deleted_rows", []):
        attempt(edits.remove, markers[int(row)].id)
    for values in changes.get("added_rows", []):
        if values.get("start_s") is not None:
            attempt(edits.add, **_stored(values))


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Cells as a marker has them."""
    kinds = {word: kind for kind, word in _KINDS.items()}
    found = {name: values[name] for name in ("start_s", "end_s") if name in values}
    found = {name: None if value is None else float(value) for name, value in found.items()}
    if "text" in values:
        found["text"] = str(values["text"] or "").strip()
    if "kind" in values:
        found["kind"] = kinds.get(str(values["kind"]), MARKER)
    return found
