"""The home page without a browser."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emotion_core.classifiers.description import describe_model
from emotion_core.classifiers.registry import ModelRegistry
from pages.parts.common.settings import threshold_key

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def app() -> Iterator[AppTest]:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    yield app
    assert not app.exception


def _texts(app: AppTest) -> str:
    parts = [element.value for kind in (app.markdown, app.caption) for element in kind]
    return "\n".join([*parts, *(unescape(element.proto.body) for element in app.get("html"))])


def test_the_model_strip_tells_the_cards_figures(app: AppTest) -> None:
    registry = ModelRegistry()
    card = registry.card(registry.default_name())
    test = card.metrics["test"]
    texts = _texts(app)
    assert f"{test['accuracy'] * 100:.1f} %" in texts
    low, high = test["accuracy_ci95"]
    assert f"{low * 100:.1f} to {high * 100:.1f} %" in texts
    assert f"n = {test['n']:,}" in texts
    assert card.description in texts


def test_it_says_which_model_to_take_for_what(app: AppTest) -> None:
    registry = ModelRegistry()
    cards = [registry.card(name) for name in registry.names()]
    texts = _texts(app)
    for card in cards:
        purpose, _, why = card.use_for.partition(": ")
        assert f"<dt>{purpose[0].upper()}{purpose[1:]}</dt><dd>{card.title}. " in texts
        assert why in texts.replace(why[:1].upper() + why[1:], why)
        assert card.use_for in app.selectbox(key="model").help
    chosen = registry.card(app.selectbox(key="model").value)
    assert f"For {chosen.use_for}." in [caption.value for caption in app.sidebar.caption]


@pytest.mark.slow
def test_the_threshold_begins_at_what_the_models_card_says(app: AppTest) -> None:
    registry = ModelRegistry()
    for name in registry.names():
        app.selectbox(key="model").set_value(name).run()
        card = registry.card(name)
        slider = app.slider(key=threshold_key(name, card.own_labels))
        assert slider.value == card.head().threshold


def test_limits_and_law_are_told(app: AppTest) -> None:
    texts = _texts(app)
    for words in ("Article 5(1)(f)", "Article 50(3)", "not what a person feels", "FER-2013"):
        assert words in texts


def test_before_any_photo_the_way_is_a_drawing(app: AppTest) -> None:
    assert "A drawing with made-up scores" in _texts(app)
    pictures = [picture for image in app.get("image") for picture in image.proto.imgs]
    assert len(pictures) == 3
    assert all(picture.alt.startswith("Drawing: ") for picture in pictures)


def test_another_model_shows_its_own_card(app: AppTest) -> None:
    names = ModelRegistry().names()
    if len(names) < 2:
        pytest.skip("only one model is installed")
    other = next(name for name in names if name != app.selectbox(key="model").value)
    app.selectbox(key="model").set_value(other).run()
    card = ModelRegistry().card(other)
    assert card.description in _texts(app)
    assert describe_model(card) in _texts(app)


def test_a_model_of_the_raters_votes_is_judged_by_them(app: AppTest) -> None:
    app.selectbox(key="model").set_value("compact").run()
    texts = _texts(app)
    card = ModelRegistry().card("compact")
    happy = card.metrics["test_ferplus"]["per_class"]["happy"]["recall"]
    assert f"of 100 happy ones {happy * 100:.0f}. Judged by the majority" in texts
