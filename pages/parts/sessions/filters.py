"""Which sessions are listed: words in a field, everything else behind a button."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from emotion_core.markdown import plain
from emotion_core.store.models import SessionKind
from emotion_core.store.session_filter import SessionFilter, names_in
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.session_words import KIND_WORDS

_SEARCH = "sessions_search"
_KEPT = ("kinds", "tags", "groups", "people", "days", "least", "most")
_MINUTE_S = 60.0


def session_filter(infos: Sequence[SessionInfo]) -> SessionFilter:
    """Draws the choices.

    Args:
        infos: all sessions; what stands in them can be chosen.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", key=_SEARCH, type="search", max_chars=200, width=340,
            persist_state="session", placeholder="Names, notes, tags, people, files",
        )  # fmt: skip
        with st.popover("Filter", icon=":material/filter_list:"):
            chosen = _choices(infos, search or "")
        if not chosen.is_empty:
            st.button(
                "Show all", key="sessions_show_all", icon=":material/filter_list_off:",
                type="tertiary", on_click=_clear,
            )  # fmt: skip
    return chosen


def _choices(infos: Sequence[SessionInfo], search: str) -> SessionFilter:
    kinds = st.pills(
        "Kind", list(SessionKind), selection_mode="multi", format_func=KIND_WORDS.__getitem__,
        key="sessions_kinds", persist_state="session",
    )  # fmt: skip
    tags = _choice("With all of these tags", "tags", {tag for i in infos for tag in i.tags})
    groups = _choice("In one of these groups", "groups", {g for i in infos for g in i.groups})
    people = _choice("With one of these people", "people", {n for i in infos for n in names_in(i)})
    days = st.date_input(
        "Begun between", value=[], key="sessions_days", persist_state="session",
        format="YYYY-MM-DD",
    )  # fmt: skip
    shortest, longest = st.columns(2)
    least = shortest.number_input(
        "Shortest, minutes", 0.0, 10_000.0, None, 1.0, key="sessions_least",
        persist_state="session", placeholder="any",
    )  # fmt: skip
    most = longest.number_input(
        "Longest, minutes", 0.0, 10_000.0, None, 1.0, key="sessions_most",
        persist_state="session", placeholder="any",
    )  # fmt: skip
    since, until = _ends(days)
    return SessionFilter(
        search=search.strip(),
        kinds=tuple(kinds),
        tags=tags,
        groups=groups,
        people=people,
        since=since,
        until=until,
        least_s=None if least is None else least * _MINUTE_S,
        most_s=None if most is None else most * _MINUTE_S,
    )


def _choice(label: str, name: str, known: set[str]) -> tuple[str, ...]:
    """A choice of several; nothing where there is nothing to choose from."""
    if not known:
        return ()
    chosen = st.multiselect(
        plain(label), sorted(known, key=str.casefold), key=f"sessions_{name}", format_func=plain,
        persist_state="session", placeholder="any",
    )  # fmt: skip
    return tuple(chosen)


def _ends(days: object) -> tuple[date | None, date | None]:
    """First and last day; the second one is missing while it is being chosen."""
    found = [day for day in days if isinstance(day, date)] if isinstance(days, tuple) else []
    return (found[0] if found else None), (found[1] if len(found) > 1 else None)


def _clear() -> None:
    st.session_state[_SEARCH] = ""
    for name in _KEPT:
        st.session_state.pop(f"sessions_{name}", None)
