"""What a model is, in one or two sentences that a visitor understands, from its card."""

from collections.abc import Mapping, Sequence
from typing import Any

from emotion_core.classifiers.card import ModelCard
from emotion_core.wording import epochs_text, percent

_NETWORKS = {
    "emotion-cnn": "A plain convolutional network of four layers",
    "mini-xception": "A tiny convolutional network",
    "compact": "A small residual network",
    "flagship": "A residual network",
    "flagship-lean": "A residual network",
}
_LABELS = {
    "fer2013": "labelled by the data set's authors",
    "raters": "each labelled by the votes of ten FER+ raters",
    "mixed": "labelled half by the data set's authors, half by ten FER+ raters each",
    "auxiliary-head": "labelled by the data set's authors, with the votes of ten FER+ raters as an "
    "auxiliary task",
    "multi-task": "labelled twice: by the data set's authors and by ten FER+ raters each",
}


def describe_model(card: ModelCard) -> str:
    """Network, data, labels, stages, teachers and checkpoint; then accuracy, TTA and EMA."""
    return " ".join(part for part in (_made(card), _judged(card)) if part)


def trained_epochs(training: Mapping[str, Any]) -> str:
    """How long a model was trained, e.g. ``"44 epochs (40 + 4)"``."""
    return epochs_text(training.get("stages") or [training["epochs"]])


def _made(card: ModelCard) -> str:
    training, recipe = card.training, card.training["recipe"]
    size = _size(card.n_parameters)
    if training.get("third_party"):
        return f"A third-party network with {size}; what it was trained on is not known."
    network = _NETWORKS.get(card.architecture, f"A network of the kind {card.architecture}")
    recipe = recipe if isinstance(recipe, Mapping) else {}
    labels = _LABELS.get(training["label_source"], f"with {training['label_source']} labels")
    if training["label_source"] == "mixed" and (share := recipe.get("vote_share")) is not None:
        labels = (
            f"labelled to {percent(1 - share)} by the data set's authors and to {percent(share)} "
            "by ten FER+ raters"
        )
    text = (
        f"{network} with {size}, trained on {training['n_images']:,} faces of "
        f"{training['dataset']}, {labels}, for {trained_epochs(training)}"
    )
    begun = recipe.get("init_from")
    # With stages of its own a model was initialised from the one before.
    if begun and not training.get("stages"):
        text += f", initialised from {_other(begun, card)}"
    names = [*(recipe.get("teachers") or ()), *(recipe.get("rater_teachers") or ())]
    if teachers := list(dict.fromkeys(_other(name, card) for name in names)):
        text += f"; distilled from {_listed(teachers)}"
    return f"{text}."


def _judged(card: ModelCard) -> str:
    by_raters = card.own_labels == "raters" and bool(card.test_figures("raters"))
    test = card.test_figures("raters" if by_raters else "fer2013")
    if not test:
        return ""
    low, high = (f"{100 * bound:.1f}" for bound in test["accuracy_ci95"])
    whose = " by the raters' majority" if by_raters else ""
    text = (
        f"It recognises the expression on {percent(test['accuracy'], 1)} of {test['n']:,} test "
        f"faces{whose} (95 % interval {low} to {high})"
    )
    recipe = card.training["recipe"]
    how = []
    if isinstance(recipe, Mapping) and recipe.get("ema"):
        how.append("EMA weights")
    if card.flip_tta:
        how.append("horizontal-flip test-time augmentation")
    text = f"{text}, with {_listed(how)}." if how else f"{text}."
    other = card.test_figures("fer2013") if by_raters and "fer2013" in card.heads else None
    if other:
        text += (
            f" Its other head agrees with the data set's labels on {percent(other['accuracy'], 1)} "
            f"of {other['n']:,}."
        )
    return text


def _size(parameters: int) -> str:
    if parameters >= 1_000_000:
        return f"{parameters / 1e6:.1f} million weights"
    return f"{parameters:,} weights"


def _other(name: str, card: ModelCard) -> str:
    """A teacher or checkpoint by name; runs may stand there with their path."""
    short = str(name).rstrip("/\\").replace("\\", "/").rpartition("/")[2]
    return "an earlier version of itself" if short == card.name else short


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))
