"""The rows of a session as they are seen: with names, without who is hidden."""

import streamlit as st

from emotion_core.video.view import VideoView
from emotion_core.wording import count_of

_SHOWN = 5000


def rows_table(view: VideoView) -> None:
    """A row per face and frame, and one per frame without a face."""
    names = list(view.label_set.names)
    columns = ["time_s", "person", "expression", "confidence", "uncertain", *names]
    frames = view.frames[columns]
    first = 0
    if len(frames) > _SHOWN:
        pages = -(-len(frames) // _SHOWN)
        first = (min(pages, st.pagination(pages, key="session_rows_page")) - 1) * _SHOWN
    shown = frames.iloc[first : first + _SHOWN]
    st.caption(
        f"{count_of(len(frames), 'row').capitalize()}, one per face and frame; a frame without a "
        "face has one row. Scores are those of the model, before smoothing."
    )
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        column_config={
            "time_s": st.column_config.NumberColumn("Time", format="%.2f s"),
            "person": "Person",
            "expression": "Expression",
            "confidence": st.column_config.NumberColumn("Confidence", format="percent"),
            "uncertain": st.column_config.CheckboxColumn("Uncertain"),
            **{
                name: st.column_config.ProgressColumn(
                    name.capitalize(), format="percent", min_value=0.0, max_value=1.0
                )
                for name in names
            },
        },
    )
