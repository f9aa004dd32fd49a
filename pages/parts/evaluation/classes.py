"""Each expression by itself: table, recall bars, precision against recall."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from emotion_core.charts.evaluation import precision_recall_chart
from emotion_core.evaluation import Evaluation
from emotion_core.evaluation.curves import PrecisionRecall, precision_recall

_SHARES = {
    "precision": ("Precision", "Of the faces predicted as this expression, how many show it."),
    "recall": ("Recall", "Of the faces with this expression, how many are recognised."),
    "f1": ("F1", "Harmonic mean of precision and recall."),
    "area": ("AP", "Average precision: the area under the precision-recall curve."),
}


def classes(evaluation: Evaluation, figures: Mapping[str, Any]) -> None:
    """Draws the table and the curves."""
    curves = _curves(evaluation)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _table(figures["per_class"], curves)
    with right:
        st.altair_chart(
            precision_recall_chart(
                {
                    name: (curve.precision.tolist(), curve.recall.tolist(), curve.average_precision)
                    for name, curve in curves.items()
                }
            ),
            alt="Precision against recall, one line per expression.",
        )
        st.caption("Precision against recall: each expression against all others.")


def _curves(evaluation: Evaluation) -> dict[str, PrecisionRecall]:
    """Expressions without a single face have no curve."""
    found = {}
    for label, name in enumerate(evaluation.label_set.names):
        curve = precision_recall(evaluation.probabilities[:, label], evaluation.rows.truth == label)
        if curve is not None:
            found[name] = curve
    return found


def _table(
    per_class: Mapping[str, Mapping[str, float]], curves: Mapping[str, PrecisionRecall]
) -> None:
    frame = pd.DataFrame(
        {
            "emotion": name,
            **{key: 100 * values[key] for key in ("precision", "recall", "f1")},
            "area": 100 * curves[name].average_precision if name in curves else None,
            "support": values["support"],
        }
        for name, values in per_class.items()
    )
    config: dict[str, Any] = {
        "emotion": st.column_config.TextColumn("Expression", width=80),
        "support": st.column_config.NumberColumn("Faces", format="localized", width=60),
    }
    for key, (title, text) in _SHARES.items():
        config[key] = st.column_config.ProgressColumn(
            title, help=text, format="%.1f %%", min_value=0, max_value=100, width=92
        )
    st.dataframe(
        frame,
        column_config=config,
        hide_index=True,
        height="content",
        row_height=38,
        alt="Precision, recall, F1 and average precision of each expression.",
    )
