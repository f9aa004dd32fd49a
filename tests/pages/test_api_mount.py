"""The HTTP interface in the served app: off unless asked for, and behind the same doors."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from emotion_core.api.settings import PATH
from emotion_core.paths import API_ENV, API_TOKEN_ENV, HOME_ENV
from pages.parts.common.server import KnownHosts, routes
from tests.api.conftest import Api

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(HOME_ENV, str(tmp_path))
    monkeypatch.delenv(API_ENV, raising=False)
    monkeypatch.delenv(API_TOKEN_ENV, raising=False)


def mounts() -> list[Mount]:
    return [route for route in routes() if isinstance(route, Mount)]


def test_it_is_not_there_unless_asked_for() -> None:
    assert mounts() == []


def test_it_answers_below_its_path_and_to_known_names_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(API_ENV, "1")
    (mount,) = mounts()
    assert mount.path == PATH
    api = Api(KnownHosts(mount.app))
    assert api("GET", "/jobs").json == {"jobs": []}
    assert api("GET", "/jobs", host="evil.example").status == 400
    api.close()
    assert Starlette(routes=routes()).url_path_for is not None


def test_a_token_that_can_be_guessed_switches_it_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(API_ENV, "1")
    monkeypatch.setenv(API_TOKEN_ENV, "guess me")
    with caplog.at_level(logging.ERROR):
        assert mounts() == []
    assert "The HTTP interface is off. EMOTION_LENS_API_TOKEN: wanted at least 16" in caplog.text
    assert "guess me" not in caplog.text


def test_nothing_heavy_is_loaded_before_somebody_asks() -> None:
    code = (
        "import os, sys; os.environ['EMOTION_LENS_API'] = '1'\n"
        "from pages.parts.common.server import routes; routes()\n"
        "heavy = {'fastapi', 'tensorflow', 'keras', 'cv2', 'pandas', 'av'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from emotion_core.api.application import build_application\n"
        "assert not {'tensorflow', 'keras', 'streamlit.web.bootstrap'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
