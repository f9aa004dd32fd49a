"""What becomes of resting faces: those that people call neutral."""

import numpy as np
import streamlit as st

from emotion_core.evaluation import Evaluation
from emotion_core.evaluation.resting import RestingFaces
from emotion_core.html import pieces
from emotion_core.types import Int64Array
from emotion_core.wording import count_of, percent
from pages.parts.evaluation.choice import Choice
from pages.parts.evaluation.faces import faces

BEYOND_DOUBT_KEY = "ev_resting_beyond_doubt"


@st.fragment
def resting(choice: Choice, evaluation: Evaluation) -> None:
    """Draws the rates and the misread faces, the most confident mistakes first."""
    found = evaluation.resting(choice.threshold)
    if found is None:
        st.caption(
            "How often a face at rest is called angry, disgusted, afraid or sad will appear here "
            "for data sets with the votes of several raters, which tell the faces at rest."
        )
        return
    if not found.n:
        st.caption("The raters call no face of this split neutral by a clear majority.")
        return
    st.html(pieces.figures(_items(found, evaluation)))
    st.caption(
        "A resting face is one that most raters call neutral. It is misread where the prediction "
        "is angry, disgusted, afraid or sad, and confident enough not to be called uncertain. "
        "“Uncertain below” in the sidebar changes it."
    )
    chosen = found.misread
    if found.beyond_doubt.any():
        only = st.toggle(
            "Only faces that at least 8 of 10 raters call neutral",
            key=BEYOND_DOUBT_KEY,
            persist_state="session",
        )
        chosen = chosen & found.beyond_doubt if only else chosen
    places = _places(found, evaluation, chosen)
    st.markdown(f"**{count_of(len(places), 'misread face')}**, the most confident first")
    if len(places):
        faces(choice, evaluation, places, key="ev_resting_faces")


def _items(found: RestingFaces, evaluation: Evaluation) -> list[tuple[str, str, str]]:
    neutral = int((found.predicted == evaluation.label_set.index("neutral")).sum())
    items = [
        (
            "Misread",
            percent(found.rate or 0.0, 1),
            f"{int(found.misread.sum()):,} of n = {found.n:,} resting faces",
        )
    ]
    if found.rate_beyond_doubt is not None:
        n = int(found.beyond_doubt.sum())
        items.append(
            (
                "Beyond doubt",
                percent(found.rate_beyond_doubt, 1),
                f"misread, of n = {n:,} that at least 8 of 10 raters call neutral",
            )
        )
    items.append(
        ("Called neutral", percent(neutral / found.n, 1), "confident or not, of the resting faces")
    )
    return items


def _places(found: RestingFaces, evaluation: Evaluation, chosen: np.ndarray) -> Int64Array:
    """Places among the judged images of chosen resting faces, the most confident first."""
    order = np.flatnonzero(chosen)
    order = order[np.argsort(-found.confidences[order], kind="stable")]
    # Whatever labels are asked for, a face with a clear majority for neutral is judged.
    place = np.cumsum(evaluation.rows.judged) - 1
    return np.asarray(place[found.rows[order]], np.int64)
