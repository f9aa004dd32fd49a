"""The models that come with the project: whole, described, and the same in both forms."""

import pytest

from emotion_core.classifiers.architectures import ARCHITECTURES
from emotion_core.classifiers.card import KERAS_FILE, LITERT_FILE
from emotion_core.classifiers.export import load_keras, parity
from emotion_core.classifiers.readme import render_readme
from emotion_core.classifiers.registry import MODELS_ROOT, ModelRegistry
from emotion_core.types import UInt8Array

REGISTRY = ModelRegistry(MODELS_ROOT)
# What git and a download can bear.
MAX_FILE_BYTES = 12_000_000


@pytest.mark.parametrize("name", REGISTRY.names())
def test_files_are_those_of_the_card(name: str) -> None:
    card = REGISTRY.card(name)
    assert REGISTRY.verify(name) == []
    assert {KERAS_FILE, LITERT_FILE} <= set(card.files)
    assert card.architecture in ARCHITECTURES
    for file in card.files:
        assert (MODELS_ROOT / name / file).stat().st_size < MAX_FILE_BYTES


@pytest.mark.parametrize("name", REGISTRY.names())
def test_readme_is_that_of_the_card(name: str) -> None:
    text = (MODELS_ROOT / name / "README.md").read_text(encoding="utf-8")
    assert text == render_readme(REGISTRY.card(name))


@pytest.mark.parametrize("name", REGISTRY.names())
def test_the_served_file_answers_as_the_trained_model(name: str, faces: UInt8Array) -> None:
    card = REGISTRY.card(name)
    model = load_keras(MODELS_ROOT / name / KERAS_FILE)
    assert model.count_params() == card.n_parameters
    path = MODELS_ROOT / name / LITERT_FILE
    temperature = card.head().temperature
    report = parity(model, path, faces, temperature=temperature, heads=tuple(card.heads.values()))
    assert report.agreement >= 0.97
    assert report.max_abs_diff < 0.1
    assert report.mean_abs_diff < 0.015


@pytest.mark.parametrize("name", REGISTRY.names())
def test_figures_are_those_of_the_whole_splits(name: str) -> None:
    """Source: FER-2013 has 3,589 images each in PublicTest and PrivateTest."""
    metrics = REGISTRY.card(name).metrics
    assert metrics["validation"]["n"] == metrics["test"]["n"] == 3589
    assert metrics["test"]["accuracy_unseen"] is not None
    assert len(metrics["test"]["confusion"]) == 7
