"""Evaluation: how good a model is, where it errs, and the pictures behind every figure."""

import streamlit as st

from pages.parts.common.page_frame import show_page
from pages.parts.common.settings import Settings


def _evaluation(settings: Settings) -> None:
    st.title("Evaluation", anchor=False)
    # Only now, because all of this takes a while to import and the title can be seen without it.
    from pages.parts.evaluation.start_button import forget_presses

    _judged(settings)
    forget_presses()


def _judged(settings: Settings) -> None:
    """Everything below the title."""
    from pages.parts.evaluation.choice import choose
    from pages.parts.evaluation.predictions import predictions
    from pages.parts.evaluation.sections import sections
    from pages.parts.evaluation.summary import summary
    from pages.parts.evaluation.test_set_gate import may_access

    choice = choose(settings)
    if choice is None or not may_access(choice):
        return
    evaluation = predictions(choice, choice.model)
    if evaluation is None:
        return
    figures = evaluation.figures(choice.threshold)
    summary(choice, figures, settings)
    sections(choice, evaluation, figures, settings)


show_page(_evaluation, kept="Models, data sets and finished evaluations are kept.")
