"""What is compared: sessions, groups and their conditions, or intervals. It stands in the URL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from emotion_core.classifiers.heads import HEAD_TITLES
from emotion_core.markdown import plain
from emotion_core.reports.statistics import Interval
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.session_words import moment, title_of
from emotion_core.store.store import Store
from emotion_core.video.markers import MARKER
from emotion_core.wording import count_of
from pages.parts.sessions.state import COMPARE_PARAMETER, COMPARED_PARAMETER

#: Beyond these, no chart can be read and every pair is one more test.
MAX_CONDITIONS = 8

_KINDS = {"sessions": "Sessions", "groups": "Groups", "intervals": "Intervals"}
_KIND_HELP = (
    "- **Sessions** with each other.\n- **Groups**: the conditions of one, or several groups with "
    "each other.\n- **Intervals**: markers that have an end and a text, such as *film* and *rest*, "
    "in one session or in many."
)
_PAIRING = {"auto": "As the names say", "paired": "With themselves", "unpaired": "As strangers"}
_PAIRING_HELP = (
    "- **As the names say**: with themselves where at least half of the people are in both. "
    'Only named people are known again; "Person 1" of two sessions is two people.\n'
    "- **With themselves**: Person 1 of one session is Person 1 of the other, too.\n"
    "- **As strangers**: nobody is in both."
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One side of a comparison.

    Attributes:
        name: what it is called.
        infos: its sessions.
    """

    name: str
    infos: tuple[SessionInfo, ...]


@dataclass(frozen=True, slots=True)
class CompareChoice:
    """What is compared, and how.

    Attributes:
        by: for ``compare``: ``session``, ``group`` or ``interval``.
        conditions: in order; of intervals each with all sessions.
        group: whose conditions count; empty where the groups themselves do.
        intervals: that are compared; empty for whole sessions.
        relative: whether resting faces are subtracted.
        paired: see ``compare``.
    """

    by: str
    conditions: tuple[Condition, ...]
    group: str = ""
    intervals: tuple[Interval, ...] = ()
    relative: bool = False
    paired: bool | None = None

    @property
    def infos(self) -> tuple[SessionInfo, ...]:
        """All sessions, each once."""
        found = {info.id: info for one in self.conditions for info in one.infos}
        return tuple(found.values())


def choose(store: Store, infos: Sequence[SessionInfo]) -> CompareChoice | None:
    """Draws the controls; None while too little is chosen, and then says what is missing."""
    ordered = sorted(infos, key=lambda info: (info.created, info.id))
    given = st.query_params.get(COMPARE_PARAMETER, "")
    kind = st.segmented_control(
        "Compare", list(_KINDS), default=given if given in _KINDS else "sessions", required=True,
        format_func=_KINDS.__getitem__, key="compare_kind", help=_KIND_HELP,
    ) or "sessions"  # fmt: skip
    if kind != given:
        st.query_params.pop(COMPARED_PARAMETER, None)
    st.query_params[COMPARE_PARAMETER] = kind
    if kind == "groups":
        found = _by_group(ordered)
    elif kind == "intervals":
        found = _by_interval(store, ordered)
    else:
        found = _by_session(ordered)
    if found is None:
        return None
    if len(found.conditions) > MAX_CONDITIONS:
        st.info(
            f"Choose at most {MAX_CONDITIONS} at once. Received: {len(found.conditions)}. More "
            "sessions are compared by putting them into groups.",
            icon=":material/info:",
        )
        return None
    return found


def _by_session(infos: Sequence[SessionInfo]) -> CompareChoice | None:
    chosen = _sessions(infos, "compare_sessions")
    if len(chosen) < 2:
        st.caption("Choose at least two sessions.")
        return None
    chosen = _of_one_head(chosen)
    names = unique_titles(chosen)
    relative, paired = _options(chosen)
    conditions = tuple(Condition(names[info.id], (info,)) for info in chosen)
    if len(conditions) < 2:
        st.caption("Choose at least two sessions with these labels.")
        return None
    return CompareChoice("session", conditions, relative=relative, paired=paired)


def _by_group(infos: Sequence[SessionInfo]) -> CompareChoice | None:
    groups = list(dict.fromkeys(group for info in infos for group in info.groups))
    if not groups:
        st.caption(
            "No session is in a group yet. Open one and put it into a group, with a condition such "
            "as *calm* or *loud*; the groups and their conditions will be offered here."
        )
        return None
    chosen = _several("Groups", groups, "compare_groups", plain, most=MAX_CONDITIONS)
    if not chosen:
        st.caption("Choose one group to compare its conditions, or several groups.")
        return None
    members = [info for info in infos if set(chosen) & set(info.groups)]
    if len(chosen) > 1 and (twice := [i for i in members if len(set(chosen) & set(i.groups)) > 1]):
        st.error(
            f"{plain(', '.join(map(title_of, twice)))}: in more than one of these groups, so it "
            "would be compared with itself. Take it out of one, or choose other groups.",
            icon=":material/error:",
        )
        return None
    members = _of_one_head(members)
    group = chosen[0] if len(chosen) == 1 else ""
    sides: dict[str, list[SessionInfo]] = {}
    for info in members:
        name = (
            (info.groups[group] or group) if group else next(g for g in chosen if g in info.groups)
        )
        sides.setdefault(name, []).append(info)
    st.caption(
        " · ".join(f"{plain(name)}: {count_of(len(own), 'session')}" for name, own in sides.items())
    )
    if len(sides) < 2:
        st.info(
            "All sessions of this group have one condition. Give some of them another one, or "
            "choose a second group.",
            icon=":material/info:",
        )
        return None
    relative, paired = _options(members)
    conditions = tuple(Condition(name, tuple(own)) for name, own in sides.items())
    return CompareChoice("group", conditions, group, relative=relative, paired=paired)


