"""The fields of a new run's settings. Each keeps its value over a change of page."""

from typing import Any

import streamlit as st

_PREFIX = "train_"


def key(name: str) -> str:
    """Where the session keeps a setting of a new run."""
    return _PREFIX + name


def select(name: str, label: str, options: Any, words: Any, *, note: str = "") -> None:
    st.selectbox(
        label, options, format_func=words, key=key(name), persist_state="session",
        help=note or None,
    )  # fmt: skip


def number(
    name: str, label: str, low: float, high: float, *, step: Any = 1, form: str = "%d",
    note: str = "",
) -> None:  # fmt: skip
    st.number_input(
        label, low, high, key=key(name), persist_state="session", step=step, format=form,
        help=note or None,
    )  # fmt: skip


def slider(
    name: str, label: str, high: float, step: float, *, form: str = "%.2f", note: str = ""
) -> None:
    st.slider(
        label, 0.0, high, key=key(name), persist_state="session", step=step, format=form,
        help=note or None,
    )  # fmt: skip


def toggle(name: str, label: str, *, disabled: bool = False, note: str = "") -> None:
    st.toggle(
        label, key=key(name), persist_state="session", disabled=disabled, help=note or None
    )  # fmt: skip
