"""The settings that all pages share: one place in the sidebar, kept from page to page."""

from dataclasses import dataclass

import streamlit as st

from emotion_core.classifiers.card import ModelCard
from emotion_core.errors import ModelError
from emotion_core.faces import all_detectors, default_detector_name
from emotion_core.wording import percent
from pages.shared.book import AnalysisKey
from pages.shared.resources import default_confidence, default_detector_note, registry
from pages.shared.text import plain

MODEL_KEY = "model"
DETECTOR_KEY = "detector"
BLUR_KEY = "blur_faces"

#: Low enough for small and turned faces, at the price of a few false ones.
SEARCH_HARD_CONFIDENCE = 0.3


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose.

    Attributes:
        card: card of the model in use.
        detector: name of the face detector.
        min_confidence: the certainty from which a box counts as a face, None for the detector's
            own default.
        threshold: below this share an expression is called uncertain.
        blur: whether faces are made unrecognisable in pictures.
    """

    card: ModelCard
    detector: str
    min_confidence: float | None
    threshold: float
    blur: bool

    @property
    def analysis_key(self) -> AnalysisKey:
        """The part that results depend on: threshold and blur need no new analysis."""
        return AnalysisKey(self.card.name, self.card.sha256, self.detector, self.min_confidence)


def threshold_key(model: str) -> str:
    """Every model has its own threshold, because its card suggests one."""
    return f"threshold_{model}"


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
        detector = _detector_choice()
        min_confidence = _min_confidence_choice(detector)
        threshold = _threshold_choice(card)
        blur = st.toggle(
            "Blur faces",
            key=BLUR_KEY,
            persist_state="session",
            help="In the pictures shown here and in those you download.",
        )
    return Settings(card, detector, min_confidence, threshold, blur)


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
    return choice


def _min_confidence_choice(detector: str) -> float | None:
    default = min(0.95, round(default_confidence(detector) * 20) / 20)
    choice = st.slider(
        "Face certainty, at least",
        min_value=0.1,
        max_value=0.95,
        value=default,
        step=0.05,
        format="percent",
        key=min_confidence_key(detector),
        persist_state="session",
        help="How sure the detector must be that something is a face. "
        "Lower finds more faces, and more that are none.",
    )
    # Untouched, the exact default holds, as on the command line.
    return None if abs(choice - default) < 1e-6 else round(choice, 2)


def _threshold_choice(card: ModelCard) -> float:
    default = min(0.95, round(card.threshold, 2))
    choice = st.slider(
        "Uncertain below",
        min_value=0.0,
        max_value=0.95,
        value=default,
        step=0.01,
        format="percent",
        key=threshold_key(card.name),
        persist_state="session",
        help="If the best expression has a smaller share than this, the face is called "
        f"uncertain. This model's card suggests {percent(card.threshold)}.",
    )
    return card.threshold if abs(choice - default) < 1e-6 else round(choice, 2)
