"""Settings, presets and recipes."""

import json
import os
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from emotion_core.errors import TrainingError
from emotion_core.schema.validation import value_types
from emotion_core.training.augmentation import Augmentation
from emotion_core.training.config import TrainingConfig
from emotion_core.training.presets import PRESETS, load_recipe
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.teachers import check_sources

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_survive_json(name: str) -> None:
    text = json.dumps(PRESETS[name].to_dict())
    assert TrainingConfig.from_dict(json.loads(text)) == PRESETS[name]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, r"^epochs: wanted a whole number from 1 to 10,000\. Received: 0\.$"),
        ({"architecture": "vgg"}, "architecture: wanted one of"),
        ({"labels": "fer"}, "labels: wanted one of"),
        ({"optimizer": "lion"}, "optimizer: wanted one of"),
        ({"learning_rate": -1}, "learning_rate: wanted a number from 1e-12 to 10. Received: -1"),
        ({"epoch": 3}, "epoch: no such setting, did you mean epochs"),
        ({"augmentation": {"blur": 1}}, "augmentation.blur: no such setting"),
        ({"epochs": "many"}, "epochs: wanted a whole number .* Received: 'many'"),
        (
            {"architecture": "emotion-cnn", "progressive_resizing_px": 40},
            "wanted 0 for emotion-cnn",
        ),
    ],
)
def test_bad_settings_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        TrainingConfig.from_dict(values)


