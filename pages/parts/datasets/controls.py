"""The filters above the grid, and how the grid is laid out."""

from typing import Any

import streamlit as st

from emotion_core.datasets.face_table import FaceTable
from emotion_core.datasets.filters import (
    AGREEMENTS,
    MARKS,
    MAX_VOTES,
    PREDICTIONS,
    SIZES,
    SORTS,
    SPLITS,
    Filter,
    parse_rows,
)
from emotion_core.emotions import FER2013
from emotion_core.wording import count_of
from pages.parts.datasets import state

_MAIN = ("split", "label")


def filters(table: FaceTable) -> None:
    """The filters that everybody wants in a row, and the others behind a button."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="ds_filters"):
        st.pills(
            "Split", SPLITS, selection_mode="multi", format_func=str.capitalize, **_shared("split")
        )
        st.pills("Label", FER2013.names, selection_mode="multi", wrap=True, **_shared("label"))
        n_more = _n_more(state.view().filter)
        name = f"More filters ({n_more})" if n_more else "More filters"
        with st.popover(name, icon=":material/filter_alt:", key="ds_more", width="content"):
            _more(table)


def layout(table: FaceTable, n_found: int) -> None:
    """How many faces passed, their order and their size."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="ds_layout"):
        with st.container(horizontal=True, vertical_alignment="center", key="ds_found"):
            st.markdown(f"**{count_of(n_found, 'face')}** of {len(table):,}", width="content")
            if state.view().filter != Filter():
                st.button(
                    "Clear filters",
                    icon=":material/filter_alt_off:",
                    type="tertiary",
                    on_click=state.show_filter,
                    args=(Filter(),),
                )
        st.selectbox(
            "Order", table.sorts(), format_func=SORTS.__getitem__, width=210, **_shared("sort")
        )
        st.toggle("Reverse", **_shared("reverse"))
        st.segmented_control(
            "Pictures", SIZES, required=True, format_func=str.capitalize, **_shared("size")
        )
        st.toggle(
            "Select",
            key=state.PICKING_KEY,
            persist_state="session",
            help="A click then selects a face instead of opening it; a click with Shift selects a "
            "range.",
        )


def _more(table: FaceTable) -> None:
    voted, audited = table.facts.has_votes, "predicted" in table.audit
    st.multiselect("Flagged as", table.marks(), format_func=MARKS.__getitem__, **_shared("mark"))
    if voted:
        st.selectbox(
            "FER+ majority and label",
            AGREEMENTS,
            format_func=AGREEMENTS.__getitem__,
            **_shared("agreement"),
        )
        st.multiselect("FER+ majority", FER2013.names, **_shared("majority"))
        st.slider("Minimum rater agreement", 0, MAX_VOTES, **_shared("votes"))
    if audited:
        st.segmented_control(
            "Model's prediction",
            PREDICTIONS,
            required=True,
            format_func=PREDICTIONS.__getitem__,
            **_shared("prediction"),
        )
        st.multiselect("Predicted as", FER2013.names, **_shared("predicted"))
        st.number_input("Group of copies", min_value=0, value=None, step=1, **_shared("group"))
    st.text_input("Row numbers", placeholder="12, 40-60", **_shared("rows"))
    if parse_rows(state.view().filter.rows) is None:
        st.caption(":material/warning: Wanted row numbers and ranges, like 12, 40-60.")
    if not (voted and audited):
        missing = [*(() if voted else ("FER+ votes",)), *(() if audited else ("an audit",))]
        st.caption(f"With {' and '.join(missing)} there are more filters and orders.")


def _n_more(wanted: Filter) -> int:
    return wanted.n_active - sum(bool(getattr(wanted, name)) for name in _MAIN)


def _shared(name: str) -> dict[str, Any]:
    """What all these widgets have in common: they keep their values, and start on page one."""
    return {
        "key": state.key_of(name),
        "persist_state": "session",
        "on_change": state.first_page,
    }