def _by_interval(store: Store, infos: Sequence[SessionInfo]) -> CompareChoice | None:
    chosen = _sessions(infos, "compare_interval_sessions")
    if not chosen:
        st.caption("Choose one session or more, then which of their intervals.")
        return None
    chosen = _of_one_head(chosen)
    marked = [
        Interval(marker.text, marker.start_s, marker.end_s, info.id)
        for info in chosen
        for marker in store.session(info.id).markers.list()
        if marker.kind == MARKER and marker.end_s is not None and marker.text
    ]
    names = list(dict.fromkeys(interval.name for interval in marked))
    if len(names) < 2:
        st.info(
            "These sessions have no two intervals with a text. Open a session, mark an interval "
            "in its timeline and write what it is.",
            icon=":material/info:",
        )
        return None
    wanted = st.pills(
        "Intervals", names, selection_mode="multi", default=names[:MAX_CONDITIONS],
        format_func=plain, key="compare_intervals",
    )  # fmt: skip
    if len(wanted) < 2:
        st.caption("Choose at least two intervals.")
        return None
    relative, paired = _options(chosen)
    ordered = [name for name in names if name in wanted]
    conditions = tuple(
        Condition(
            name,
            tuple(i for i in chosen if any(m.name == name and m.session == i.id for m in marked)),
        )
        for name in ordered
    )
    intervals = tuple(interval for interval in marked if interval.name in wanted)
    return CompareChoice(
        "interval", conditions, intervals=intervals, relative=relative, paired=paired
    )


def _sessions(infos: Sequence[SessionInfo], key: str) -> list[SessionInfo]:
    by_id = {info.id: info for info in infos}
    names = unique_titles(infos)
    chosen = _several("Sessions", list(by_id), key, lambda one: plain(names.get(one, one)))
    return [by_id[one] for one in by_id if one in chosen]


def _several(
    label: str, options: list[str], key: str, words: Callable[[str], str], most: int | None = None
) -> list[str]:
    """A choice of several that stands in the URL; what is not there any more is left out."""
    if key not in st.session_state:
        given = [one for one in st.query_params.get_all(COMPARED_PARAMETER) if one in options]
        st.session_state[key] = given
    else:
        st.session_state[key] = [one for one in st.session_state[key] if one in options]
    chosen = st.multiselect(
        label, options, format_func=words, key=key, max_selections=most,
        placeholder=f"Choose {label.lower()}",
    )  # fmt: skip
    st.query_params[COMPARED_PARAMETER] = chosen
    return list(chosen)


def _of_one_head(infos: list[SessionInfo]) -> list[SessionInfo]:
    """Sessions by one head's labels: the same face gets other scores by other labels."""
    heads: dict[str, list[SessionInfo]] = {}
    for info in infos:
        heads.setdefault(head_of(info), []).append(info)
    known = [head for head in heads if head]
    if len(known) < 2:
        return infos
    most = max(known, key=lambda head: len(heads[head]))
    chosen = st.segmented_control(
        "Whose labels", known, default=most, required=True, key="compare_labels",
        format_func=lambda head: f"{plain(HEAD_TITLES.get(head, head))}: "
        f"{count_of(len(heads[head]), 'session')}",
        help="These sessions were read by different labels, which give the same face other scores. "
        "Only those of one are compared.",
    ) or most  # fmt: skip
    return [info for info in infos if head_of(info) in (chosen, "")]


def head_of(info: SessionInfo) -> str:
    """Whose labels a session was read by; empty where nobody noted it."""
    model: Any = info.details.get("model")
    named = model.get("labels") if isinstance(model, dict) else ""
    return str(named or info.options.get("labels") or "")


def _options(infos: Sequence[SessionInfo]) -> tuple[bool, bool | None]:
    """(whether resting faces are subtracted, whether people are compared with themselves)."""
    resting = sum(person.baseline is not None for info in infos for person in info.people)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        pairing = st.selectbox(
            "Compare people", list(_PAIRING), format_func=_PAIRING.__getitem__, width=210,
            key="compare_pairing", help=_PAIRING_HELP,
        )  # fmt: skip
        relative = st.toggle(
            "Subtract resting faces", key="compare_relative", disabled=not resting,
            help="Mean scores and curves become changes from the resting interval of each person "
            "who has one. What a face was called, and so shares and onsets, stays."
            if resting
            else "Nobody in these sessions has a resting interval. Open a session and set one for "
            "a person.",
        )  # fmt: skip
    paired = {"paired": True, "unpaired": False}.get(pairing)
    return bool(relative and resting), paired


def unique_titles(infos: Sequence[SessionInfo]) -> dict[str, str]:
    """{id: title}, each title once."""
    found: dict[str, str] = {}
    titles = [title_of(info) for info in infos]
    for info, title in zip(infos, titles, strict=True):
        more = f"{moment(info.created)}, {info.id[:6]}"
        name = title if titles.count(title) == 1 else f"{title} ({more})"
        found[info.id] = name
    return found
