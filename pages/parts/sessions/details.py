"""What its user says of a session: name, notes, tags, groups, how long it is kept; and its end."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from emotion_core.errors import EmotionLensError
from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.store.models import SessionState
from emotion_core.store.session import StoredSession
from emotion_core.store.session_info import SessionInfo
from emotion_core.store.store import Store
from emotion_core.store.texts import MAX_NAME, MAX_NOTES
from pages.parts.sessions.deleting import throw_away
from pages.parts.sessions.forgetting import forget_button
from pages.parts.sessions.of_video import video_link


def details(store: Store, session: StoredSession, info: SessionInfo) -> None:
    """Tags and notes, and the buttons that change them."""
    if words := [*info.tags, *map(_group, info.groups.items())]:
        tags = "".join(f'<li class="el-tag">{escape(word)}</li>' for word in words)
        st.html(f'<ul class="el-tags">{tags}</ul>')
    if info.notes:
        with st.container(key="session_notes"):
            st.html(pieces.paragraph(info.notes))
    is_running = info.state == SessionState.RECORDING
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Edit", key="session_edit", icon=":material/edit:", disabled=is_running,
            help="Name, notes, tags and groups.",
        ):  # fmt: skip
            _edit(store, session.id)
        video_link(info)
        with st.popover("Keep until", icon=":material/auto_delete:", disabled=is_running):
            _keep_until(store, info)
        forget_button(store, info, disabled=is_running)
        st.button(
            "Delete", key="session_delete", icon=":material/delete:", disabled=is_running,
            on_click=throw_away, args=(info.id,),
        )  # fmt: skip


def _group(member: tuple[str, str]) -> str:
    name, condition = member
    return f"{name}: {condition}" if condition else name


@st.dialog("Name, notes, tags and groups", width="medium")
def _edit(store: Store, key: str) -> None:
    edit_form(store, key)


def edit_form(store: Store, key: str) -> None:
    """What can be written of a session; it is kept when it is saved."""
    session = store.session(key)
    info = session.info()
    known = store.sessions()
    with st.form("session_edit_form", border=False):
        name = st.text_input("Name", info.name, max_chars=MAX_NAME, key=f"session_name_{key}")
        notes = st.text_area(
            "Notes", info.notes, max_chars=MAX_NOTES, height=120, key=f"session_notes_{key}"
        )
        tags = st.multiselect(
            "Tags", sorted({tag for one in known for tag in one.tags} | set(info.tags)),
            default=list(info.tags), accept_new_options=True, format_func=plain,
            placeholder="Choose or write", key=f"session_tags_{key}",
        )  # fmt: skip
        st.caption("Groups, and what sets this session apart in each: its condition.")
        rows = [(group, condition) for group, condition in info.groups.items()]
        groups = st.data_editor(
            pd.DataFrame(rows, columns=["group", "condition"]).astype("str"),
            num_rows="dynamic",
            hide_index=True,
            width="stretch",
            key=f"session_groups_{key}",
            column_config={
                "group": st.column_config.TextColumn("Group", max_chars=MAX_NAME, required=True),
                "condition": st.column_config.TextColumn("Condition", max_chars=MAX_NAME),
            },
        )
        saved = st.form_submit_button("Save", type="primary", icon=":material/save:")
    if saved:
        wanted = {
            str(row["group"]).strip(): str(row["condition"] or "").strip()
            for row in groups.to_dict("records")
            if row["group"]
        }
        try:
            _save(session, info, name or "", notes or "", tags, wanted)
        except EmotionLensError as error:
            st.error(plain(error), icon=":material/error:")
            return
        st.rerun()


def _save(
    session: StoredSession,
    info: SessionInfo,
    name: str,
    notes: str,
    tags: Sequence[str],
    groups: Mapping[str, str],
) -> None:
    """Only what is another now: what somebody else changed meanwhile stays."""
    changes: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
    if name.strip() != info.name:
        changes.append((session.rename, (name,)))
    if notes != info.notes:
        changes.append((session.set_notes, (notes,)))
    changes += [(session.add_tag, (tag,)) for tag in tags if tag not in info.tags]
    changes += [(session.remove_tag, (tag,)) for tag in info.tags if tag not in tags]
    changes += [
        (session.join_group, (group, condition))
        for group, condition in groups.items()
        if info.groups.get(group) != condition
    ]
    changes += [(session.leave_group, (group,)) for group in info.groups if group not in groups]
    for change, values in changes:
        change(*values)


def _keep_until(store: Store, info: SessionInfo) -> None:
    days = store.retention.days()
    rule = (
        "it is kept until it is deleted" if days is None else f"it is deleted after {days:,} days"
    )
    until = info.keep_until.astimezone().date() if info.keep_until is not None else None
    with st.form("session_keep_form", border=False):
        chosen = st.date_input(
            "Delete after", value=until, min_value=None, key=f"session_keep_{info.id}",
            format="YYYY-MM-DD", help="Of this session alone.",
        )  # fmt: skip
        st.caption(f"Without a date, {rule}.")
        saved = st.form_submit_button("Save", type="primary", icon=":material/save:")
        cleared = st.form_submit_button("No date", disabled=until is None)
    if cleared or (saved and chosen is None):
        _set_until(store, info.id, None)
    elif saved and chosen is not None:
        # The whole of that day, on this machine's clock.
        end = datetime.combine(chosen, time.max).astimezone().astimezone(UTC)
        _set_until(store, info.id, end)


def _set_until(store: Store, session: str, moment: datetime | None) -> None:
    try:
        store.retention.keep_until(session, moment)
    except EmotionLensError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.rerun()
