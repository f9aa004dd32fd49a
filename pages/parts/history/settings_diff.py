"""Settings of two runs beside each other."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from emotion_core.training.history_store import Entry
from emotion_core.training.wording import flat_settings, setting_name, setting_value

_ROW_PX = 35


def settings_diff(chosen: Sequence[Entry], entries: Sequence[Entry]) -> None:
    """Draws two choices and the settings in which they differ."""
    described = [entry for entry in entries if entry.run.config]
    if len(described) < 2:
        return
    st.header("Settings of two runs", anchor=False)
    by_title = {entry.title: entry for entry in described}
    titles = list(by_title)
    first, second = _defaults([e.title for e in chosen if e.title in by_title], titles)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        left = st.selectbox("First", titles, index=titles.index(first), key="diff_first")
        right = st.selectbox("Second", titles, index=titles.index(second), key="diff_second")
        everything = st.toggle("Show equal settings too", key="diff_all", persist_state="session")
    rows = diff_rows(by_title[left], by_title[right])
    shown = [row for row in rows if everything or row[1] != row[2]]
    if not shown:
        st.caption(f"No difference in {len(rows)} settings.")
        return
    # Not the titles as keys: both choices may be the same.
    frame = pd.DataFrame(shown, columns=["setting", "left", "right"])
    st.dataframe(
        frame,
        column_config={
            "setting": st.column_config.TextColumn("Setting", width="medium"),
            "left": st.column_config.TextColumn(left, width="medium"),
            "right": st.column_config.TextColumn(right, width="medium"),
        },
        hide_index=True,
        row_height=_ROW_PX,
        height=_ROW_PX * min(14, len(shown) + 1) + 2,
        alt=f"Settings in which {left} and {right} differ.",
    )


def diff_rows(left: Entry, right: Entry) -> list[tuple[str, str, str]]:
    """(setting, value in the first, value in the second) of all settings of either."""
    first, second = flat_settings(left.run.config), flat_settings(right.run.config)
    missing = "not recorded"
    for settings in (first, second):
        settings.pop("created", None)  # a moment, no setting
    return [
        (
            setting_name(key),
            setting_value(first[key]) if key in first else missing,
            setting_value(second[key]) if key in second else missing,
        )
        for key in dict.fromkeys([*first, *second])
    ]


def _defaults(chosen: Sequence[str], titles: Sequence[str]) -> tuple[str, str]:
    first, second, *_ = dict.fromkeys([*chosen, *titles])
    return first, second
