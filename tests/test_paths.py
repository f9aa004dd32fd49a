"""Where things stand in a checkout, and where once installed."""

from pathlib import Path

import pytest

from emotion_core import paths


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As if installed: the folder that came with the package. The user's is tmp_path/user."""
    shipped = tmp_path / "site-packages" / "emotion_core" / "_shipped"
    shipped.mkdir(parents=True)
    monkeypatch.setattr(paths, "_SHIPPED", shipped)
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: tmp_path / "user")
    for name in (paths.HOME_ENV, paths.MODELS_ENV):
        monkeypatch.delenv(name, raising=False)
    return shipped


def test_a_checkout_keeps_all_beside_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (paths.HOME_ENV, paths.MODELS_ENV):
        monkeypatch.delenv(name, raising=False)
    assert not paths.is_installed()
    assert paths.home_folder() == paths.ROOT
    assert paths.model_folders() == (paths.ROOT / "models",)
    assert (paths.shipped_folder() / "app.py").is_file()
    assert paths.detectors_folder() == paths.ROOT / "models" / "detectors"
    assert paths.peers_folder().is_dir()


def test_an_installed_package_writes_into_the_users_folder(installed: Path, tmp_path: Path) -> None:
    user = tmp_path / "user"
    assert paths.home_folder() == user
    assert (paths.runs_folder(), paths.data_folder()) == (user / "runs", user / "data")
    assert paths.models_folder() == user / "models"
    assert paths.detectors_folder() == user / "models" / "detectors"
    assert paths.model_folders() == (user / "models", installed / "models")
    assert paths.shipped_folder() == installed


@pytest.mark.usefixtures("installed")
def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.HOME_ENV, str(tmp_path / "home"))
    assert paths.models_folder() == tmp_path / "home" / "models"
    assert len(paths.model_folders()) == 2
    monkeypatch.setenv(paths.MODELS_ENV, str(tmp_path / "only"))
    assert paths.model_folders() == (tmp_path / "only",)
