"""The people of a session: as in a video, and who they are across sessions and at rest."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from emotion_core.errors import StoreError
from emotion_core.markdown import plain
from emotion_core.store.session import StoredSession
from emotion_core.store.session_info import Person, SessionInfo
from emotion_core.store.session_undo import UndoableEdits
from emotion_core.video.markers import MARKER
from emotion_core.video.people_list import ListedPerson
from emotion_core.wording import clock
from pages.parts.common.review.edits import attempt
from pages.parts.common.review.face_pictures import face_jpegs_of
from pages.parts.common.review.people import FindPictures, people_panel
from pages.parts.common.review.people_table import PersonColumn
from pages.parts.common.session_serving import session_rows
from pages.parts.sessions.of_video import video_of

_NONE = ""


def people_section(
    session: StoredSession, info: SessionInfo, edits: UndoableEdits, version: str, *, blur: bool
) -> None:
    """The table, and the resting faces."""
    people = session_rows().rows(session).people()
    by_number = {person.number: person for person in info.people}
    people_panel(
        people,
        edits.people,
        f"session_{info.id}",
        version,
        _finder(session, info, people, blur=blur),
        can_undo=len(edits.people.log) > 0,
        more=(
            PersonColumn(
                "across",
                {number: person.subject for number, person in by_number.items()},
                st.column_config.TextColumn(
                    "Across sessions", max_chars=100,
                    help="Who this is in all sessions: whoever has the same name there counts as "
                    "one person. Nobody is recognised; you say so.",
                ),
                lambda number, name: edits.people.link(number, str(name or "")),
            ),
            PersonColumn(
                "rest",
                {number: _span(person) for number, person in by_number.items()},
                st.column_config.TextColumn(
                    "At rest", help="When the face is at rest, set below the table."
                ),
            ),
        ),
    )  # fmt: skip
    if info.people:
        _resting(session, info, edits)


def _finder(
    session: StoredSession, info: SessionInfo, people: Sequence[ListedPerson], *, blur: bool
) -> FindPictures:
    """Finds pictures that were kept because the user wanted them, else those of the video."""
    if blur:
        return lambda _: {}
    if kept := _kept_pictures(session, info, people):
        return lambda _: kept
    video = video_of(info)
    path = video.path if video is not None else None
    return lambda people: face_jpegs_of(path, people)


def _kept_pictures(
    session: StoredSession, info: SessionInfo, people: Sequence[ListedPerson]
) -> dict[int, bytes]:
    if not session.pictures() or not info.people:
        return {}
    found = {person.id: session.picture(person=person.id) for person in people}
    return {number: jpeg for number, jpeg in found.items() if jpeg is not None}


def _span(person: Person) -> str:
    if person.baseline is None:
        return ""
    start_s, end_s = person.baseline
    return f"{clock(start_s)} to {clock(end_s)}"


def _resting(session: StoredSession, info: SessionInfo, edits: UndoableEdits) -> None:
    """Sets the interval in which somebody's face is at rest."""
    intervals = {
        marker.id: marker
        for marker in session.markers.list()
        if marker.kind == MARKER and marker.end_s is not None
    }
    with st.popover("Resting face", icon=":material/self_improvement:"):
        st.caption(
            "Some faces look sad or angry at rest. Say when a face is at rest, and comparisons can "
            "subtract what it shows then. Choose an interval that you marked, or write its times."
        )
        people = {person.number: person for person in info.people}
        number = st.selectbox(
            "Person", list(people), format_func=lambda one: plain(people[one].name),
            key=f"rest_person_{info.id}",
        )  # fmt: skip
        chosen = st.selectbox(
            "Interval", [_NONE, *intervals], key=f"rest_interval_{info.id}",
            format_func=lambda one: plain(_words(intervals.get(one))),
        )  # fmt: skip
        marker = intervals.get(chosen)
        known = people[number].baseline or (0.0, min(10.0, max(info.duration_s, 0.1)))
        start_s, end_s = known if marker is None else (marker.start_s, marker.end_s)
        with st.form(f"rest_form_{info.id}_{number}_{chosen}", border=False):
            begin, end = st.columns(2)
            begin.number_input(
                "From, seconds", 0.0, None, float(start_s), 1.0, key=f"rest_from_{number}_{chosen}"
            )
            end.number_input(
                "To, seconds", 0.0, None, float(end_s or 0.0), 1.0, key=f"rest_to_{number}_{chosen}"
            )
            st.form_submit_button(
                "Set", type="primary", icon=":material/check:", on_click=attempt,
                args=(_set, edits, number, f"{number}_{chosen}"),
            )  # fmt: skip
            st.form_submit_button(
                "Remove", icon=":material/close:", disabled=people[number].baseline is None,
                on_click=attempt, args=(edits.people.remove_baseline, number),
            )  # fmt: skip


def _set(edits: UndoableEdits, person: int, key: str) -> None:
    """Takes what stands in the two fields."""
    from_s, to_s = (st.session_state.get(f"rest_{end}_{key}") for end in ("from", "to"))
    if from_s is None or to_s is None:
        raise StoreError("Wanted a begin and an end in seconds. Received nothing.")
    edits.people.set_baseline(person, from_s, to_s)


def _words(marker: Any) -> str:
    if marker is None:
        return "Times below"
    span = f"{clock(marker.start_s)} to {clock(marker.end_s)}"
    return f"{marker.text} ({span})" if marker.text else span
