"""What a model is, in a sentence or two for visitors."""

from collections.abc import Callable
from typing import Any

import pytest

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.description import describe_model, trained_epochs
from emotion_core.classifiers.registry import MODELS_ROOT, ModelRegistry

MakeCard = Callable[..., ModelCard]
SHIPPED = ModelRegistry(MODELS_ROOT)


@pytest.mark.parametrize("name", SHIPPED.names())
def test_shipped_models_say_what_they_are_in_two_sentences(name: str) -> None:
    card = SHIPPED.card(name)
    text = describe_model(card)
    # A second head has a third one.
    assert text.count(". ") == len(card.heads)
    assert f"{card.training['n_images']:,} faces of FER-2013" in text
    assert f"for {trained_epochs(card.training)}" in text
    assert ("horizontal-flip test-time augmentation" in text) == card.flip_tta
    assert ("EMA weights" in text) == bool(card.training["recipe"]["ema"])
    # Names of the settings mean nothing to a visitor.
    assert "auxiliary-head" not in text
    assert "fer2013" not in text.replace("distilled from fer2013", "")  # the model


def test_the_flagship_tells_both_stages_and_its_teachers() -> None:
    text = describe_model(SHIPPED.card("fer2013"))
    assert "44 epochs (40 + 4); distilled from an earlier version of itself and compact." in text
    assert "71.1 % of 3,589 test faces (95 % interval 69.6 to 72.6)" in text
    assert "initialised" not in text  # the stage before is counted already
    assert "10 epochs, initialised from compact-3" in describe_model(SHIPPED.card("compact"))


def test_models_of_others_say_that_little_is_known(make_card: MakeCard) -> None:
    training: dict[str, Any] = {"third_party": True, "recipe": "added from a.h5"}
    card = make_card()
    text = describe_model(card.replaced(training={**card.training, **training}, metrics={}))
    assert text.startswith("A third-party network with 1.2 million weights; what it was trained on")
    assert text.count(".") == 2


def test_runs_are_named_without_their_folders(make_card: MakeCard) -> None:
    card = make_card()
    recipe = {"init_from": "runs/base", "teachers": ["runs/a", "b", "compact"], "ema": 0.0}
    text = describe_model(card.replaced(training={**card.training, "recipe": recipe}))
    assert "initialised from base; distilled from a, b and an earlier version of itself." in text
    assert "EMA" not in text
