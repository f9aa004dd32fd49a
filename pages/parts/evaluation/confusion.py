"""Which expression is taken for which, and the pictures behind each cell."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from emotion_core.charts import confusion_chart
from emotion_core.evaluation import Evaluation
from emotion_core.markdown import plain
from emotion_core.wording import count_of
from pages.parts.evaluation.choice import Choice
from pages.parts.evaluation.faces import by_confidence, faces

TRUE_KEY, PREDICTED_KEY = "ev_true", "ev_predicted"
_CHART_KEY = "ev_confusion"
_CELL = "cell"
_RATES, _COUNTS = "Rates in %", "Counts"


@st.fragment
def confusion(choice: Choice, evaluation: Evaluation, figures: Mapping[str, Any]) -> None:
    """Draws the matrix and the faces of the chosen cell."""
    names = list(evaluation.label_set.names)
    _begin_with_the_worst(names, figures["confusion"])
    matrix, pictures = st.columns([6, 7], gap="large")
    with matrix:
        form = st.segmented_control(
            "Cells",
            (_RATES, _COUNTS),
            default=_RATES,
            required=True,
            key="ev_cells",
            persist_state="session",
            label_visibility="collapsed",
        )
        st.altair_chart(
            confusion_chart(figures["confusion"], names, rates=form != _COUNTS, pick=_CELL),
            key=_CHART_KEY,
            on_select=_take_cell,
            selection_mode=_CELL,
            alt="Confusion matrix: rows are the labels, columns the model's predictions.",
        )
        st.caption("Rows: labels. Columns: predictions. Click a cell to see its faces.")
    with pictures:
        with st.container(horizontal=True):
            true = st.selectbox("Labelled", names, key=TRUE_KEY, width=150)
            predicted = st.selectbox("Predicted", names, key=PREDICTED_KEY, width=150)
        wanted = (evaluation.rows.truth == names.index(true)) & (
            evaluation.predicted == names.index(predicted)
        )
        n = int(wanted.sum())
        st.markdown(
            f"**{count_of(n, 'face')}** labelled {plain(true)}, predicted {plain(predicted)}"
        )
        if n:
            faces(choice, evaluation, by_confidence(evaluation, wanted), key="ev_cell_faces")


def _begin_with_the_worst(names: list[str], matrix: list[list[int]]) -> None:
    """The most frequent mistake, until somebody chooses."""
    if st.session_state.get(TRUE_KEY) in names and st.session_state.get(PREDICTED_KEY) in names:
        return
    wrong = [
        (count, true, predicted)
        for true, row in enumerate(matrix)
        for predicted, count in enumerate(row)
        if true != predicted
    ]
    _, true, predicted = max(wrong)
    st.session_state[TRUE_KEY], st.session_state[PREDICTED_KEY] = names[true], names[predicted]


def _take_cell() -> None:
    """A click on a cell sets the two boxes beside it."""
    chosen = st.session_state[_CHART_KEY]["selection"].get(_CELL) or []
    if chosen:
        st.session_state[TRUE_KEY] = chosen[0]["true"]
        st.session_state[PREDICTED_KEY] = chosen[0]["predicted"]
