"""Photos become sessions: by a click, by a setting, once, and said when it does not work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion_core.store.session_info import SessionInfo
from emotion_core.store.store import Store
from pages.parts.common.settings import BLUR_KEY, DETECTOR_KEY
from pages.parts.photos.keeping import KEEP_ALL_KEY, PICTURES_KEY

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("EMOTION_LENS_DATABASE_URL", raising=False)
    return tmp_path / "home"


@pytest.fixture
def app(home: Path, astronaut: bytes, coffee: bytes) -> Iterator[AppTest]:
    """With two photos, one of them with a face."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/photos.py").run()
    _upload(app, ("astronaut.jpg", astronaut), ("coffee.jpg", coffee))
    yield app
    assert not app.exception
    st.cache_resource.clear()


def _upload(app: AppTest, *files: tuple[str, bytes]) -> None:
    app.file_uploader[0].set_value([(name, data, "image/jpeg") for name, data in files]).run()


def _texts(app: AppTest) -> str:
    return "\n".join(e.value for kind in (app.markdown, app.warning, app.toast) for e in kind)


def _sessions() -> tuple[SessionInfo, ...]:
    with Store() as store:
        return store.sessions()


def test_photos_are_kept_by_a_click_and_once(app: AppTest, home: Path) -> None:
    assert not (home / "store.sqlite").exists()  # nothing is kept by itself
    app.text_input(key="photos_keep_name").set_value(" Class 4b ").run()
    app.button(key="photos_keep").click().run()
    (info,) = _sessions()
    assert (info.kind, info.name, info.frames) == ("photos", "Class 4b", 2)
    assert sorted(source.name for source in info.sources) == ["astronaut.jpg", "coffee.jpg"]
    assert all(len(source.sha256) == 64 for source in info.sources)
    assert info.options["small_faces"] == "auto"
    assert "2 photos kept as Class 4b." in _texts(app)
    app.button(key="photos_keep").click().run()
    assert len(_sessions()) == 1
    assert "Already kept as Class 4b: 2 photos." in _texts(app)
    with Store() as store:
        assert store.session(info.id).pictures() == []
    # Small pictures only when they are wanted, also afterwards; without faces if these are hidden.
    app.toggle(key=BLUR_KEY).set_value(True)
    app.checkbox(key=PICTURES_KEY).set_value(True).run()
    app.button(key="photos_keep").click().run()
    with Store() as store:
        assert len(store.session(info.id).pictures()) == 2


def test_every_analysis_is_kept_when_that_is_wanted(
    app: AppTest, grace_hopper: bytes, astronaut: bytes
) -> None:
    app.toggle(key=KEEP_ALL_KEY).set_value(True).run()
    assert [info.frames for info in _sessions()] == [2]
    _upload(app, ("hopper.jpg", grace_hopper))
    assert sorted(info.frames for info in _sessions()) == [1, 2]
    _upload(app, ("again.jpg", astronaut))  # known already
    assert len(_sessions()) == 2
    # Another detector reads them all anew.
    app.selectbox(key=DETECTOR_KEY).set_value("haar").run()
    assert sorted(info.frames for info in _sessions()) == [1, 2, 3]
    # The setting goes with the user from page to page.
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/photos.py").run()
    assert app.toggle(key=KEEP_ALL_KEY).value


def test_what_cannot_be_kept_is_said_and_tried_again(app: AppTest, home: Path) -> None:
    (home / "store.sqlite").write_bytes(b"no database at all")
    app.toggle(key=KEEP_ALL_KEY).set_value(True).run()
    assert "Not kept. " in _texts(app)
    assert "damaged or no database" in _texts(app)
    (home / "store.sqlite").unlink()
    app.run()
    assert "Not kept. " in _texts(app)  # not again with every click
    app.button(key="photos_keep_again").click().run()
    assert "Not kept. " not in _texts(app)
    assert len(_sessions()) == 1
