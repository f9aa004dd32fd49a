"""When each expression began and ended, as a table whose rows lead to their moment."""

from collections.abc import Sequence

import streamlit as st

from emotion_core.video.events import ExpressionEvent, find_events
from emotion_core.video.view import VideoView
from pages.parts.common.review.seek import ask_to_seek


def events_table(view: VideoView, key: str) -> None:
    """A row per event; a click shows it.

    Args:
        view: the rows.
        key: of the table's widgets: ``"video"``.
    """
    least_s = st.slider(
        "Shortest, seconds", 0.0, 5.0, 0.4, 0.1, key=f"{key}_events_least", width=320,
        persist_state="session", help="Shorter ones are left out, here only.",
    )  # fmt: skip
    events = find_events(view, least_s=least_s)
    if not events:
        st.caption("No expression lasted as long.")
        return
    st.dataframe(
        [
            {
                "person": event.person,
                "expression": event.expression,
                "onset": event.onset_s,
                "offset": event.offset_s,
                "duration": event.duration_s,
                "peak": 100 * event.peak,
                "apex": event.apex_s,
            }
            for event in events
        ],
        key=f"{key}_events",
        hide_index=True,
        width="stretch",
        on_select=lambda: _chosen(f"{key}_events", events),
        selection_mode="single-row",
        column_config={
            "person": "Person",
            "expression": "Expression",
            "onset": st.column_config.NumberColumn("Onset", format="%.2f s"),
            "offset": st.column_config.NumberColumn("Offset", format="%.2f s"),
            "duration": st.column_config.NumberColumn("Duration", format="%.2f s"),
            "peak": st.column_config.ProgressColumn(
                "Highest", format="%.0f %%", min_value=0.0, max_value=100.0
            ),
            "apex": st.column_config.NumberColumn("Highest at", format="%.2f s"),
        },
    )


def _chosen(key: str, events: Sequence[ExpressionEvent]) -> None:
    rows = (st.session_state.get(key) or {}).get("selection", {}).get("rows", [])
    if rows and rows[0] < len(events):
        ask_to_seek(events[rows[0]].onset_s)
