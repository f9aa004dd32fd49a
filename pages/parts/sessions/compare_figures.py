"""The figures of a comparison: what stands out, values, differences, and all of it as tables."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

from emotion_core.charts.comparisons import (
    AXES_PX,
    CONVINCING,
    differences_chart,
    values_chart,
)
from emotion_core.charts.theme import Chart
from emotion_core.markdown import plain
from emotion_core.reports.comparison import ConditionComparison, can_convince, condition_rows
from emotion_core.reports.condition_values import OVER_TIME, condition_values
from emotion_core.reports.documents.words import figure
from emotion_core.reports.statistics import MEASURES
from emotion_core.tables import to_csv_bytes
from emotion_core.video.summary import UNCERTAIN
from emotion_core.wording import clock, count_of

if TYPE_CHECKING:
    import pandas as pd

    from pages.parts.sessions.comparing import Compared

_MOST_PAIRS = 3
_ALL_PAIRS = "All pairs"


def figures(found: "Compared", comparison: ConditionComparison) -> None:
    """Draws the figures of one measure."""
    by, measure = comparison.by, comparison.measure
    ids = {name: id for id, name in found.names.items()} if by == "session" else {}
    conditions = [ids.get(name, name) for name in comparison.conditions]
    values = condition_values(found.figures, by=by, measure=measure, conditions=conditions)
    values = values.assign(condition=values["condition"].map(lambda one: _name(found, by, one)))
    states = [
        state
        for state in dict.fromkeys(values["expression"])
        if (values.loc[values["expression"] == state, "value"].abs() > 0).any()
    ]
    never = [state for state in dict.fromkeys(values["expression"]) if state not in states]
    words = _measure_words(found, measure)
    st.markdown(verdict(comparison, words))
    _warnings(found, comparison)
    percents = measure == "share"
    st.header(f"{words.capitalize()} of each", anchor=False)
    st.altair_chart(
        with_room(
            values_chart(
                values, states, comparison.conditions, title=words.capitalize(), percent=percents
            ),
            AXES_PX["values"],
        ),
        key="compare_values",
        alt=f"{words.capitalize()} of each expression for {', '.join(comparison.conditions)}.",
    )
    about = (
        "another stretch of the same recording"
        if (values["interval_of"] == OVER_TIME).all()
        else "other people of the same kind"
    )
    st.caption(
        f"Lines are 95 % intervals: how far the figure of {about} might lie. What the model gets "
        "wrong is in none of them." + (f" Nobody shows {plain(_list_of(never))}." if never else "")
    )
    _differences(comparison, words, percents)
    _tables(found, comparison, values)


def with_room(chart: Chart, words_px: int) -> Chart:
    """A chart with room for its words: here they are within its height, in documents beside it."""
    return chart.properties(height=chart.height + words_px)


def verdict(comparison: ConditionComparison, words: str) -> str:
    """What a comparison found, in a sentence of Markdown."""
    pairs = comparison.pairs
    sure = pairs[pairs["p_holm"] < CONVINCING]
    if not pairs["p"].notna().any():
        return (
            "**No test is possible** with so few people; the figures below describe these "
            "recordings and nothing beyond them."
        )
    if not len(sure) and not can_convince(pairs):
        return (
            f"**Too few people to tell**: whatever the differences in {words}, chance could make "
            "them among so few; the figures below describe these recordings."
        )
    if not len(sure):
        return (
            f"**Nothing stands out**: none of the differences in {words} is larger than chance "
            "could easily make it, once all of them are counted."
        )
    ordered = sure.reindex(sure["difference"].abs().sort_values(ascending=False).index)
    parts = [_difference_words(row, comparison.measure) for row in ordered.head(3).itertuples()]
    more = f" and {count_of(len(sure) - 3, 'other difference')}" if len(sure) > 3 else ""
    return (
        f"**What stands out**: {'; '.join(parts)}{more}. Chance alone is an unlikely explanation."
    )


def _difference_words(row: Any, measure: str) -> str:
    more, less = (row.b, row.a) if row.difference > 0 else (row.a, row.b)
    size, low, high = abs(row.difference), *sorted((abs(row.low), abs(row.high)))
    if measure == "share":
        text = f"{100 * size:.0f} points (95 %: {100 * low:.0f} to {100 * high:.0f})"
    else:
        text = f"{figure(size, 2)} (95 %: {figure(low, 2)} to {figure(high, 2)})"
    return f"more **{plain(row.expression)}** in {plain(more)} than in {plain(less)}, by {text}"


def _warnings(found: "Compared", comparison: ConditionComparison) -> None:
    sentences = [*found.notes, *comparison.warnings]
    if not sentences:
        return
    st.warning("\n".join(f"- {plain(sentence)}" for sentence in sentences), icon=":material/info:")


def _differences(comparison: ConditionComparison, words: str, percents: bool) -> None:
    st.header("Differences", anchor=False)
    pairs, label = comparison.pairs, ""
    sides = {
        f"{b} minus {a}": (a, b)
        for a, b in pairs[["a", "b"]].drop_duplicates().itertuples(index=False)
    }
    if len(sides) > 1:
        every = [_ALL_PAIRS] * (len(sides) <= _MOST_PAIRS)
        if st.session_state.get("compare_pair") not in [*every, *sides]:
            st.session_state["compare_pair"] = next(iter([*every, *sides]))
        label = st.selectbox(
            "Difference of", [*every, *sides], format_func=plain, key="compare_pair", width=420
        )
    if label in sides:
        a, b = sides[label]
        pairs = pairs[(pairs["a"] == a) & (pairs["b"] == b)]
    # What nobody shows has no difference to draw.
    shown = pairs[(pairs["mean_a"].abs() > 0) | (pairs["mean_b"].abs() > 0)]
    if not shown["difference"].notna().any():
        st.caption("No difference can be given.")
        return
    names = [name for name in dict.fromkeys(comparison.pairs["expression"]) if name != UNCERTAIN]
    st.altair_chart(
        with_room(
            differences_chart(shown, names, title=f"Difference in {words}", percent=percents),
            AXES_PX["differences"],
        ),
        key="compare_differences",
        alt=f"Differences in {words} with their 95 % intervals, effect sizes and corrected p.",
    )
    first = shown.iloc[0]
    st.caption(
        f"A filled dot: p below {CONVINCING:g} after Holm's correction for all "
        f"{int(comparison.pairs['p'].notna().sum())} tests of this comparison. g: Hedges' effect "
        "size, the difference in standard deviations of people; about 0.2 is small, 0.5 medium, "
        f"0.8 large. Test: {plain(_test_words(first))}."
    )
    if len(comparison.omnibus):
        _omnibus(comparison)


def _omnibus(comparison: ConditionComparison) -> None:
    best = comparison.omnibus.dropna(subset=["p"])
    sure = best[best["p_holm"] < CONVINCING]["expression"].tolist()
    n = len(comparison.conditions)
    if not len(best):
        return
    st.caption(
        f"All {n} at once ({plain(str(best.iloc[0]['test']))}): "
        + (f"they differ in {plain(_list_of(sure))}." if sure else "no difference stands out.")
    )


def _test_words(row: "pd.Series[Any]") -> str:
    who = "people compared with themselves" if row["paired"] else "different people"
    test = str(row["test"])
    return "none, there is one person in each" if test.startswith("none: one") else f"{test}, {who}"


def _tables(found: "Compared", comparison: ConditionComparison, values: "pd.DataFrame") -> None:
    st.header("In numbers", anchor=False)
    st.dataframe(
        _overview(found, comparison), hide_index=True,
        alt="Sessions, people, time and onsets of each condition.",
        column_config={
            "seen": "Faces seen for",
            "onsets": st.column_config.NumberColumn(
                "Onsets", help="Begins of an expression, of all expressions together."
            ),
            "condition": "Condition", "sessions": "Sessions", "people": "People",
        },
    )  # fmt: skip
    with st.expander("All differences and tests"):
        st.dataframe(
            comparison.pairs, hide_index=True, alt="All differences, tests and effect sizes.",
            column_config={
                name: st.column_config.NumberColumn(title, format="%.3f")
                for name, title in (
                    ("mean_a", "Mean of a"), ("mean_b", "Mean of b"), ("difference", "b − a"),
                    ("low", "95 % from"), ("high", "to"), ("effect", "Hedges' g"),
                    ("superiority", "P(b > a)"), ("statistic", "t"), ("p", "p"),
                    ("p_holm", "p, corrected"),
                )
            },
        )  # fmt: skip
    with st.container(horizontal=True):
        _download("Differences", "differences.csv", lambda: to_csv_bytes(comparison.pairs))
        _download("Conditions", "conditions.csv", lambda: to_csv_bytes(values))
        _download("Every person", "people.csv", lambda: to_csv_bytes(_people(found, comparison)))
        _report(found, comparison, "html", "Report (HTML)")
        _report(found, comparison, "pdf", "Report (PDF)")


def _download(
    label: str, name: str, make: Callable[[], bytes], mime: str = "text/csv", icon: str = "download"
) -> None:
    st.download_button(
        label, data=make, file_name=f"comparison_{name}", mime=mime, on_click="ignore",
        icon=f":material/{icon}:", key=f"compare_save_{name}",
    )  # fmt: skip


def _report(found: "Compared", comparison: ConditionComparison, form: str, label: str) -> None:
    def make() -> bytes:
        from emotion_core.reports.curves import aligned_curves
        from emotion_core.reports.documents.content import build_report
        from emotion_core.reports.documents.html import to_html
        from emotion_core.reports.documents.pdf import to_pdf

        curves = {}
        if not found.photos and comparison.by != "interval":
            curves["Percent of length"] = aligned_curves(
                found.sessions, align="percent", step=2.0,
                condition=lambda s, _: s.group if comparison.by == "group" else s.name,
            )  # fmt: skip
        document = build_report(
            found.sessions, created=datetime.now().astimezone(), comparisons=[comparison],
            curves=curves, title=f"{', '.join(comparison.conditions)} compared",
        )  # fmt: skip
        return to_html(document) if form == "html" else to_pdf(document)

    mime = "text/html" if form == "html" else "application/pdf"
    _download(label, f"report.{form}", make, mime, "description")


def _overview(found: "Compared", comparison: ConditionComparison) -> list[dict[str, Any]]:
    rows = condition_rows(found.figures, comparison.by)
    found_rows = []
    for condition, own in rows.groupby(comparison.by, sort=False):
        name = _name(found, comparison.by, str(condition))
        if name not in comparison.conditions:
            continue
        seen = float(own.drop_duplicates(["session", "interval", "person"])["seen_s"].sum())
        onsets = own["onsets"].sum()
        found_rows.append(
            {
                "condition": name, "sessions": own["session"].nunique(),
                "people": max(own["person"].nunique(), 1),
                "seen": f"{seen:.0f} photos" if found.photos else clock(seen),
                "onsets": None if math.isnan(onsets) or found.photos else int(onsets),
            }
        )  # fmt: skip
    return found_rows


def _people(found: "Compared", comparison: ConditionComparison) -> "pd.DataFrame":
    return condition_rows(found.figures, comparison.by)


def _name(found: "Compared", by: str, condition: str) -> str:
    return found.names.get(condition, condition) if by == "session" else condition


def _measure_words(found: "Compared", measure: str) -> str:
    if measure == "share":
        return "share of photos" if found.photos else "share of time"
    if measure == "mean" and any(session.baselines for session in found.sessions):
        return "mean score, as change from rest"
    return MEASURES[measure]


def _list_of(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
