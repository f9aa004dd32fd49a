"""The people of a video or a session: named, merged, hidden; they are split in the player."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from emotion_core.video.editing import EditablePeople
from emotion_core.video.people_list import ListedPerson
from emotion_core.wording import clock
from pages.parts.common.review.edits import attempt

_NOBODY = ""


@dataclass(frozen=True, slots=True)
class PersonColumn:
    """One more column.

    Attributes:
        name: of the column in the table.
        values: {person: what stands there}.
        config: of the column, as Streamlit takes it.
        change: takes a person and what was written there; None where nothing can be.
    """

    name: str
    values: Mapping[int, Any]
    config: Any
    change: Callable[[int, Any], object] | None = None


def people_table(
    people: Sequence[ListedPerson],
    edits: EditablePeople,
    key: str,
    *,
    can_undo: bool,
    pictures: Mapping[int, str] | None = None,
    more: Sequence[PersonColumn] = (),
) -> None:
    """A row per person, in which everything can be changed, and undone.

    Args:
        people: everybody.
        edits: changes them.
        key: of the table; it changes with every change of the people.
        can_undo: whether there is a change to take back.
        pictures: {person: data address of their face}; empty for none.
        more: columns behind the others.
    """
    if not people:
        st.caption("No face was found.")
        return
    names = {f"{person.name} (number {person.id})": person.id for person in people}
    rows = [
        {
            "picture": (pictures or {}).get(person.id),
            "name": person.name,
            "seconds": person.seconds,
            "span": f"{clock(person.first_s)} to {clock(person.last_s)}",
            "into": _NOBODY,
            "hidden": person.hidden,
            **{column.name: column.values.get(person.id) for column in more},
        }
        for person in people
    ]
    fixed = [column.name for column in more if column.change is None]
    st.data_editor(
        rows,
        key=key,
        hide_index=True,
        width="stretch",
        row_height=56 if pictures else None,
        disabled=["picture", "seconds", "span", *fixed],
        on_change=_changed,
        args=(edits, key, [person.id for person in people], names, more),
        column_config={
            "picture": st.column_config.ImageColumn("Face", width="small") if pictures else None,
            "name": st.column_config.TextColumn("Name", max_chars=100, required=True),
            "seconds": st.column_config.NumberColumn("Seen", format="%.1f s"),
            "span": st.column_config.TextColumn("From when until when"),
            "into": st.column_config.SelectboxColumn(
                "Is the same as", options=[_NOBODY, *names],
                help="Both become one person, under the name of the one chosen here.",
            ),
            "hidden": st.column_config.CheckboxColumn(
                "Hidden", help="Left out of the picture, the timeline, the figures and the files."
            ),
            **{column.name: column.config for column in more},
        },
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Undo", key="people_undo", icon=":material/undo:", disabled=not can_undo,
            on_click=attempt, args=(edits.undo,),
        )  # fmt: skip
        st.caption(
            "If one person turns into another in the middle: choose the person in the timeline, "
            "go to that moment, and press S."
        )


def _changed(
    edits: EditablePeople,
    key: str,
    people: Sequence[int],
    names: Mapping[str, int],
    more: Sequence[PersonColumn],
) -> None:
    changes = (st.session_state.get(key) or {}).get("edited_rows", {})
    for row, values in changes.items():
        attempt(_change, edits, people[int(row)], values, names)
        for column in more:
            if column.change is not None and column.name in values:
                attempt(column.change, people[int(row)], values[column.name])


def _change(
    edits: EditablePeople, person: int, values: Mapping[str, Any], names: Mapping[str, int]
) -> None:
    if "name" in values:
        edits.name(person, str(values["name"] or ""))
    if "hidden" in values:
        edits.hide(person, bool(values["hidden"]))
    if into := values.get("into"):
        edits.merge(person, names[into])
