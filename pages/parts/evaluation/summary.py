"""The figures at the top, and what has to be known to read them."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from emotion_core.classifiers.heads import HEAD_TITLES
from emotion_core.html import pieces
from emotion_core.markdown import plain
from emotion_core.wording import percent
from pages.parts.common.settings import Settings
from pages.parts.evaluation.choice import Choice


def summary(choice: Choice, figures: Mapping[str, Any], settings: Settings) -> None:
    """Draws the figures in a row and the notes below them."""
    st.html(pieces.figures(_items(figures)))
    for note in [*_head_notes(choice, settings), *_notes(choice)]:
        st.caption(plain(note))


def interval(bounds: tuple[float, float] | list[float]) -> str:
    """A 95 % interval in percent, e.g. "63.4 to 66.5 %"."""
    low, high = bounds
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def _items(figures: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    items = [
        (
            "Accuracy",
            percent(figures["accuracy"], 1),
            f"{interval(figures['accuracy_ci95'])} (95 % interval), n = {figures['n']:,}",
        )
    ]
    if figures["accuracy_unseen"] is not None:
        items.append(
            (
                "Without leaked images",
                percent(figures["accuracy_unseen"], 1),
                f"{interval(figures['accuracy_unseen_ci95'])}, n = {figures['n_unseen']:,} that do "
                "not also stand in Training",
            )
        )
    items.append(("Macro-F1", percent(figures["macro_f1"], 1), "every expression counts the same"))
    if figures["accuracy_covered"] is not None:
        items.append(
            (
                "When confident",
                percent(figures["accuracy_covered"], 1),
                f"{percent(figures['coverage'])} of faces, uncertain below "
                f"{percent(figures['threshold'])}",
            )
        )
    resting = figures["resting_misread"]
    if resting and resting["majority"] is not None:
        items.append(
            (
                "Resting faces misread",
                percent(resting["majority"], 1),
                f"of n = {resting['n']:,} that the raters call neutral: called angry, disgusted, "
                "afraid or sad, and not uncertain",
            )
        )
    low, high = figures["ece_perfect_ci95"]
    items.append(
        (
            "Calibration error",
            percent(figures["ece"], 1),
            f"mean gap between confidence and accuracy; by chance alone {percent(low, 1)} to "
            f"{percent(high, 1)}",
        )
    )
    return items


def _head_notes(choice: Choice, settings: Settings) -> list[str]:
    """Which head is judged, where that is not obvious."""
    title = HEAD_TITLES[choice.answering]
    if choice.answering != choice.rows.labels:
        return [
            f"This model has one head, {title}, which is judged here by labels that it was not "
            "made to predict."
        ]
    if choice.answering != settings.labels:
        return [
            f"Judged is the head {title}, with its card's threshold of "
            f"{percent(choice.threshold)}. The sidebar's choice answers on the other pages."
        ]
    return []


def _notes(choice: Choice) -> list[str]:
    notes = []
    if choice.data.is_synthetic:
        notes.append(
            "The synthetic data set is drawn by code: its figures say nothing about real faces."
        )
    if choice.rows.split == "training":
        notes.append(
            "The model may have been trained on these very images: this is memory, not skill."
        )
    if choice.rows.split == "merged":
        notes.append(
            "Half of these images were used to choose the epoch and the calibration: use this "
            "only to compare with projects that report on both."
        )
    unknown = [e.value for e in choice.rows.label_set if e not in choice.model.label_set.emotions]
    if unknown:
        notes.append(f"This model does not know {', '.join(unknown)}: it always misses them.")
    return notes
