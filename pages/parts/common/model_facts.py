"""What a model card says, in figures and in words."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from emotion_core.charts import recall_chart
from emotion_core.classifiers.card import LITERT_FILE, ModelCard
from emotion_core.classifiers.description import describe_model
from emotion_core.errors import ModelError
from emotion_core.html import pieces
from emotion_core.wording import percent
from pages.parts.common.resources import registry


def figures_strip(card: ModelCard) -> str:
    """Accuracy with its interval, agreement with FER+, speed and size, as HTML."""
    items = []
    test = card.metrics.get("test")
    if test:
        items.append(("Accuracy", percent(test["accuracy"], 1), _interval(test, "test faces")))
    ferplus = card.metrics.get("test_ferplus")
    if ferplus:
        note = _interval(ferplus, "faces with a clear majority of ten raters")
        items.append(("Agreement with FER+", percent(ferplus["accuracy"], 1), note))
    if card.ms_per_face is not None:
        items.append(
            ("Time per face", f"{card.ms_per_face:.2f} ms", "classifier alone, eight at once")
        )
    parameters = f"{card.n_parameters / 1e6:.2f} million parameters"
    network = registry().folder(card.name) / LITERT_FILE
    if network.is_file():  # where it is missing, opening the model says so
        items.append(("Size", f"{network.stat().st_size / 1e6:.1f} MB", parameters))
    return pieces.figures(items)


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
    if test := card.metrics.get("test"):
        parts.append(f"right by FER-2013's labels on {percent(test['accuracy'], 1)}")
    if ferplus := card.metrics.get("test_ferplus"):
        parts.append(f"by the majority of ten FER+ raters on {percent(ferplus['accuracy'], 1)}")
    text = " and ".join(parts) + " of the test faces" if parts else ""
    speed = f"{card.ms_per_face:.1f} ms per face" if card.ms_per_face is not None else ""
    said = _sentence("; ".join(part for part in (text, speed) if part))
    return f"{said}." if said else ""


def mistakes(card: ModelCard) -> None:
    """How many faces of each expression are recognised, and what the others are taken for."""
    st.subheader("What it gets wrong", anchor=False)
    by_taggers = card.own_labels == "raters" and "test_ferplus" in card.metrics
    test = card.metrics.get("test_ferplus" if by_taggers else "test", {})
    per_class = test.get("per_class")
    if not per_class:
        st.caption("This model's card has no figures per expression.")
        return
    ordered = {name: per_class[name] for name in card.labels if name in per_class}
    confusion = test.get("confusion")
    st.caption(
        _weakest(ordered) + (" Judged by the majority of the FER+ raters." if by_taggers else "")
    )
    st.altair_chart(
        recall_chart(ordered, confusion),
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
