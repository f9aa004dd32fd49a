"""The fields of a new run's settings. Each keeps its value over a change of page."""

from typing import Any

import streamlit as st

from emotion_core.schema.validation import value_types
from emotion_core.schema.value_types import Number, ValueType, WholeNumber
from emotion_core.training.augmentation import Augmentation
from emotion_core.training.config import TrainingConfig

_PREFIX = "train_"


def key(name: str) -> str:
    """Where the session keeps a setting of a new run."""
    return _PREFIX + name


def select(name: str, label: str, options: Any, words: Any, *, note: str = "") -> None:
    """A choice among the setting's options."""
    st.selectbox(
        label, options, format_func=words, key=key(name), persist_state="session",
        help=note or None,
    )  # fmt: skip


def number(name: str, label: str, *, step: Any = 1, form: str = "%d", note: str = "") -> None:
    """A number within the limits of the setting."""
    kind = _kind(name)
    assert isinstance(kind, WholeNumber | Number)
    # Streamlit wants both ends of one type.
    low, high = (
        (kind.low, kind.high)
        if isinstance(kind, WholeNumber)
        else (float(kind.low), float(kind.high))
    )
    st.number_input(
        label, low, high, key=key(name), persist_state="session", step=step, format=form,
        help=note or None,
    )  # fmt: skip


def slider(name: str, label: str, step: float, *, form: str = "%.2f", note: str = "") -> None:
    """A number from 0 to as far as the setting is usually turned."""
    kind = _kind(name)
    assert isinstance(kind, Number)
    high = kind.high if kind.usual is None else kind.usual
    # A preset or a recipe may go further.
    high = max(high, float(st.session_state.get(key(name)) or 0.0))
    st.slider(
        label, 0.0, float(high), key=key(name), persist_state="session", step=step, format=form,
        help=note or None,
    )  # fmt: skip


def _kind(name: str) -> ValueType:
    """What a setting may be; ``augmentation.`` before a part of the augmentation."""
    tail = name.removeprefix("augmentation.")
    return value_types(TrainingConfig if tail == name else Augmentation)[tail]


def toggle(name: str, label: str, *, disabled: bool = False, note: str = "") -> None:
    """A switch for the setting."""
    st.toggle(
        label, key=key(name), persist_state="session", disabled=disabled, help=note or None
    )  # fmt: skip
