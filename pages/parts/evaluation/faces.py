"""Faces of the data set side by side; one of them opens with its scores and its heat map."""

import hashlib
from collections.abc import Sequence

import numpy as np
import streamlit as st

from emotion_core.charts import score_bars_chart
from emotion_core.datasets import clear_majority
from emotion_core.evaluation import Evaluation
from emotion_core.evaluation.occlusion import draw_heat_map, occlusion_map
from emotion_core.html import pieces
from emotion_core.images import data_uri, encode_png, resize_image
from emotion_core.types import Decisions, Int64Array, UInt8Array
from emotion_core.wording import describe_face, percent
from pages.parts.common.face_grid import GridFace, face_grid
from pages.parts.common.resources import classifier, registry
from pages.parts.evaluation.choice import Choice

_PER_PAGE = 30
_SIDE_PX = 84
#: Side of an opened face and of its heat map.
FACE_PX = 288


def faces(choice: Choice, evaluation: Evaluation, places: Int64Array, *, key: str) -> None:
    """Draws faces a page at a time; a click opens one.

    Args:
        choice: what is judged.
        evaluation: the predictions.
        places: (K,) int64, places among the judged images, in the order to show.
        key: of the grid.
    """
    n_pages = max(1, -(-len(places) // _PER_PAGE))
    # Every choice of faces has pages of its own.
    page_key = f"{key}_{hashlib.blake2b(places.tobytes(), digest_size=6).hexdigest()}"
    page = int(st.session_state.get(page_key) or 1)
    shown = places[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    opened = face_grid(
        _grid_faces(evaluation, shown),
        key=key,
        side_px=_SIDE_PX,
        label="Faces with the model's prediction and its probability",
    )
    if n_pages > 1:
        st.pagination(n_pages, key=page_key)
    if opened is not None:
        place = int(np.flatnonzero(evaluation.rows.rows == opened)[0])
        _open_face(choice, evaluation, place)


def by_confidence(evaluation: Evaluation, wanted: np.ndarray) -> Int64Array:
    """Places of the wanted images, the most confident predictions first.

    Args:
        evaluation: the predictions.
        wanted: (N,) bool.
    """
    places = np.flatnonzero(wanted)
    confidences = evaluation.probabilities.max(axis=1)[places]
    return np.asarray(places[np.argsort(-confidences, kind="stable")], np.int64)


def picture(image: UInt8Array, side_px: int = FACE_PX) -> bytes:
    """A small gray face as PNG, larger."""
    return encode_png(resize_image(image, (side_px, side_px)))


def face_panel(choice: Choice, image: UInt8Array, label: int | None = None) -> None:
    """A face, where its prediction comes from, and its scores.

    Args:
        choice: the model.
        image: (S, S) uint8 gray.
        label: whose heat map; None for the prediction's.
    """
    card = registry().card(choice.model.name)
    side = card.input_size_px
    fitting = image if image.shape[0] == side else resize_image(image, (side, side))
    worker = classifier(card, choice.answering)
    decisions = Decisions.from_scores(worker.predict(fitting[np.newaxis]), choice.threshold)
    heat = occlusion_map(worker.predict, fitting, label)
    name = card.label_set[heat.label].value
    columns = st.columns([1, 1, 1], gap="medium")
    with columns[0]:
        st.image(picture(image), alt="The face as the model sees it", width="stretch")
        st.caption(describe_face(decisions, 0).capitalize())
    with columns[1]:
        drawn = encode_png(draw_heat_map(fitting, heat, side_px=FACE_PX))
        alt = f"Heat map: where covering the face changes the score of {name}"
        st.image(drawn, alt=alt, width="stretch")
        st.caption(
            f"Red: covering this lowers “{name}” ({percent(heat.probability)}), by up to "
            f"{max(0.0, 100 * float(heat.drops.max())):.0f} points. Blue: it raises it."
        )
    with columns[2]:
        st.altair_chart(
            score_bars_chart(decisions.scores.as_dict(0), uncertain=bool(decisions.uncertain[0])),
            alt=f"The face {describe_face(decisions, 0)}",
        )


@st.dialog("One face", width="large")
def _open_face(choice: Choice, evaluation: Evaluation, place: int) -> None:
    facts = [("Row", f"{int(evaluation.rows.rows[place]):,} of the data set")]
    facts += _labels(evaluation, place)
    if evaluation.rows.seen[place] and evaluation.rows.split != "training":
        facts.append(("Leaked", "this picture, or its mirror image, is also in Training"))
    st.html(pieces.definition_list(facts))
    image = evaluation.rows.images.images[evaluation.rows.judged][place]
    label = st.selectbox(
        "Heat map of",
        range(len(choice.model.label_set)),
        index=int(_own_label(choice, evaluation, place)),
        format_func=lambda number: choice.model.label_set[number].value,
        width=220,
        key=f"ev_heat_of_{place}",
    )
    face_panel(choice, image, label)


def _own_label(choice: Choice, evaluation: Evaluation, place: int) -> int:
    """The prediction as a label of the model, whose order may be another than the data set's."""
    prediction = evaluation.label_set[int(evaluation.predicted[place])]
    return choice.model.label_set.index(prediction)


def _labels(evaluation: Evaluation, place: int) -> list[tuple[str, str]]:
    images = evaluation.rows.images
    at = int(np.flatnonzero(evaluation.rows.judged)[place])
    facts = [("Original label", images.label_set[int(images.labels[at])].value)]
    if images.has_votes:
        majority, clear = clear_majority(images.select(np.array([at])))
        words = images.label_set[int(majority[0])].value if clear[0] else "no clear majority"
        facts.append(("FER+ majority", words))
    return facts


def _grid_faces(evaluation: Evaluation, places: Int64Array) -> Sequence[GridFace]:
    images = evaluation.rows.images.images[evaluation.rows.judged][places]
    names, confidences = evaluation.label_set, evaluation.probabilities.max(axis=1)
    predicted = evaluation.predicted
    found = []
    for image, place in zip(images, places, strict=True):
        prediction = names[int(predicted[place])]
        truth = names[int(evaluation.rows.truth[place])]
        share = percent(float(confidences[place]))
        row = int(evaluation.rows.rows[place])
        found.append(
            GridFace(
                row=row,
                src=data_uri(encode_png(image), "png"),
                title=f"Row {row}: labelled {truth.value}, predicted {prediction.value} ({share})",
                caption=prediction.value,
                note=share,
                colour=prediction.colour,
            )
        )
    return found
