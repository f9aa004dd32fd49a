"""Relabel, exclude, undo: the buttons that several parts of the page share."""

from collections.abc import Callable, Sequence

import streamlit as st

from emotion_core.datasets import Correction, Corrections
from emotion_core.datasets.corrections_file import EXCLUDE, RELABEL, RESTORE
from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from emotion_core.wording import count_of
from pages.parts.datasets.workspace import CorrectionBook, Workspace

WHO_KEY, WHY_KEY = "ds_who", "ds_why"
_FAILED = "_ds_failed"
_VERBS = {RELABEL: "relabelled", EXCLUDE: "excluded", RESTORE: "restored"}


def correction_buttons(work: Workspace, rows: Sequence[int], *, key: str) -> None:
    """Choose a label and give it to these faces, leave them out, or take that back."""
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"ds_correct_{key}"):
        label = st.selectbox(
            "New label",
            work.stored.facts.label_set.names,
            key=f"ds_new_label_{key}",
            persist_state="session",
            width=130,
        )
        decided = work.corrected()
        st.button(
            "Relabel", icon=":material/label:", key=f"ds_relabel_{key}", disabled=not rows,
            on_click=_relabel, args=(work.book, rows, label),
        )  # fmt: skip
        st.button(
            "Exclude", icon=":material/block:", key=f"ds_exclude_{key}", disabled=not rows,
            on_click=_exclude, args=(work.book, rows),
        )  # fmt: skip
        mine = [row for row in rows if row in decided]
        if mine:
            st.button(
                "Restore", icon=":material/restart_alt:", key=f"ds_restore_{key}",
                on_click=_restore, args=(work.book, mine),
                help="Back to what the data set says",
            )  # fmt: skip
        with st.popover("Author and reason", icon=":material/edit_note:", key=f"ds_note_{key}"):
            who_and_why(key)


def who_and_why(key: str) -> None:
    """The two notes that go into every correction made from now on."""
    for name, wanted, hint in (
        ("Who", WHO_KEY, "Your name or initials"),
        ("Why", WHY_KEY, "e.g. clearly smiling"),
    ):
        # Several places show these two, and a key may stand on a page once.
        shown = f"{wanted}_{key}"
        st.session_state[shown] = st.session_state.get(wanted, "")
        st.text_input(
            name, key=shown, placeholder=hint, max_chars=200, on_change=_keep, args=(wanted, shown)
        )
    st.caption("Stored with each correction from now on.")


def undo_buttons(work: Workspace, *, key: str) -> None:
    """Undo, redo, and what the next undo would take back."""
    corrections = work.book.read()
    with st.container(horizontal=True, vertical_alignment="center", key=f"ds_undo_{key}"):
        st.button(
            "Undo", icon=":material/undo:", key=f"ds_undo_button_{key}",
            disabled=not corrections.can_undo, on_click=_change, args=(work.book, Corrections.undo),
        )  # fmt: skip
        st.button(
            "Redo", icon=":material/redo:", key=f"ds_redo_button_{key}",
            disabled=not corrections.can_redo, on_click=_change, args=(work.book, Corrections.redo),
        )  # fmt: skip
        if corrections.can_undo:
            st.caption(f"Last: {plain(_in_words(corrections.entries))}", width="content")
    failed = st.session_state.pop(_FAILED, None)
    if failed:
        st.error(plain(failed), icon=":material/error:")


def exclude_rows(book: CorrectionBook, rows: Sequence[int], why: str) -> None:
    """Leaves rows out for a reason of the page's own."""
    who = st.session_state.get(WHO_KEY, "")
    _change(book, lambda corrections: corrections.exclude(rows, who, why))


def _in_words(entries: Sequence[Correction]) -> str:
    batch = [entry for entry in entries if entry.batch == entries[-1].batch]
    last = batch[-1]
    which = f"row {last.row}" if len(batch) == 1 else count_of(len(batch), "face")
    new = f" {last.emotion}" if last.emotion else ""
    return f"{which} {_VERBS[last.action]}{new}"


def _keep(wanted: str, shown: str) -> None:
    st.session_state[wanted] = st.session_state[shown].strip()


def _notes() -> tuple[str, str]:
    return st.session_state.get(WHO_KEY, ""), st.session_state.get(WHY_KEY, "")


def _relabel(book: CorrectionBook, rows: Sequence[int], label: str) -> None:
    _change(book, lambda corrections: corrections.relabel(rows, label, *_notes()))


def _exclude(book: CorrectionBook, rows: Sequence[int]) -> None:
    _change(book, lambda corrections: corrections.exclude(rows, *_notes()))


def _restore(book: CorrectionBook, rows: Sequence[int]) -> None:
    _change(book, lambda corrections: corrections.restore(rows, *_notes()))


def _change(book: CorrectionBook, step: Callable[[Corrections], object]) -> None:
    # Callbacks run before the page's own net.
    try:
        book.change(step)
    except EmotionLensError as error:
        st.session_state[_FAILED] = str(error)
