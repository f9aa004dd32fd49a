"""Settings, presets and recipes."""

import json
from pathlib import Path

import pytest

from emotion_core.errors import TrainingError
from emotion_core.training.config import TrainingConfig
from emotion_core.training.presets import PRESETS, load_recipe

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_survive_json(name: str) -> None:
    text = json.dumps(PRESETS[name].to_dict())
    assert TrainingConfig.from_dict(json.loads(text)) == PRESETS[name]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "epochs: wanted at least 1. Received: 0"),
        ({"architecture": "vgg"}, "architecture: wanted one of"),
        ({"labels": "fer"}, "labels: wanted one of"),
        ({"optimizer": "lion"}, "optimizer: wanted one of"),
        ({"learning_rate": -1}, "learning_rate: wanted between"),
        ({"epoch": 3}, "Unknown training settings: epoch"),
        ({"augmentation": {"blur": 1}}, "Unknown augmentation settings: blur"),
        ({"epochs": "many"}, "wrong type"),
        ({"architecture": "emotion-cnn", "train_size_px": 40}, "wanted 0 for emotion-cnn"),
    ],
)
def test_bad_settings_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        TrainingConfig.from_dict(values)


def test_recipe_builds_on_a_preset(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps({"preset": "compact", "epochs": 3, "augmentation": {"erase": 0}}))
    config = load_recipe(path)
    assert config.epochs == 3
    assert config.augmentation.erase == 0
    assert config.augmentation.scale == PRESETS["compact"].augmentation.scale


@pytest.mark.parametrize("text", ["", "[1]", '{"preset": "none"}'])
def test_broken_recipes_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(TrainingError):
        load_recipe(path)


def test_shipped_recipes_can_be_read() -> None:
    recipes = sorted([*MODELS.glob("*/recipe.json"), *MODELS.glob("*/base.json")])
    assert recipes
    for path in recipes:
        assert load_recipe(path).leak_free


def test_the_last_epochs_have_the_full_size() -> None:
    config = TrainingConfig(epochs=8, train_size_px=40, full_size_share=0.25)
    assert [config.size_at(e, 48) for e in range(8)] == [40] * 6 + [48] * 2
    assert TrainingConfig(epochs=2).size_at(0, 48) == 48


def test_a_preset_is_what_the_shipped_model_of_its_name_was_trained_by() -> None:
    for name in ("flagship", "compact"):
        assert load_recipe(MODELS / name / "base.json") == PRESETS[name]
