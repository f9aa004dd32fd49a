"""The people of a video or a session, as a table or as pictures."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from emotion_core.images import data_uri
from emotion_core.video.editing import EditablePeople
from emotion_core.video.people_list import ListedPerson
from pages.parts.common.review.people_pictures import MOST_PICTURES, people_pictures
from pages.parts.common.review.people_table import PersonColumn, people_table

_FORMS = ("Table", "Pictures")
#: Faces beside the names of the table.
_MOST_IN_TABLE = 40

#: Gives {person: JPEG}; empty where there are no pictures.
FindPictures = Callable[[Sequence[ListedPerson]], Mapping[int, bytes]]


def people_panel(
    people: Sequence[ListedPerson],
    edits: EditablePeople,
    of: str,
    version: str,
    find: FindPictures,
    *,
    can_undo: bool,
    more: Sequence[PersonColumn] = (),
) -> None:
    """Draws the people; where there are several and pictures of them, in the form that is chosen.

    Args:
        people: everybody.
        edits: changes them.
        of: key of the video or session.
        version: another one after every change, so that the table forgets what was written there.
        find: gives the pictures.
        can_undo: whether there is a change to take back.
        more: columns behind the table's others.
    """
    # How far the search is stands there for a while; what follows keeps its place all the same.
    with st.container():
        pictures = find(people[:_MOST_IN_TABLE])
    form = _FORMS[0]
    if len(people) > 1 and pictures:
        form = st.segmented_control(
            "People as", _FORMS, default=_FORMS[0], required=True, key="review_people_form",
            persist_state="session", label_visibility="collapsed",
        )  # fmt: skip
    if form == "Pictures":
        longest = sorted(people, key=lambda person: -person.seconds)[:MOST_PICTURES]
        with st.container():
            found = find(longest)
        people_pictures(people, edits, of, found, can_undo=can_undo)
        return
    people_table(
        people,
        edits,
        f"{of}_{version}",
        can_undo=can_undo,
        pictures={person: data_uri(jpeg) for person, jpeg in pictures.items()},
        more=more,
    )
