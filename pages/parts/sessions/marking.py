"""What is done with several sessions at once: tags, groups, compare, delete."""

from collections.abc import Sequence

import streamlit as st

from emotion_core.markdown import plain
from emotion_core.store.models import SessionState
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.store import Store
from emotion_core.wording import count_of
from pages.parts.common.review.edits import attempt
from pages.parts.sessions.deleting import throw_away
from pages.parts.sessions.state import (
    choose_none,
    chosen_key,
    chosen_sessions,
    start_comparing,
)


def marking_bar(store: Store, infos: Sequence[SessionInfo]) -> None:
    """How many sessions are chosen, and what can be done with them.

    Args:
        store: of the sessions.
        infos: those that are listed.
    """
    ids = [info.id for info in infos]
    chosen = chosen_sessions(ids)
    with st.container(
        horizontal=True, vertical_alignment="center", key="sessions_marking", gap="small"
    ):
        if not chosen:
            st.button(
                "Choose all", key="sessions_choose_all", type="tertiary",
                icon=":material/check_box_outline_blank:", on_click=_choose_all, args=(ids,),
            )  # fmt: skip
            st.button(
                "Compare", key="sessions_compare", type="tertiary",
                icon=":material/compare_arrows:", on_click=start_comparing,
                help="Sessions, groups and their conditions, or intervals with each other.",
            )  # fmt: skip
            return
        st.markdown(f"{count_of(len(chosen), 'session').capitalize()} chosen", width="content")
        with st.popover("Tag", icon=":material/label:"):
            _tag_form(store, chosen, sorted({tag for info in infos for tag in info.tags}))
        with st.popover("Group", icon=":material/group_work:"):
            _group_form(store, chosen, sorted({name for info in infos for name in info.groups}))
        st.button(
            "Compare", key="sessions_compare_chosen", icon=":material/compare_arrows:",
            on_click=start_comparing, args=(chosen,),
        )  # fmt: skip
        running = {info.id for info in infos if info.state == SessionState.RECORDING}
        st.button(
            "Delete", key="sessions_delete_chosen", icon=":material/delete:",
            disabled=bool(running & set(chosen)), on_click=throw_away, args=tuple(chosen),
        )  # fmt: skip
        st.button(
            "Choose none", key="sessions_choose_none", type="tertiary", on_click=choose_none,
            args=(ids,),
        )  # fmt: skip


def _choose_all(sessions: Sequence[str]) -> None:
    for one in sessions:
        st.session_state[chosen_key(one)] = True


def _tag_form(store: Store, chosen: Sequence[str], known: Sequence[str]) -> None:
    with st.form("sessions_tag_form", border=False):
        tag = st.selectbox(
            "Tag", known, index=None, accept_new_options=True, format_func=plain,
            placeholder="Choose or write", key="sessions_tag",
        )  # fmt: skip
        add = st.form_submit_button("Add", type="primary", icon=":material/add:")
        remove = st.form_submit_button("Take away", icon=":material/remove:")
    if tag and (add or remove):
        for one in chosen:
            session = store.session(one)
            attempt(session.add_tag if add else session.remove_tag, tag)
        st.rerun()


def _group_form(store: Store, chosen: Sequence[str], known: Sequence[str]) -> None:
    with st.form("sessions_group_form", border=False):
        group = st.selectbox(
            "Group", known, index=None, accept_new_options=True, format_func=plain,
            placeholder="Choose or write", key="sessions_group",
        )  # fmt: skip
        condition = st.text_input(
            "Condition", max_chars=100, key="sessions_condition",
            help="What sets these sessions apart from others of the group, e.g. calm or loud.",
        )  # fmt: skip
        join = st.form_submit_button("Put in", type="primary", icon=":material/add:")
        leave = st.form_submit_button("Take out", icon=":material/remove:")
    if group and (join or leave):
        for one in chosen:
            session = store.session(one)
            if join:
                attempt(session.join_group, group, condition or "")
            else:
                attempt(session.leave_group, group)
        st.rerun()
