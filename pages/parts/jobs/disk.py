"""What everything takes of the disk, and clean-up that says before what goes."""

import time
from typing import TYPE_CHECKING

import streamlit as st

from emotion_core.disk_use import CleanUp, DiskUse, clean_up, free_bytes, measure
from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from emotion_core.wording import count_of, file_size
from pages.parts.common.guard import guarded

if TYPE_CHECKING:
    import pandas as pd

_USES, _OUTCOME = "_jobs_disk", "_jobs_cleaned"
# Looking through many files takes a moment; what is older is looked at again.
_FRESH_S = 30.0
_LISTED = 500


def disk_panel() -> None:
    """The table of all kinds, and a button for each of which something can go."""
    st.header("Disk use", anchor=False)
    with guarded():
        uses = _measured()
        total, free = sum(use.size.bytes for use in uses), free_bytes()
        left = "" if free is None else f" {file_size(free)} are free."
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Together {file_size(total)}.{left}", width="stretch")
            st.button(
                "Look again", key="jobs_measure", icon=":material/refresh:", type="tertiary",
                on_click=_forget,
            )  # fmt: skip
        _told(st.session_state.pop(_OUTCOME, None))
        st.dataframe(
            _table(uses), hide_index=True, key="jobs_disk_table", height=38 + 35 * len(uses),
            column_config={
                "what": st.column_config.TextColumn("What", width="medium"),
                "size": st.column_config.TextColumn("Size", width="small"),
                "share": st.column_config.ProgressColumn(
                    "Share", min_value=0, max_value=100, format="%.0f %%", width="small"
                ),
                "files": st.column_config.NumberColumn("Files", format="localized", width="small"),
                "can_go": st.column_config.TextColumn("Can go", width="small"),
                "about": st.column_config.TextColumn("What it is", width="large"),
            },
        )  # fmt: skip
        _clean_ups([use for use in uses if use.removable])


def _measured() -> tuple[DiskUse, ...]:
    known: tuple[float, tuple[DiskUse, ...]] | None = st.session_state.get(_USES)
    if known is None or time.monotonic() - known[0] > _FRESH_S:
        with st.spinner("Looking through the files"):
            known = time.monotonic(), measure()
        st.session_state[_USES] = known
    return known[1]


def _forget() -> None:
    st.session_state.pop(_USES, None)


def _table(uses: tuple[DiskUse, ...]) -> "pd.DataFrame":
    import pandas as pd

    total = sum(use.size.bytes for use in uses) or 1
    rows = [
        {
            "what": use.kind.title,
            "size": file_size(use.size.bytes),
            "share": 100 * use.size.bytes / total,
            "files": use.size.files,
            "can_go": file_size(use.removable_bytes) if use.removable else "",
            "about": use.kind.about,
        }
        for use in sorted(uses, key=lambda use: -use.size.bytes)
    ]
    return pd.DataFrame(rows)


def _clean_ups(uses: list[DiskUse]) -> None:
    if not uses:
        st.caption(
            "Nothing can be cleaned up here. Videos, sessions, runs and models are removed on "
            "their own pages."
        )
        return
    with st.container(horizontal=True):
        for use in uses:
            with st.popover(
                f"Clean up {use.kind.title.lower()}", key=f"jobs_clean_{use.kind.key}",
                icon=":material/cleaning_services:",
            ), st.container(width=480):  # fmt: skip
                _asked(use)


def _asked(use: DiskUse) -> None:
    """Says what goes, and asks."""
    import pandas as pd

    st.markdown(
        f"{plain(count_of(len(use.removable), 'thing').capitalize())}, "
        f"{file_size(use.removable_bytes)}. {plain(use.kind.lost)}"
    )
    rows = [
        {
            "what": one.title,
            "size": file_size(one.bytes),
            "changed": pd.Timestamp(one.modified, unit="s"),
        }
        for one in use.removable[:_LISTED]
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height=min(248, 38 + 35 * len(rows)),
        key=f"jobs_clean_list_{use.kind.key}",
        column_config={
            "what": st.column_config.TextColumn("What", width="medium"),
            "size": st.column_config.TextColumn("Size", width="small"),
            "changed": st.column_config.DatetimeColumn(
                "Changed", format="YYYY-MM-DD HH:mm", width="small"
            ),
        },
    )  # fmt: skip
    if len(use.removable) > _LISTED:
        st.caption(f"{len(use.removable) - _LISTED:,} more are not listed.")
    st.button(
        f"Remove {plain(count_of(len(use.removable), 'thing'))}", type="primary",
        key=f"jobs_clean_yes_{use.kind.key}", icon=":material/delete:", on_click=_clean,
        args=(use.kind.key, frozenset(one.id for one in use.removable)),
    )  # fmt: skip


def _clean(key: str, ids: frozenset[str]) -> None:
    try:
        st.session_state[_OUTCOME] = clean_up(key, ids)
    except EmotionLensError as error:
        st.session_state[_OUTCOME] = CleanUp(problems=(str(error),))
    _forget()


def _told(done: CleanUp | None) -> None:
    """What came of the last clean-up."""
    if done is None:
        return
    if done.removed or not done.problems:
        st.success(
            f"{plain(count_of(done.removed, 'thing').capitalize())} removed, "
            f"{file_size(done.bytes)} freed.",
            icon=":material/check_circle:",
        )
    for problem in done.problems:
        st.error(plain(problem), icon=":material/error:")
