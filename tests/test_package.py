"""The wheel, built from this checkout and used from a folder of its own."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import skimage

ROOT = Path(__file__).resolve().parents[1]
PHOTO = Path(skimage.__file__).parent / "data" / "astronaut.png"


def build(kind: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installer puts into site-packages."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(build("wheel", tmp_path_factory.mktemp("wheel"))) as wheel:
        wheel.extractall(folder)
    return folder


def run(site: Path, home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command of the unpacked wheel, in an empty folder."""
    (home / "empty").mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(site), "EMOTION_LENS_HOME": str(home)}
    environment.pop("EMOTION_LENS_MODELS", None)
    return subprocess.run(
        [sys.executable, "-m", "emotion_core", *arguments],
        cwd=home / "empty",
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def tracked(*folders: str) -> set[str]:
    """Files of the checkout that git knows, so no caches."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.strip("\0").split("\0"))


def test_the_wheel_has_everything(site: Path) -> None:
    package = site / "emotion_core"
    assert (package / "py.typed").is_file()
    for name in tracked("emotion_core"):
        assert (site / name).is_file(), name
    for name in tracked("app.py", "pages", "models", ".streamlit"):
        assert (package / "_shipped" / name).is_file(), name
    assert not list(site.rglob("__pycache__"))
    assert {path.name for path in site.iterdir() if not path.name.endswith(".dist-info")} == {
        "emotion_core"
    }


def test_reads_a_photo_with_the_models_inside(site: Path, tmp_path: Path) -> None:
    outcome = run(site, tmp_path, "analyze", str(PHOTO))
    assert outcome.returncode == 0, outcome.stderr
    assert '"emotion": "happy"' in outcome.stdout


@pytest.mark.slow
def test_adds_beside_the_models_inside(site: Path, tmp_path: Path) -> None:
    before = sorted(path for path in site.rglob("*") if "__pycache__" not in path.parts)
    assert run(site, tmp_path, "models", "default", "compact").stdout == "compact\n"
    named = (site / "emotion_core" / "_shipped" / "models" / "compact").as_posix()
    taken = run(site, tmp_path, "models", "add", named)
    assert taken.returncode == 2
    assert "There already is a model 'compact'" in taken.stderr
    assert "is not changed" in run(site, tmp_path, "models", "measure", "compact").stderr
    assert (tmp_path / "models" / "default.txt").is_file()
    after = sorted(path for path in site.rglob("*") if "__pycache__" not in path.parts)
    assert after == before, "nothing is written into an installed package"


@pytest.mark.slow
def test_doctor_reads_the_bounds_of_the_package(site: Path, tmp_path: Path) -> None:
    outcome = run(site, tmp_path, "doctor")
    (line,) = [line for line in outcome.stdout.splitlines() if "  Packages" in line]
    assert "numpy" in line
    assert "Extra train" in outcome.stdout
    assert "PROBLEM" not in line


def test_the_source_package_builds_the_same_wheel(tmp_path: Path) -> None:
    (tmp_path / "sdist").mkdir()
    with tarfile.open(build("sdist", tmp_path / "sdist")) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    wanted = tracked("app.py", "emotion_core", "pages", "models", ".streamlit", "pyproject.toml")
    assert wanted <= names
