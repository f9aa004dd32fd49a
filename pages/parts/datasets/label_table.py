"""The table "folder -> expression" that an import proposes and a person confirms."""

from html import escape
from typing import Any

import streamlit as st

from emotion_core.datasets.importing import LEAVE_OUT
from emotion_core.emotions import FER2013
from emotion_core.html.pieces import paragraph
from emotion_core.jobs import JobInfo
from emotion_core.markdown import plain
from emotion_core.wording import count_of
from pages.parts.common.jobs import job_board

_CHOICES = (*FER2013.names, LEAVE_OUT)
_NUMBERING_KEY = "ds_map_numbering"


def label_table(job: JobInfo, result: dict[str, Any], *, hidden: bool) -> None:
    """What was found, what it is taken for, and a way to change it and to go on.

    Args:
        job: the import that has ended with the question.
        result: what it came to.
        hidden: whether faces are blurred.
    """
    question = result["question"]
    rows, kind = question["rows"], question["kind"]
    st.markdown(f"**Which expression does each {plain(kind)} show?**")
    st.html(paragraph(_summary(job, question)))
    if question["why"]:
        st.html(paragraph(_why(kind, question)))
    for assumed in question["assumed"]:
        st.html(paragraph(assumed, quiet=True))
    _numbering(question)
    with st.container(key="ds_map", gap="small"):
        chosen = {row["name"]: _row(i, row, question, hidden) for i, row in enumerate(rows)}
    kept = sum(row["n"] for row in rows if chosen[row["name"]] != LEAVE_OUT)
    left = sum(row["n"] for row in rows) - kept
    st.caption(
        f"{count_of(kept, 'face')} will be imported"
        + (f", {left:,} left out." if left else ".")
        + (" Nothing is imported while everything is left out." if not kept else "")
    )
    with st.container(horizontal=True):
        st.button(
            "Import with this table",
            type="primary",
            icon=":material/check:",
            disabled=not kept,
            on_click=_go_on,
            args=(job.id, result, chosen, len(rows)),
        )
        st.button("Cancel", type="tertiary", on_click=_put_away, args=(job.id, len(rows)))


def _summary(job: JobInfo, question: dict[str, Any]) -> str:
    n = sum(row["n"] for row in question["rows"])
    kinds = count_of(len(question["rows"]), question["kind"])
    return f"{job.title}: {count_of(n, 'face')} in {kinds}."


def _why(kind: str, question: dict[str, Any]) -> str:
    """Why a person is asked, in the words of the page."""
    if question["numberings"]:
        return (
            f"The {kind}s are numbers, and data sets number the expressions in different orders. "
            "Compare the faces with the expressions below before you continue."
        )
    return f"No {kind} has the name of an expression. Choose an expression for each that shows one."


def _numbering(question: dict[str, Any]) -> None:
    """The orders that fit, to fill in the table with one of them."""
    numberings = question["numberings"]
    if len(numberings) < 2:
        return
    st.segmented_control(
        "Numbering",
        list(numberings),
        default=next(iter(numberings)),
        required=True,
        key=_NUMBERING_KEY,
        on_change=_fill_in,
        args=(question,),
    )


def _fill_in(question: dict[str, Any]) -> None:
    table = question["numberings"][st.session_state[_NUMBERING_KEY]]
    for i, row in enumerate(question["rows"]):
        st.session_state[_key(i)] = table.get(row["name"], LEAVE_OUT)


def _row(i: int, row: dict[str, Any], question: dict[str, Any], hidden: bool) -> str:
    with st.container(horizontal=True, vertical_alignment="center", key=f"ds_map_row_{i}"):
        st.html(_found(row, _reason(i, row, question), hidden), width="stretch")
        chosen: str = st.selectbox(
            f"Expression of {plain(row['name'])}",
            _CHOICES,
            index=_CHOICES.index(row["expression"] or LEAVE_OUT),
            format_func=_word,
            label_visibility="collapsed",
            key=_key(i),
            width=170,
        )
    return chosen


def _reason(i: int, row: dict[str, Any], question: dict[str, Any]) -> str:
    """Why a folder or label is taken for what stands beside it now."""
    proposed = row["expression"] or LEAVE_OUT
    now = st.session_state.get(_key(i), proposed)
    order = st.session_state.get(_NUMBERING_KEY)
    table = question["numberings"].get(order, {})
    if table.get(row["name"]) == now:
        return f"by {order}’s numbering"
    if now != proposed:
        return "as you chose"
    return row["reason"] if row["expression"] else "not known"


def _found(row: dict[str, Any], reason: str, hidden: bool) -> str:
    """A folder or label: some of its faces, its name, how many there are and why it was read so."""
    kind = "el-hidden" if hidden else ""
    faces = "".join(f'<img class="{kind}" src="{escape(src)}" alt="">' for src in row["examples"])
    return (
        f'<div class="el-mapped"><div class="el-mapped-faces">{faces}</div>'
        f"<div><b>{escape(row['name'])}</b>"
        f"<small>{count_of(row['n'], 'face')} · {escape(reason)}</small></div></div>"
    )


def _word(choice: str) -> str:
    return "Leave out" if choice == LEAVE_OUT else choice.capitalize()


def _key(i: int) -> str:
    return f"ds_map_{i}"


def _go_on(job: str, result: dict[str, Any], chosen: dict[str, str], n_rows: int) -> None:
    answer = {"labels": chosen, "source": result["source"], "kaggle": None}
    _forget_widgets(n_rows)
    job_board().answer(job, answer)


def _put_away(job: str, n_rows: int) -> None:
    _forget_widgets(n_rows)
    job_board().forget(job)


def _forget_widgets(n_rows: int) -> None:
    """The next table starts from its own proposal."""
    for key in (_NUMBERING_KEY, *map(_key, range(n_rows))):
        st.session_state.pop(key, None)
