"""The documentation as a site: it builds without a warning, and fetches nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from emotion_core.classifiers.registry import MODELS_ROOT, ModelRegistry

pytest.importorskip("material", reason="needs the extra docs")
pytest.importorskip("mkdocstrings", reason="needs the extra docs")

ROOT = Path(__file__).resolve().parents[2]

# What a browser fetches by itself, rather than by a click.
_FETCHED = re.compile(r'<(?:script|img|source|iframe)[^>]*\bsrc="([^"]+)"|<link[^>]*>')
_STYLE = re.compile(r'url\((?!["\']?data:)([^)]+)\)|@import\s+([^;]+)')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir"]
    done = subprocess.run(
        [*command, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_pages_fetch_nothing_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) >= 20
    for page in pages:
        for tag in _FETCHED.finditer(page.read_text(encoding="utf-8")):
            link = re.search(r'rel="(?:stylesheet|icon|preload|preconnect)"', tag[0])
            address = tag[1] or (link and re.search(r'href="([^"]+)"', tag[0])[1]) or ""
            assert not re.match(r"(https?:)?//", address), f"{page.name}: {tag[0]}"


def test_styles_fetch_nothing_from_elsewhere(site: Path) -> None:
    for style in sorted(site.rglob("*.css")):
        for found in _STYLE.finditer(style.read_text(encoding="utf-8")):
            assert "//" not in (found[1] or found[2]), f"{style.name}: {found[0]}"


def test_table_of_models_is_that_of_the_cards(site: Path) -> None:
    text = (site / "measured" / "index.html").read_text(encoding="utf-8")
    registry = ModelRegistry(MODELS_ROOT)
    for name in registry.names():
        assert f"{registry.card(name).n_parameters:,}" in text


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("index", "emotion_core.image_analysis.analyze"),
        ("pipeline", "emotion_core.pipeline.EmotionPipeline.rescore"),
        ("types", "emotion_core.types.Decisions.from_scores"),
        ("classifiers", "emotion_core.classifiers.registry.ModelRegistry"),
        ("jobs", "emotion_core.jobs.JobBoard.submit"),
        ("errors", "emotion_core.errors.ImageError"),
    ],
)
def test_reference_has_the_public_names(site: Path, page: str, name: str) -> None:
    text = (site / "reference" / f"{page}.html").read_text(encoding="utf-8")
    assert f'id="{name}"' in text


def test_files_of_the_repository_are_pages(site: Path) -> None:
    contributing = (site / "contributing.html").read_text(encoding="utf-8")
    assert "How the parts fit" in contributing
    measured = (site / "measured" / "index.html").read_text(encoding="utf-8")
    assert 'href="flagship.html"' in measured
    assert "](" not in measured