def test_recipe_builds_on_a_preset(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(
        json.dumps({"preset": "compact", "epochs": 3, "augmentation": {"random_erasing": 0}})
    )
    config = load_recipe(path)
    assert config.epochs == 3
    assert config.augmentation.random_erasing == 0
    assert config.augmentation.scale == PRESETS["compact"].augmentation.scale


@pytest.mark.parametrize("text", ["", "[1]", '{"preset": "none"}'])
def test_broken_recipes_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(TrainingError):
        load_recipe(path)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"augmentation": None},
            "augmentation: wanted an object of names and values. Received: null.",
        ),
        (
            {"augmentation": [1]},
            "augmentation: wanted an object of names and values. Received: [1].",
        ),
        (
            {"augmentation": {"shift": "a"}},
            "augmentation.shift: wanted a number from 0 to 0.5. Received: 'a'.",
        ),
        (
            {"teachers": "flagship"},
            'teachers: wanted a list of at most 32 names, e.g. ["flagship"]. '
            "Received: 'flagship'.",
        ),
        (
            {"teachers": [1]},
            'teachers: wanted a list of at most 32 names, e.g. ["flagship"]. Received: [1].',
        ),
        (
            {"init_from": 5},
            "init_from: wanted a text of at most 4,096 characters. Received: 5.",
        ),
        ({"seed": 1.5}, "seed: wanted a whole number from 0 to 2,147,483,647. Received: 1.5."),
        ({"epochs": 2.5}, "epochs: wanted a whole number from 1 to 10,000. Received: 2.5."),
        (
            {"epochs": 1e12},
            "epochs: wanted a whole number from 1 to 10,000. Received: 1000000000000.0.",
        ),
        ({"epochs": True}, "epochs: wanted a whole number from 1 to 10,000. Received: true."),
        ({"tensorboard": "yes"}, "tensorboard: wanted true or false. Received: 'yes'."),
        ({"architecture": [1]}, "Received: [1]."),
        ({"learning_rate": float("nan")}, "Received: nan."),
        ({"preset": [1]}, "Received: [1]."),
        ({"init_from": "\ud800"}, "It holds half a character"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_recipe_with_a_wrong_value_is_refused_in_our_words(
    tmp_path: Path, values: dict[str, object], sentence: str
) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(values))
    with pytest.raises(TrainingError) as caught:
        load_recipe(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert sentence in str(caught.value)


def test_all_faults_of_a_recipe_stand_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    faults = {
        "preset": "nothing", "epochs": 2.5, "augmentation": {"shift": "a", "blur": 1},
        "teachers": "flagship", "colour": 1, "architecture": "emotion-cnn",
        "progressive_resizing_px": "x",
    }  # fmt: skip
    path.write_text(json.dumps(faults))
    with pytest.raises(TrainingError) as caught:
        load_recipe(path)
    for name in (
        "preset",
        "epochs",
        "shift",
        "blur",
        "teachers",
        "colour",
        "progressive_resizing_px",
    ):
        assert f"{name}: " in str(caught.value)


def test_settings_made_directly_are_checked_alike() -> None:
    with pytest.raises(
        TrainingError, match=r"epochs: wanted .*; progressive_resizing_px: wanted 0 for"
    ):
        TrainingConfig(architecture="emotion-cnn", epochs=0, progressive_resizing_px=40)
    with pytest.raises(TrainingError, match="shift: wanted a number"):
        Augmentation(shift=9)
    whole = TrainingConfig.from_dict({"epochs": 3.0, "teachers": ["flagship"]})
    assert (whole.epochs, type(whole.epochs), whole.teachers) == (3, int, ("flagship",))


@pytest.mark.parametrize("kind", ["pipe", "folder", "deep", "bytes"])
def test_what_is_no_recipe_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "recipe.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"[" * 100_000 if kind == "deep" else b'{"epochs": \xff}')
    with pytest.raises(TrainingError, match=r"recipe\.json"):
        load_recipe(path)


def test_every_setting_says_what_it_may_be() -> None:
    for kind in (TrainingConfig, Augmentation):
        names = {field.name for field in fields(kind)} - {"augmentation"}
        assert set(value_types(kind)) == names


def test_missing_networks_are_named_together_before_anything_heavy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    config = TrainingConfig(init_from="nowhere", teachers=("flagship", "nobody"))
    with pytest.raises(TrainingError, match=r"init_from: .*'nowhere'; teachers: .*'nobody'"):
        check_sources(config)
    raters = config.with_values({"labels": "multi-task", "rater_teachers": ["ghost", "gone.npz"]})
    wanted = r"teachers: .*'nobody'; rater_teachers: .*'ghost'; rater_teachers: .*'gone.npz'"
    with pytest.raises(TrainingError, match=wanted):
        check_sources(raters)
    # A run that has begun has taken over what it needs.
    folder = RunFolder(tmp_path / "run")
    folder.create()
    np.save(folder.teachers, np.zeros(1))
    np.savez(folder.checkpoint, epochs_done=np.int64(1))
    check_sources(config, folder)
    # It has asked the teachers of the one head only, and asks those of the other next.
    with pytest.raises(TrainingError, match="rater_teachers"):
        check_sources(raters, folder)


def test_shipped_recipes_can_be_read() -> None:
    recipes = sorted([*MODELS.glob("*/recipe.json"), *MODELS.glob("*/base.json")])
    assert recipes
    for path in recipes:
        assert load_recipe(path).leak_free


def test_the_last_epochs_have_the_full_size() -> None:
    config = TrainingConfig(epochs=8, progressive_resizing_px=40, full_size_fraction=0.25)
    assert [config.size_at(e, 48) for e in range(8)] == [40] * 6 + [48] * 2
    assert TrainingConfig(epochs=2).size_at(0, 48) == 48


def test_a_preset_is_a_recipe_that_was_measured() -> None:
    assert load_recipe(MODELS / "flagship" / "from-nothing.json") == PRESETS["flagship"]


def test_a_preset_with_two_heads_can_be_used_for_one() -> None:
    one = PRESETS["flagship"].with_values({"labels": "fer2013"})
    assert (one.labels, one.rater_teachers) == ("fer2013", ())
    assert one.teachers == PRESETS["flagship"].teachers
    # Said of both is a contradiction.
    with pytest.raises(TrainingError, match="rater_teachers: wanted labels multi-task"):
        PRESETS["flagship"].with_values({"labels": "fer2013", "rater_teachers": ["flagship"]})
