"""The people of a video as pictures: many are picked and joined at once.

A film with a hundred cuts has hundreds of people at first, as nobody is known again after a cut.
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from emotion_core.images import data_uri, decode_image
from emotion_core.video.editing import EditablePeople
from emotion_core.video.likeness import order_by_likeness
from emotion_core.video.people import MAX_NAME
from emotion_core.video.people_list import ListedPerson
from emotion_core.wording import clock, count_of
from pages.parts.common.face_grid import GridFace, face_grid
from pages.parts.common.review.edits import attempt, was_made

#: More are not looked for; those who are seen longest come first.
MOST_PICTURES = 600
_PER_PAGE = 120
_SIDE_PX = 92
_ORDERS = ("By likeness", "By time")


def people_pictures(
    people: Sequence[ListedPerson],
    edits: EditablePeople,
    of: str,
    jpegs: Mapping[int, bytes],
    *,
    can_undo: bool,
) -> None:
    """Draws the pictures, and what can be done with those that are picked.

    Args:
        people: everybody, by number.
        edits: changes them.
        of: key of the video or session.
        jpegs: {person: their face}.
        can_undo: whether there is a change to take back.
    """
    shown = [person for person in people if person.id in jpegs]
    _bar([person for person in shown if person.id in picked_people(of)], edits, of, can_undo)
    with st.container(horizontal=True, vertical_alignment="center"):
        order = st.segmented_control(
            "Order", _ORDERS, default=_ORDERS[0], required=True, key="review_people_order",
            persist_state="session", label_visibility="collapsed",
        )  # fmt: skip
        st.caption(
            "Click a picture to pick it, and another with Shift to pick all between them. The "
            "order goes by how the pictures look as a whole; nobody is recognised.",
        )
    if order == _ORDERS[0]:
        places = _by_likeness(tuple(jpegs[person.id] for person in shown))
        shown = [shown[place] for place in places]
    else:
        shown.sort(key=lambda person: person.first_s)
    pages = max(1, -(-len(shown) // _PER_PAGE))
    place = st.container()
    page = min(pages, st.pagination(pages, key=f"people_page_{of}")) if pages > 1 else 1
    with place:
        face_grid(
            [_tile(one, jpegs[one.id]) for one in shown[(page - 1) * _PER_PAGE :][:_PER_PAGE]],
            key=f"people_grid_{of}",
            side_px=_SIDE_PX,
            label=f"{count_of(len(shown), 'person', 'people')}, page {page} of {pages}",
            smooth=True,
            picked=picked_people(of),
            on_picked=lambda there, now: pick_people(of, (picked_people(of) - there) | now),
        )
    if len(people) > len(shown):
        st.caption(f"The {len(shown):,} who are seen longest, of {len(people):,}.")


def picked_people(of: str) -> frozenset[int]:
    """Who is picked, by number."""
    found: frozenset[int] = st.session_state.get(_key(of), frozenset())
    return found


def pick_people(of: str, people: frozenset[int]) -> None:
    """Picks these people and no others."""
    st.session_state[_key(of)] = people


def _key(of: str) -> str:
    return f"_review_picked_{of}"


def _bar(picked: Sequence[ListedPerson], edits: EditablePeople, of: str, can_undo: bool) -> None:
    name = f"people_name_{of}"
    with st.container(key="people_bar", border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{count_of(len(picked), 'person', 'people').capitalize()} picked**", width="content"
        )
        st.text_input(
            "Name", key=name, max_chars=MAX_NAME, placeholder="Name, if you like", width=200,
            label_visibility="collapsed",
        )  # fmt: skip
        st.button(
            "Join", key="people_join", type="primary", icon=":material/join:",
            disabled=len(picked) < 2, on_click=_join, args=(edits, of, picked, name),
            help="They become one person.",
        )  # fmt: skip
        hide = not picked or not all(person.hidden for person in picked)
        st.button(
            "Hide" if hide else "Show", key="people_hide",
            icon=":material/visibility_off:" if hide else ":material/visibility:",
            disabled=not picked, on_click=_hide, args=(edits, of, picked, hide),
            help="Left out of the picture, the timeline, the figures and the files.",
        )  # fmt: skip
        st.button(
            "Pick none", key="people_none", type="tertiary", icon=":material/deselect:",
            disabled=not picked, on_click=pick_people, args=(of, frozenset()),
        )  # fmt: skip
        st.button(
            "Undo", key="people_undo", icon=":material/undo:", disabled=not can_undo,
            on_click=attempt, args=(edits.undo,),
        )  # fmt: skip


def _join(edits: EditablePeople, of: str, picked: Sequence[ListedPerson], name: str) -> None:
    """The one with a name of their own stays, or who is seen longest."""
    stays = max(picked, key=lambda person: (person.is_named, person.seconds))
    people = [person.id for person in picked]
    if was_made(edits.join, people, stays.id, st.session_state.get(name) or ""):
        pick_people(of, frozenset())
        st.session_state[name] = ""


def _hide(edits: EditablePeople, of: str, picked: Sequence[ListedPerson], hidden: bool) -> None:
    if was_made(edits.hide_all, [person.id for person in picked], hidden):
        pick_people(of, frozenset())


@st.cache_data(show_spinner=False, max_entries=20)
def _by_likeness(jpegs: tuple[bytes, ...]) -> list[int]:
    return [int(place) for place in order_by_likeness([decode_image(jpeg) for jpeg in jpegs])]


def _tile(person: ListedPerson, jpeg: bytes) -> GridFace:
    span = f"{clock(person.first_s)} to {clock(person.last_s)}"
    return GridFace(
        person.id,
        data_uri(jpeg),
        title=f"{person.name}, seen for {person.seconds:.1f} s, {span}",
        caption=person.name,
        faded=person.hidden,
    )
