"""What a model card says, in figures and in words."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from emotion_core.charts import recall_chart
from emotion_core.classifiers.card import LITERT_FILE, TEST_METRICS, ModelCard
from emotion_core.classifiers.description import describe_model
from emotion_core.classifiers.heads import HEAD_TITLES
from emotion_core.errors import ModelError
from emotion_core.html import pieces
from emotion_core.wording import percent
from pages.parts.common.resources import registry

_ACCURACY = {"raters": "Agreement with raters", "fer2013": "Accuracy by FER-2013"}
_FACES = {
    "raters": "faces with a clear majority of ten raters",
    "fer2013": "test faces by the data set's labels",
}


def figures_strip(card: ModelCard, labels: str) -> str:
    """Figures of the model and of the head in use, as HTML.

    Args:
        card: of the model.
        labels: whose labels the head in use predicts.
    """
    items = []
    # The head in use first.
    for name in sorted(TEST_METRICS, key=lambda name: name != labels):
        if test := card.test_figures(name):
            items.append(
                (_ACCURACY[name], percent(test["accuracy"], 1), _interval(test, _FACES[name]))
            )
    items += _honesty(card.test_figures(labels))
    if card.ms_per_face is not None:
        items.append(
            ("Time per face", f"{card.ms_per_face:.2f} ms", "classifier alone, eight at once")
        )
    parameters = f"{card.n_parameters / 1e6:.2f} million parameters"
    network = registry().folder(card.name) / LITERT_FILE
    if network.is_file():  # where it is missing, opening the model says so
        items.append(("Size", f"{network.stat().st_size / 1e6:.1f} MB", parameters))
    return pieces.figures(items)


def _honesty(test: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """How often resting faces are misread, and whether the confidence is right elsewhere."""
    items = []
    resting = test.get("resting_misread") or {}
    if resting.get("majority") is not None:
        note = f"called angry, disgusted, afraid or sad, n = {resting['n']:,} faces at rest"
        if resting.get("votes_8") is not None:
            note += f"; {percent(resting['votes_8'], 1)} where 8 of 10 raters say neutral"
        items.append(("Resting faces misread", percent(resting["majority"], 1), note))
    if test.get("ece_shifted") is not None:
        note = "mean gap between confidence and accuracy on blurred, dark, small, turned faces"
        if test.get("ece") is not None:
            note += f"; {percent(test['ece'], 1)} on the test faces as they are"
        items.append(("Calibration error", percent(test["ece_shifted"], 1), note))
    return items


def about(card: ModelCard) -> None:
    """What the model is and what it was trained on; its name comes second."""
    st.subheader("What it is", anchor=False)
    training = card.training
    protocol = (
        "No test image was among its training images."
        if training["leak_free"]
        else "Some test images were among its training images."
    )
    if training.get("third_party"):
        protocol = "Test images may have been among its training images."
    st.html(
        pieces.paragraph(describe_model(card))
        + pieces.paragraph(
            f"Name: {card.title}. {card.description} {protocol} Licence: {card.licence}.",
            quiet=True,
        )
    )


def choices() -> list[tuple[str, str]]:
    """(what for, which model and how good) of the usable models that say it, the default first."""
    models, found = registry(), []
    default = models.find_default()
    for name in sorted(models.names(), key=lambda name: name != default):
        try:
            card = models.card(name)
        except ModelError:
            continue  # the side bar says what is wrong with it
        if card.use_for:
            purpose, _, why = card.use_for.partition(": ")
            said = ". ".join(part for part in (_sentence(why), _how_good(card)) if part)
            found.append((_sentence(purpose), f"{card.title}. {said}".strip()))
    return found


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _how_good(card: ModelCard) -> str:
    parts = []
    if test := card.test_figures("fer2013"):
        parts.append(f"right by FER-2013's labels on {percent(test['accuracy'], 1)}")
    if ferplus := card.test_figures("raters"):
        parts.append(f"by the majority of ten FER+ raters on {percent(ferplus['accuracy'], 1)}")
    text = " and ".join(parts) + " of the test faces" if parts else ""
    speed = f"{card.ms_per_face:.1f} ms per face" if card.ms_per_face is not None else ""
    said = _sentence("; ".join(part for part in (text, speed) if part))
    return f"{said}." if said else ""


def mistakes(card: ModelCard, labels: str) -> None:
    """How many faces of each expression are recognised, and what the others are taken for.

    Args:
        card: of the model.
        labels: whose labels the head in use predicts; of two heads it stands in front.
    """
    st.subheader("What it gets wrong", anchor=False)
    if len(card.heads) == 1:
        _mistakes(card, labels if card.test_figures(labels) else "fer2013")
        return
    names = sorted(card.heads, key=lambda name: name != labels)
    tabs = st.tabs([HEAD_TITLES[name] for name in names])
    for tab, name in zip(tabs, names, strict=True):
        with tab:
            _mistakes(card, name)


def _mistakes(card: ModelCard, labels: str) -> None:
    test = card.test_figures(labels)
    per_class = test.get("per_class")
    if not per_class:
        st.caption("This model's card has no figures per expression.")
        return
    ordered = {name: per_class[name] for name in card.labels if name in per_class}
    confusion = test.get("confusion")
    by_raters = " Judged by the majority of the FER+ raters." if labels == "raters" else ""
    st.caption(_weakest(ordered) + by_raters)
    st.altair_chart(
        recall_chart(ordered, confusion),
        key=f"recall_{labels}",
        alt="Share of the faces of each expression that is recognised, and what the missed "
        "ones are most often taken for.",
    )
    if confusion:
        st.caption("Right of the bars: recognised, and what the missed ones are mostly taken for.")


def _weakest(per_class: Mapping[str, Mapping[str, Any]]) -> str:
    recalls = {name: float(values["recall"]) for name, values in per_class.items()}
    worst, best = min(recalls, key=recalls.__getitem__), max(recalls, key=recalls.__getitem__)
    return (
        f"Of 100 {worst} faces it recognises {recalls[worst] * 100:.0f}, "
        f"of 100 {best} ones {recalls[best] * 100:.0f}."
    )


def _interval(metrics: Mapping[str, Any], what: str) -> str:
    low, high = (f"{bound * 100:.1f}" for bound in metrics["accuracy_ci95"])
    return f"{low} to {high} % (95 % interval), n = {metrics['n']:,} {what}"
