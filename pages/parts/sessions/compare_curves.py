"""Scores over time, the sessions of each condition laid over each other."""

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from emotion_core.charts.comparisons import condition_curve_chart
from emotion_core.errors import ReportError
from emotion_core.markdown import plain
from emotion_core.reports.comparison import ConditionComparison
from emotion_core.reports.curves import aligned_curves
from emotion_core.reports.session_frames import SessionFrames
from emotion_core.tables import to_csv_bytes

if TYPE_CHECKING:
    import pandas as pd

    from pages.parts.sessions.comparing import Compared

_ALIGNMENTS = {
    "percent": "By percent of length",
    "time": "From the start",
    "marker": "From a marker",
}
_AXES = {"percent": "Percent of length", "time": "Seconds from the start"}
_SHOWN = 3
# Steps of a curve; more could not be told apart.
_STEPS = 120
_KEPT, _KEPT_S = 24, 1800.0


def curves(found: "Compared", comparison: ConditionComparison) -> None:
    """Draws the curves, with how they are laid over each other."""
    st.header("Over time", anchor=False)
    texts = list(
        dict.fromkeys(m.text.strip() for s in found.sessions for m in s.markers if m.text.strip())
    )
    by_interval = comparison.by == "interval"
    offered = [one for one in _ALIGNMENTS if one != "marker" or (texts and not by_interval)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        align = st.segmented_control(
            "Lay over each other", offered, default="percent", required=True, key="compare_align",
            format_func=_ALIGNMENTS.__getitem__,
            help="Sessions of different lengths meet by percent; the same film from the start or "
            "from a marker, such as a punchline, by its seconds.",
        ) or "percent"  # fmt: skip
        marker, before_s, after_s = "", 5.0, 10.0
        if align == "marker":
            marker = st.selectbox(
                "Marker", texts, format_func=plain, key="compare_marker", width=220
            )
            before_s = st.number_input(
                "Seconds before", 0.0, 600.0, 5.0, 1.0, key="compare_before", width=150
            )
            after_s = st.number_input(
                "Seconds after", 1.0, 3600.0, 10.0, 1.0, key="compare_after", width=150
            )
    try:
        table = _table(
            f"{found.version} {align} {marker} {before_s} {after_s}",
            found, align, marker, before_s, after_s,
        )  # fmt: skip
    except ReportError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if not len(table):
        st.caption("Nobody is seen there.")
        return
    _draw(found, table, align, marker)


def _draw(found: "Compared", table: "pd.DataFrame", align: str, marker: str) -> None:
    names = list(found.sessions[0].view.label_set.names)
    spread = table.groupby(["expression", "condition"])["value"].mean().groupby("expression").max()
    most = set(spread.sort_values(ascending=False).index[:_SHOWN])
    default = [name for name in names if name in most]
    shown = st.pills(
        "Expressions", names, selection_mode="multi", default=default, key="compare_curves_of"
    )
    if not shown:
        st.caption("Choose an expression.")
        return
    axis = _AXES.get(align, f'Seconds from "{marker}"')
    ordered = [name for name in names if name in shown]
    with st.container(gap="small"):
        for name in ordered:
            st.caption(f"**{name}**")
            st.altair_chart(
                condition_curve_chart(
                    table, name, title=axis if name == ordered[-1] else "",
                    legend=name == ordered[0],
                ),
                key=f"compare_curve_{name}",
                alt=f"Mean scores of {name} by {axis.lower()}.",
            )  # fmt: skip
    without = _without(found.sessions, marker) if align == "marker" else []
    people = int(table["people"].max())
    st.caption(
        ("Bands are 95 % intervals over people. " if people > 1 else "One person each: no bands. ")
        + "Scores are smoothed as they were read."
        + (f" Without the marker, and left out: {plain(', '.join(without))}." if without else "")
    )
    st.download_button(
        "Curves", data=lambda: to_csv_bytes(table), file_name="comparison_curves.csv",
        mime="text/csv", icon=":material/download:", key="compare_save_curves", on_click="ignore",
    )  # fmt: skip


def _without(sessions: tuple[SessionFrames, ...], marker: str) -> list[str]:
    return [s.name for s in sessions if all(m.text.strip() != marker for m in s.markers)]


@st.cache_resource(max_entries=_KEPT, ttl=_KEPT_S, show_spinner="Drawing the curves")
def _table(
    key: str,  # noqa: ARG001 - the cache's key
    _found: "Compared",
    align: str,
    marker: str,
    before_s: float,
    after_s: float,
) -> "pd.DataFrame":
    by = _found.choice.by
    if by == "interval":
        return _of_intervals(_found, align)
    sessions = list(_found.sessions)
    return aligned_curves(
        sessions, align=align, step=_step(sessions, align, before_s + after_s), marker=marker,
        before_s=before_s, after_s=after_s,
        condition=lambda session, _: session.group if by == "group" else session.name,
    )  # fmt: skip


def _of_intervals(found: "Compared", align: str) -> "pd.DataFrame":
    """Each interval's rows as though they were a session of their own."""
    import pandas as pd

    by_id = {session.id: session for session in found.sessions}
    parts = []
    for condition in found.choice.conditions:
        # One that comes twice in a session is two.
        cut = [
            replace(by_id[one.session].within(one.start_s, one.end_s), id=f"{one.session}.{number}")
            for number, one in enumerate(found.choice.intervals)
            if one.name == condition.name
            and one.start_s < by_id[one.session].view.window[1]
            and one.end_s > by_id[one.session].view.window[0]
        ]
        if cut:
            step = _step(cut, align, 0.0)
            name = condition.name
            parts.append(
                aligned_curves(cut, align=align, step=step, condition=lambda *_, name=name: name)
            )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _step(sessions: list[SessionFrames], align: str, span_s: float) -> float:
    if align == "percent":
        return 2.0
    if align == "time":
        span_s = max(s.view.window[1] - s.view.window[0] for s in sessions)
    least = max(span_s / _STEPS, 0.2)
    return next(step for step in (0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1e9) if step >= least - 1e-9)
