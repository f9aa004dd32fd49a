"""Who was there how long and showed what: for the whole of it, or for an interval."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.video.markers import MARKER, Marker
from emotion_core.video.summary import summarize
from emotion_core.video.view import VideoView
from emotion_core.wording import clock, count_of, percent


def figures(view: VideoView, markers: Sequence[Marker], key: str, *, whole: str) -> None:
    """The figures, and a table of people and expressions.

    Args:
        view: the rows.
        markers: those that are intervals can be chosen.
        key: of the choice.
        whole: what the whole is called: ``"Whole video"``.
    """
    shown = _interval(view, markers, key, whole)
    summary = summarize(shown)
    without = summary["seconds_without_face"]
    share = {name: value for name, value in summary["share"].items() if name != "uncertain"}
    most = max(share, key=lambda name: share[name]) if any(share.values()) else ""
    st.html(
        pieces.figures(
            [
                (
                    "Length",
                    clock(summary["seconds"]),
                    f"{summary['sampled_frames']:,} sampled frames",
                ),
                ("People", f"{summary['people']}", f"{summary['faces']:,} faces in all frames"),
                (
                    "Mostly",
                    most or "nobody",
                    f"{percent(share[most])} of the time with a face" if most else "",
                ),
                (
                    "Uncertain",
                    percent(summary["share"].get("uncertain", 0.0)),
                    "the expression was not clear",
                ),
                ("No face", clock(without), "nobody was found"),
                (
                    "Excluded",
                    clock(sum(end - start for start, end in summary["excluded"])),
                    count_of(len(summary["excluded"]), "interval"),
                ),
            ]
        )
    )
    rows = _rows(summary)
    if not rows:
        st.caption("No face was found here.")
        return
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={
            "person": "Person",
            "expression": "Expression",
            "share": st.column_config.ProgressColumn(
                "Share", format="%.0f %%", min_value=0.0, max_value=100.0,
                help="Of the time in which the person was seen.",
            ),
            "time": st.column_config.NumberColumn("Time", format="%.1f s"),
            "first": "First at",
            "longest": "Longest",
            "longest_at": "Longest at",
        },
    )  # fmt: skip


def _interval(view: VideoView, markers: Sequence[Marker], key: str, whole: str) -> VideoView:
    intervals = {
        marker.id: (marker.start_s, marker.end_s, marker.text)
        for marker in markers
        if marker.kind == MARKER and marker.end_s is not None
    }
    if not intervals:
        return view
    chosen = st.selectbox(
        "Interval", ["", *intervals], key=key, width=360,
        format_func=lambda one: plain(_words(intervals[one]) if one in intervals else whole),
    )  # fmt: skip
    if chosen not in intervals:
        return view
    start, end, _ = intervals[chosen]
    return view.within(start, end if end is not None else start)


def _words(interval: tuple[float, float | None, str]) -> str:
    start, end, text = interval
    span = f"{clock(start)} to {clock(end or start)}"
    return f"{text} ({span})" if text else span


def _rows(summary: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for person in summary["per_person"]:
        for name, share in sorted(person["share"].items(), key=lambda item: -item[1]):
            if share <= 0:
                continue
            longest = person["longest"].get(name, {})
            first = person["first"].get(name)
            rows.append(
                {
                    "person": person["name"],
                    "expression": name,
                    "share": 100 * share,
                    "time": person["time"][name],
                    "first": "" if first is None else clock(first),
                    "longest": f"{longest['duration_s']:.1f} s" if longest else "",
                    "longest_at": clock(longest["onset_s"]) if longest else "",
                }
            )
    return rows
