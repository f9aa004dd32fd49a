"""What is judged, on what, and against whose labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from emotion_core.datasets import SYNTHETIC, EmotionDataset
from emotion_core.evaluation import SPLITS, EvaluatedModel, EvaluationSplit, evaluated_model
from emotion_core.evaluation.cache import LogitsCache
from emotion_core.wording import count_of
from pages.parts.common.resources import registry
from pages.parts.common.settings import Settings
from pages.parts.evaluation import sets

SET_KEY = "ev_set"
SPLIT_KEY = "ev_split"
LABELS_KEY = "ev_labels"
CORRECTED_KEY = "ev_corrected"

SPLIT_NAMES = {
    "validation": "Validation",
    "test": "Test",
    "merged": "Both",
    "training": "Training",
}
LABEL_NAMES = {"fer2013": "Original", "raters": "FER+ raters' majority"}

_SPLIT_HELP = (
    "- **Validation** (PublicTest): to choose models by.\n- **Test** (PrivateTest): to report on. "
    "Every access is logged.\n- **Both** merged: only to compare with Emotion-detection, which "
    "reports on it.\n- **Training**: what the model was trained on; shows memory, not skill."
)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What is judged.

    Attributes:
        model: the head of the model that is judged.
        answering: whose labels that head predicts.
        data: the whole data set.
        rows: the images and their true labels.
        cache: where predictions are kept.
        threshold: below this confidence an answer counts as uncertain.
        source: the data set's file, or ``synthetic``.
        corrected: whether its corrections are applied.
    """

    model: EvaluatedModel
    answering: str
    data: EmotionDataset
    rows: EvaluationSplit
    cache: LogitsCache
    threshold: float
    source: str
    corrected: bool

    def job_arguments(self, model: str) -> dict[str, Any]:
        """What a job gets that asks a model about these images."""
        return {
            "model": model,
            "dataset": self.source,
            "corrections": self.corrected,
            "split": self.rows.split,
            "labels": self.rows.labels,
        }


def choose(settings: Settings) -> Choice | None:
    """Draws the controls; None while there is no data set, and then says how to get one."""
    known = sets.choices()
    if len(known) == 1 and st.session_state.get(SET_KEY) != sets.SYNTHETIC_NAME:
        _no_data()
        return None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="ev_choice"):
        path = _set_choice(known)
        split = st.segmented_control(
            "Images",
            list(SPLITS),
            default="validation",
            required=True,
            format_func=SPLIT_NAMES.__getitem__,
            key=SPLIT_KEY,
            persist_state="session",
            help=_SPLIT_HELP,
        )
        corrected = _corrected_choice(path)
        with st.spinner("Reading the data set"):
            data = sets.dataset(path, corrected)
        labels = _labels_choice(data, settings)
    # A model without a head for these labels answers with the one that it has.
    answering = settings.card.answering(labels)
    return Choice(
        model=evaluated_model(registry(), settings.card.name, answering),
        answering=answering,
        data=data,
        rows=sets.rows(data, split or "validation", labels),
        cache=LogitsCache(),
        # The sidebar's is that of the head that answers elsewhere.
        threshold=settings.threshold
        if answering == settings.labels
        else settings.card.head(answering).threshold,
        source=str(path or SYNTHETIC),
        corrected=corrected,
    )


def _no_data() -> None:
    st.markdown(
        "A model's accuracy, its mistakes with their pictures, calibration and robustness will "
        "appear here as soon as there are labelled faces to evaluate it on."
    )
    with st.container(horizontal=True):
        if st.button("Import FER-2013", type="primary", icon=":material/database_upload:"):
            st.switch_page("pages/datasets.py")
        st.button(
            "Try the synthetic data set",
            icon=":material/draw:",
            on_click=_use_synthetic_set,
            help="Faces drawn by code. Their figures say nothing about real faces.",
        )


def _use_synthetic_set() -> None:
    st.session_state[SET_KEY] = sets.SYNTHETIC_NAME


def _set_choice(known: dict[str, Path | None]) -> Path | None:
    names = list(known)
    if st.session_state.get(SET_KEY) not in known:
        st.session_state[SET_KEY] = names[0]
    name = st.selectbox("Data set", names, key=SET_KEY, persist_state="session", width=250)
    return known[name]


def _corrected_choice(path: Path | None) -> bool:
    n = sets.n_corrections(path)
    if not n:
        return False
    return st.toggle(
        "Corrected",
        key=CORRECTED_KEY,
        persist_state="session",
        help=f"Apply the {count_of(n, 'correction')} of this data set.",
    )


def _labels_choice(data: EmotionDataset, settings: Settings) -> str:
    if not data.has_votes:
        return "fer2013"
    by_head = " Each is asked of the model's head for it." * (len(settings.card.heads) > 1)
    labels = st.segmented_control(
        "Labels",
        list(LABEL_NAMES),
        default=settings.labels,
        required=True,
        format_func=LABEL_NAMES.__getitem__,
        key=LABELS_KEY,
        persist_state="session",
        help="Whose label counts as correct: the data set's own, or that of the majority of ten "
        f"FER+ raters, on the faces where it is clear.{by_head}",
    )
    return labels or "fer2013"
