"""Whose labels answer: the choice in the sidebar, what it changes, and where it shows."""

import io
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion_core.classifiers.heads import HEAD_MEANINGS
from emotion_core.photos.downloads import Export, FileKind, file_kinds
from emotion_core.photos.photo_library import PhotoLibrary
from pages.parts.common.settings import LABELS_KEY, MODEL_KEY, threshold_key
from pages.parts.photos import results
from tests.two_heads import HEADS, ONE, TWO

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def app(
    two_headed_models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[AppTest]:
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(two_headed_models))
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    yield app
    assert not app.exception
    st.cache_resource.clear()


def _texts(app: AppTest) -> str:
    parts = [element.value for kind in (app.markdown, app.caption) for element in kind]
    return "\n".join([*parts, *(unescape(element.proto.body) for element in app.get("html"))])


def test_the_choice_stands_where_a_model_has_both(app: AppTest) -> None:
    choice = app.sidebar.radio(key=LABELS_KEY)
    assert choice.label == "Whose labels"
    assert choice.options == ["Raters", "FER-2013"]
    assert choice.value == "raters"
    assert choice.proto.captions == [HEAD_MEANINGS["raters"], HEAD_MEANINGS["fer2013"]]
    app.selectbox(key=MODEL_KEY).set_value(ONE).run()
    assert not app.sidebar.radio
    said = f"Labels: FER-2013. {HEAD_MEANINGS['fer2013']}"
    assert said in [caption.value for caption in app.sidebar.caption]


@pytest.mark.slow
def test_the_choice_is_kept_from_page_to_page(app: AppTest) -> None:
    app.radio(key=LABELS_KEY).set_value("fer2013").run()
    for page in ("pages/photos.py", "pages/home.py"):
        app.switch_page(page).run()
        assert app.radio(key=LABELS_KEY).value == "fer2013"
    # Also over a model that has nothing to choose from.
    app.selectbox(key=MODEL_KEY).set_value(ONE).run()
    app.selectbox(key=MODEL_KEY).set_value(TWO).run()
    assert app.radio(key=LABELS_KEY).value == "fer2013"


@pytest.mark.slow
def test_every_head_has_its_own_threshold(app: AppTest) -> None:
    keys = {labels: threshold_key(TWO, labels) for labels in HEADS}
    assert app.slider(key=keys["raters"]).value == HEADS["raters"].threshold
    app.slider(key=keys["raters"]).set_value(0.8).run()
    app.radio(key=LABELS_KEY).set_value("fer2013").run()
    assert app.slider(key=keys["fer2013"]).value == HEADS["fer2013"].threshold
    app.radio(key=LABELS_KEY).set_value("raters").run()
    assert app.slider(key=keys["raters"]).value == 0.8


def test_home_shows_figures_by_head(app: AppTest) -> None:
    texts = _texts(app)
    # Both heads' accuracy, that of the head in use first.
    assert texts.index("88.0 %") < texts.index("71.0 %")
    for words in ("Resting faces misread", "8.8 %", "0.9 % where 8 of 10", "4.4 %"):
        assert words in texts
    assert [tab.label for tab in app.tabs][:2] == ["Raters", "FER-2013"]
    assert "of 100 happy ones 97. Judged by the majority" in texts
    assert "of 100 happy ones 91." in texts
    app.radio(key=LABELS_KEY).set_value("fer2013").run()
    texts = _texts(app)
    assert texts.index("71.0 %") < texts.index("88.0 %")
    assert "7.1 %" in texts
    assert [tab.label for tab in app.tabs][:2] == ["FER-2013", "Raters"]


@pytest.mark.slow
def test_photos_are_read_again_by_the_other_head(
    app: AppTest, astronaut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports: list[Export] = []

    def spy(export: Export) -> tuple[FileKind, ...]:
        exports.append(export)
        return file_kinds(export)

    monkeypatch.setattr(results, "file_kinds", spy)
    app.switch_page("pages/photos.py").run()
    app.file_uploader[0].set_value([("a.jpg", astronaut, "image/jpeg")]).run()
    first = pd.read_csv(io.BytesIO(exports[-1].csv())).iloc[0]
    assert first["labels"] == "raters"
    app.radio(key=LABELS_KEY).set_value("fer2013").run()
    second = pd.read_csv(io.BytesIO(exports[-1].csv())).iloc[0]
    assert second["labels"] == "fer2013"
    assert abs(first["happy"] - second["happy"]) > 0.001
    library: PhotoLibrary = app.session_state["_photo_library"]
    assert {key.labels for _, key in library._results} == {"raters", "fer2013"}
    # Back again nothing is computed: it is the first answer.
    app.radio(key=LABELS_KEY).set_value("raters").run()
    assert pd.read_csv(io.BytesIO(exports[-1].csv())).iloc[0].equals(first)
