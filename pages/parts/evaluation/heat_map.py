"""A heat map for any image: a row of the data set, or the last face of the photos page."""

import numpy as np
import streamlit as st

from emotion_core.evaluation import Evaluation
from emotion_core.images import resize_image
from emotion_core.types import UInt8Array
from pages.parts.common.session import last_face
from pages.parts.common.settings import Settings
from pages.parts.evaluation.choice import Choice
from pages.parts.evaluation.faces import face_panel

ROW_KEY = "ev_heat_row"
_DATA, _PHOTO = "Data set", "Your last photo"
#: As few pixels as hide an expression, where faces are to be hidden.
_HIDDEN_PX = 5


@st.fragment
def heat_map(choice: Choice, evaluation: Evaluation, settings: Settings) -> None:
    """Chooses an image and draws where its prediction comes from."""
    photo = last_face(settings)
    source = _DATA
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if photo is not None:
            source = st.segmented_control(
                "Picture", (_DATA, _PHOTO), default=_DATA, required=True, key="ev_heat_source"
            )
        if source == _DATA:
            row = _row_choice(evaluation)
    if source == _PHOTO and photo is not None:
        _, result, face = photo
        image: UInt8Array = result.crops.images[face]
        if settings.blur:
            small = resize_image(image, (_HIDDEN_PX, _HIDDEN_PX))
            image = resize_image(small, (image.shape[1], image.shape[0]))
        face_panel(choice, image)
    else:
        at = int(np.flatnonzero(evaluation.rows.images.rows == row)[0])
        images = evaluation.rows.images
        face_panel(choice, images.images[at])
        st.caption(f"Row {row:,}, labelled {images.label_set[int(images.labels[at])].value}.")
    st.caption(
        "A grey square a sixth of the face wide slides over it; where the score falls, the "
        "prediction relies on what was covered (Zeiler & Fergus, arXiv 1311.2901)."
    )


def _row_choice(evaluation: Evaluation) -> int:
    rows = evaluation.rows.images.rows
    low, high = int(rows.min()), int(rows.max())
    if not low <= int(st.session_state.get(ROW_KEY, -1)) <= high:
        st.session_state[ROW_KEY] = low
    asked = int(
        st.number_input(
            "Row in the data set", low, high, step=1, key=ROW_KEY, width=180,
            help="The numbers under the faces in the other tabs and on the Data set page.",
        )
    )  # fmt: skip
    # Other splits stand between these rows, or rows were left out.
    return int(rows[np.abs(rows - asked).argmin()])
