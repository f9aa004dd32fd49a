"""Corrections: what was decided, by whom and why; leaks out in one click; undo."""

import numpy as np
import pandas as pd
import streamlit as st

from emotion_core.datasets import leaking_rows
from emotion_core.datasets.corrections_file import EXCLUDE
from emotion_core.datasets.face_table import split_name
from emotion_core.datasets.filters import Filter
from emotion_core.wording import count_of
from pages.parts.common.settings import Settings
from pages.parts.datasets import state
from pages.parts.datasets.correcting import exclude_rows, undo_buttons, who_and_why
from pages.parts.datasets.workspace import Workspace

#: Rows of the table that are drawn with their pictures.
_SHOWN = 500
_ASKING = "_ds_asking_leaks"
_LEAK_REASON = "the same picture, or its mirror image, is also in another split"


def corrections_panel(work: Workspace, settings: Settings) -> None:
    """Everything about the corrections of a data set."""
    corrections = work.book.read()
    st.caption(
        "Corrections are kept in a small file beside the data set, which itself never changes. "
        "Training and evaluation apply them on request."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Exclude everything that leaks from Training",
            icon=":material/content_cut:",
            on_click=_ask,
            args=(True,),
        )
        with st.popover("Author and reason", icon=":material/edit_note:"):
            who_and_why("tab")
        if corrections.path.is_file():
            st.download_button(
                "Download as CSV",
                corrections.path.read_bytes,
                corrections.path.name,
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
            )
    if st.session_state.get(_ASKING):
        _confirm_leaks(work)
    undo_buttons(work, key="tab")
    decided = work.corrected()
    if not decided:
        st.markdown(
            "Nothing has been corrected yet. Open a face in Browse to relabel or exclude it, or "
            "switch on “Select” there to do it for many at once."
        )
        st.button(
            "Go to Browse", icon=":material/grid_view:", on_click=state.browse, args=(Filter(),)
        )
        return
    n_excluded = sum(entry.action == EXCLUDE for entry in decided.values())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{count_of(len(decided), 'face')} corrected**: {len(decided) - n_excluded:,} "
            f"relabelled, {n_excluded:,} excluded",
            width="content",
        )
        st.button(
            "Show in the grid",
            icon=":material/grid_view:",
            type="tertiary",
            on_click=state.browse,
            args=(Filter(mark=("relabelled", "excluded")),),
        )
    _table(work, hidden=settings.blur)


def _table(work: Workspace, *, hidden: bool) -> None:
    """The latest decisions, newest first."""
    facts = work.stored.facts
    names = facts.label_set.names
    latest = sorted(work.corrected().values(), key=lambda e: (e.batch, e.row), reverse=True)
    shown = latest[:_SHOWN]
    pictures = [None] * len(shown) if hidden else work.stored.data_uris([e.row for e in shown])
    table = pd.DataFrame(
        {
            "face": pictures,
            "row": [e.row for e in shown],
            "split": [split_name(str(facts.usage[e.row])) for e in shown],
            "label": [names[int(facts.labels[e.row])] for e in shown],
            "corrected to": [e.emotion or "excluded" for e in shown],
            "who": [e.who for e in shown],
            "when": pd.to_datetime([e.when for e in shown], utc=True, errors="coerce"),
            "why": [e.why for e in shown],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        height=460,
        row_height=44,
        column_config={
            "face": st.column_config.ImageColumn("Face", width=60),
            "row": st.column_config.NumberColumn("Row", format="%d", width=80),
            "split": "Split",
            "label": "Label",
            "corrected to": "Corrected to",
            "who": "Who",
            "when": st.column_config.DatetimeColumn("When", format="YYYY-MM-DD HH:mm"),
            "why": st.column_config.TextColumn("Why", width="large"),
        },
    )
    if len(latest) > len(shown):
        st.caption(f"The newest {len(shown):,} are listed; the CSV has all of them.")


def _ask(asking: bool) -> None:
    st.session_state[_ASKING] = asking


def _exclude(work: Workspace, rows: list[int]) -> None:
    exclude_rows(work.book, rows, _LEAK_REASON)
    _ask(False)


@st.dialog("Exclude leaks from Training", on_dismiss=lambda: _ask(False))
def _confirm_leaks(work: Workspace) -> None:
    if not st.session_state.get(_ASKING):
        st.rerun()
    with st.spinner("Comparing all pictures"):
        rows = np.flatnonzero(leaking_rows(work.stored.dataset()))
    excluded = work.table().excluded
    left = [row for row in rows.tolist() if not excluded[row]]
    if not left:
        st.markdown(
            "No Training face still in use also appears, exactly or mirrored, in another split."
        )
        st.button("Close", on_click=_ask, args=(False,))
        return
    verb = "stands" if len(left) == 1 else "stand"
    st.markdown(
        f"**{count_of(len(left), 'Training face')}** {verb}, exactly or mirrored, also in "
        "Validation or Test. Without them a model is evaluated only on faces that it was not "
        "trained on."
    )
    st.caption("They stay in the data set and can be brought back with Undo.")
    with st.container(horizontal=True):
        st.button(
            f"Exclude {len(left):,}",
            type="primary",
            icon=":material/block:",
            on_click=_exclude,
            args=(work, left),
        )
        st.button("Cancel", on_click=_ask, args=(False,))
