"""Sessions, groups or intervals compared: what differs, by how much, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from emotion_core.reports.comparison import ConditionComparison, compare
from emotion_core.reports.condition_values import with_names
from emotion_core.reports.fitting import check_fit
from emotion_core.reports.session_frames import SessionFrames, SessionKind
from emotion_core.reports.statistics import MEASURES, person_statistics
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.store import Store
from pages.parts.common.guard import guarded
from pages.parts.sessions.compare_choice import CompareChoice, choose, unique_titles
from pages.parts.sessions.reading import read_sessions, version_of

if TYPE_CHECKING:
    import pandas as pd

#: Query parameter of what is measured.
MEASURE_PARAMETER = "measure"
_MEASURES = {"share": "Share of time", "mean": "Mean score", "onsets_per_min": "Onsets per minute"}
_KEPT = 24
_KEPT_S = 1800.0


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What is compared, with its figures.

    Attributes:
        choice: what was chosen.
        sessions: read, each once, in the order of the conditions.
        notes: what one should know of how they were read.
        figures: of ``person_statistics``.
        version: changes with everything that the figures depend on.
    """

    choice: CompareChoice
    sessions: tuple[SessionFrames, ...]
    notes: tuple[str, ...]
    figures: "pd.DataFrame"
    version: str

    @property
    def photos(self) -> bool:
        """Whether these are photos, which have no time."""
        return all(session.kind is SessionKind.PHOTOS for session in self.sessions)

    @property
    def names(self) -> dict[str, str]:
        """{id: what a session is called here}."""
        return {session.id: session.name for session in self.sessions}

    def compare(self, measure: str) -> ConditionComparison:
        """The conditions by a measure.

        Raises:
            ReportError: there is nothing to compare.
        """
        return _compared(f"{self.version} {measure}", self, measure)


def comparing(store: Store, infos: Sequence[SessionInfo]) -> None:
    """Draws the whole comparison.

    Args:
        store: with the sessions.
        infos: those that can be chosen.
    """
    if not infos:
        st.caption("What you compare will appear here as soon as there are sessions.")
        return
    _comparing(store, tuple(infos))


@st.fragment
def _comparing(store: Store, infos: tuple[SessionInfo, ...]) -> None:
    with guarded():
        choice = choose(store, infos)
        if choice is None:
            return
        try:
            found = _read(store, choice)
        except EmotionLensError as error:
            st.error(plain(error), icon=":material/error:")
            return
        if not len(found.figures):
            st.info("No face was found in any of these sessions.", icon=":material/info:")
            return
        measure = _measure(found)
        # Only now: charts take a while to import.
        from pages.parts.sessions.compare_curves import curves
        from pages.parts.sessions.compare_figures import figures

        try:
            comparison = found.compare(measure)
        except EmotionLensError as error:
            st.error(plain(error), icon=":material/error:")
            return
        figures(found, comparison)
        if not found.photos:
            curves(found, comparison)


def _measure(found: Compared) -> str:
    offered = ["share", "mean"] if found.photos else list(MEASURES)
    given = st.query_params.get(MEASURE_PARAMETER, "")
    if st.session_state.get("compare_measure") not in offered:
        st.session_state["compare_measure"] = given if given in offered else "share"
    words = {**_MEASURES, "share": "Share of photos"} if found.photos else _MEASURES
    measure = st.segmented_control(
        "Figure", offered, required=True, format_func=words.__getitem__, key="compare_measure",
        label_visibility="collapsed",
    ) or "share"  # fmt: skip
    st.query_params[MEASURE_PARAMETER] = measure
    return measure


def _read(store: Store, choice: CompareChoice) -> Compared:
    titles = unique_titles(choice.infos)
    sessions, words = [], []
    read = read_sessions(store, choice.infos, group=choice.group, relative=choice.relative)
    for info, session in zip(choice.infos, read, strict=True):
        side = next(one.name for one in choice.conditions if info in one.infos)
        group = side if choice.by == "group" else session.group
        sessions.append(replace(session, name=titles[info.id], group=group))
        words.append(version_of(store.session(info.id), info))
    conditions = [one.name for one in choice.conditions]
    version = repr((
        choice.by, choice.relative, choice.group, choice.paired, choice.intervals, conditions,
        words, list(titles.values()),
    ))  # fmt: skip
    notes = check_fit(sessions)
    found = _figures(version, tuple(sessions), choice)
    return Compared(choice, tuple(sessions), notes, found, version)


@st.cache_resource(max_entries=_KEPT, ttl=_KEPT_S, show_spinner="Counting")
def _figures(
    version: str,  # noqa: ARG001 - the cache's key
    _sessions: tuple[SessionFrames, ...],
    _choice: CompareChoice,
) -> "pd.DataFrame":
    return person_statistics(_sessions, _choice.intervals)


@st.cache_resource(max_entries=_KEPT, ttl=_KEPT_S, show_spinner="Testing the differences")
def _compared(key: str, _found: Compared, measure: str) -> ConditionComparison:  # noqa: ARG001 - the cache's key
    choice = _found.choice
    conditions = [one.name for one in choice.conditions]
    if choice.by == "session":
        conditions = [one.infos[0].id for one in choice.conditions]
    comparison = compare(
        _found.figures, by=choice.by, measure=measure, conditions=conditions, paired=choice.paired
    )
    return with_names(comparison, _found.names)
