"""What can be taken home from the history page: the numbers as CSV, each chart as PNG or SVG."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from emotion_core.charts.export import chart_png, chart_svg
from emotion_core.tables import to_csv_bytes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart that can be downloaded; it is drawn when it is asked for."""

    title: str
    draw: Callable[[], Any]

    @property
    def file_stem(self) -> str:
        """The name of its files, without their end."""
        return self.title.lower().replace(" ", "_")


def download_menu(histories: "Mapping[str, pd.DataFrame]", pictures: Sequence[Picture]) -> None:
    """One button: CSV of the numbers, and each chart in two forms."""
    with st.popover("Download", icon=":material/download:"):
        st.download_button(
            "Numbers (CSV)", lambda: histories_csv(histories), "histories.csv", "text/csv",
            key="history_csv", on_click="ignore", icon=":material/table:", width="stretch",
        )  # fmt: skip
        if not pictures:
            return
        by_title = {picture.title: picture for picture in pictures}
        title = st.selectbox("Chart", list(by_title), key="history_chart")
        picture = by_title.get(title, pictures[0])
        with st.container(horizontal=True):
            st.download_button(
                "PNG", lambda: chart_png(picture.draw()), f"{picture.file_stem}.png", "image/png",
                key="history_png", on_click="ignore", icon=":material/image:",
            )  # fmt: skip
            st.download_button(
                "SVG", lambda: chart_svg(picture.draw()), f"{picture.file_stem}.svg",
                "image/svg+xml", key="history_svg", on_click="ignore", icon=":material/shapes:",
            )  # fmt: skip


def histories_csv(histories: "Mapping[str, pd.DataFrame]") -> bytes:
    """All epochs of all histories in one table, with the run's name in the first column."""
    import pandas as pd

    parts = [history.assign(run=name) for name, history in histories.items()]
    table = pd.concat(parts, ignore_index=True)
    return to_csv_bytes(table[["run", *(name for name in table if name != "run")]])
