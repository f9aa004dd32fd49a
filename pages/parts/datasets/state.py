"""What the page keeps in a session and in its query parameters. The only place with the keys."""

from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from typing import Any

import streamlit as st

from emotion_core.datasets.filters import Filter, View, from_params, to_params
from pages.parts.common.data_sets import SET_KEY

TABS = ("Browse", "Audit", "Map", "Corrections", "Import and export")
TAB_KEY = "ds_tab"
PICKING_KEY = "ds_picking"
#: Whether the import is shown on a machine without any data set.
IMPORTING_KEY = "ds_importing"

_WRITTEN = "_ds_query_parameters"
_PICKED = "_ds_picked"
_FACE = "_ds_face"
_JUMPS = "_ds_jumps"
_TAB_PARAM, _SET_PARAM, _FACE_PARAM = "tab", "set", "face"
_LISTS = ("split", "label", "majority", "mark", "predicted")


def key_of(name: str) -> str:
    """The key of the widget for a field of ``Filter`` or ``View``."""
    return f"ds_{name}"


def read_query_parameters() -> None:
    """Takes over what the query parameters say, where it is not what this session wrote itself.

    A URL without query parameters is what a click on the page's name leaves: the page then stays as
    it was.
    """
    given = st.query_params.to_dict()
    state = st.session_state
    if not given and _WRITTEN in state:
        return
    if given == state.get(_WRITTEN):
        return
    show(from_params(given))
    tab = next((tab for tab in TABS if _slug(tab) == given.get(_TAB_PARAM)), TABS[0])
    state[TAB_KEY] = tab
    if _SET_PARAM in given:
        state[SET_KEY] = given[_SET_PARAM]
    face = given.get(_FACE_PARAM, "")
    open_face(int(face) if face.isascii() and face.isdigit() and len(face) < 10 else None)


def write_query_parameters() -> None:
    """Makes the query parameters show what is on the screen."""
    state = st.session_state
    params = {_TAB_PARAM: _slug(state.get(TAB_KEY) or TABS[0])}
    if state.get(SET_KEY):
        params[_SET_PARAM] = state[SET_KEY]
    params |= to_params(view())
    if opened_face() is not None:
        params[_FACE_PARAM] = str(opened_face())
    state[_WRITTEN] = params
    if st.query_params.to_dict() != params:
        st.query_params.from_dict(params)


def view() -> View:
    """What the widgets say now."""
    state = st.session_state

    def value(name: str, usual: Any) -> Any:
        given = state.get(key_of(name), usual)
        if name in _LISTS:
            return tuple(given or ())
        return usual if given is None else given

    wanted = Filter(**{f.name: value(f.name, f.default) for f in fields(Filter)})
    layout = {f.name: value(f.name, f.default) for f in fields(View) if f.name != "filter"}
    return View(wanted, **layout)


def show(wanted: View) -> None:
    """Sets all widgets. To be called before they are drawn, or by a callback."""
    for part in (wanted.filter, wanted):
        for f in fields(part):
            if f.name != "filter":
                value = getattr(part, f.name)
                st.session_state[key_of(f.name)] = list(value) if f.name in _LISTS else value
    _go_to_page(wanted.page)


def show_filter(wanted: Filter) -> None:
    """Sets the filter and keeps the order and the size."""
    show(replace(view(), filter=wanted, page=1))


def browse(wanted: Filter, sort: str = "") -> None:
    """Goes to the grid with a filter, and with an order of its own if there is one."""
    show_filter(wanted)
    if sort:
        st.session_state[key_of("sort")] = sort
    st.session_state[TAB_KEY] = TABS[0]
    open_face(None)


def stay_at_import() -> None:
    """After the first import of a machine: shows what it did, which stands in another tab now."""
    if st.session_state.pop(IMPORTING_KEY, False):
        st.session_state[TAB_KEY] = TABS[-1]


def page_within(n_pages: int) -> int:
    """The page to show; the last one where the page asked for is behind it."""
    page = view().page
    if page > n_pages:
        _go_to_page(n_pages)
    return min(page, n_pages)


def pages(n_pages: int) -> None:
    """Draws the page numbers.

    Streamlit's widget cannot be set from outside once it is there, so that every jump, as to the
    first page of another filter, makes a new one.
    """
    page = view().page
    key = f"ds_pages_{st.session_state.get(_JUMPS, 0)}"

    def turn() -> None:
        st.session_state[key_of("page")] = st.session_state[key]

    if n_pages > 1:
        st.pagination(n_pages, default=min(page, n_pages), key=key, on_change=turn)


def is_picking() -> bool:
    """Whether a click on a face picks it."""
    return bool(st.session_state.get(PICKING_KEY, False))


def limit(name: str, options: Collection[str]) -> None:
    """Leaves out what a widget does not offer now, e.g. orders that need an audit."""
    key = key_of(name)
    value = st.session_state.get(key)
    if name in _LISTS:
        st.session_state[key] = [one for one in value or () if one in options]
    elif value not in options:
        st.session_state[key] = next(iter(options))


def first_page() -> None:
    """Goes to the first page: another filter or order has other pages."""
    _go_to_page(1)


def picked() -> frozenset[int]:
    """Rows that are picked for a common correction."""
    found: frozenset[int] = st.session_state.get(_PICKED, frozenset())
    return found


def pick(rows: Iterable[int]) -> None:
    """Picks these rows and no others."""
    st.session_state[_PICKED] = frozenset(rows)


def pick_on_page(shown: frozenset[int], rows: frozenset[int]) -> None:
    """Picks on one page; what is picked on the others stays."""
    pick((picked() - shown) | rows)


def opened_face() -> int | None:
    """The row whose details are open."""
    row: int | None = st.session_state.get(_FACE)
    return row


def open_face(row: int | None) -> None:
    """Opens the details of a row, or closes them."""
    st.session_state[_FACE] = row


def _go_to_page(page: int) -> None:
    st.session_state[key_of("page")] = page
    st.session_state[_JUMPS] = st.session_state.get(_JUMPS, 0) + 1


def _slug(tab: str) -> str:
    return tab.lower().replace(" ", "-")
