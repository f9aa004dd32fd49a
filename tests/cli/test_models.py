"""``models`` on the shipped models and on broken copies of them."""

import json
import shutil
from pathlib import Path

import pytest

from emotion_core.classifiers.registry import ModelRegistry


@pytest.fixture
def models_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with a copy of the default model, in use instead of the real one."""
    registry = ModelRegistry()
    name = registry.default_name()
    root = tmp_path / "models"
    shutil.copytree(registry.root / name, root / name)
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(root))
    return root / name


def test_list(command) -> None:
    outcome = command("models", "list")
    assert outcome.code == 0
    lines = outcome.out.decode().splitlines()
    assert len(lines) == 1 + len(ModelRegistry().names())
    assert sum("(default)" in line for line in lines) == 1


def test_list_as_json_and_markdown(command) -> None:
    registry = ModelRegistry()
    cards = command("models", "list", "--json").json
    assert [card["name"] for card in cards] == list(registry.names())
    assert [card["name"] for card in cards if card["default"]] == [registry.default_name()]
    header, rule, *rows = command("models", "list", "--markdown").out.decode().splitlines()
    assert header.count("|") == rule.count("|") == rows[0].count("|")
    accuracy = cards[0]["metrics"]["test"]["accuracy"]
    assert f"{100 * accuracy:.1f} %" in rows[0]


def test_show(command) -> None:
    name = ModelRegistry().default_name()
    card = command("models", "show", name, "--json").json
    assert card["labels"][3] == "happy"
    text = command("models", "show", name).out.decode()
    assert f"{card['n_parameters']:,}" in text
    assert card["licence"] in text


def test_show_unknown(command) -> None:
    outcome = command("models", "show", "nope")
    assert outcome.code == 2
    assert ModelRegistry().default_name() in outcome.err  # it says which there are


def test_verify(command, models_copy: Path) -> None:
    assert command("models", "verify").code == 0
    network = models_copy / "model.tflite"
    content = bytearray(network.read_bytes())
    content[1000] ^= 1
    network.write_bytes(content)
    outcome = command("models", "verify", "--json")
    assert outcome.code == 1
    assert "model.tflite" in outcome.json[models_copy.name][0]
    assert command("models", "verify", "nope").code == 2


def test_altered_model_is_not_used(command, models_copy: Path, astronaut_path: Path) -> None:
    (models_copy / "model.tflite").write_bytes(b"something else")
    outcome = command("analyze", astronaut_path)
    assert outcome.code == 2
    assert "SHA-256" in outcome.err


def test_the_default_is_chosen(command, models_copy: Path) -> None:
    name = models_copy.name
    assert command("models", "default").out.decode().strip() == name
    other = models_copy.with_name("added")
    shutil.copytree(models_copy, other)
    card = json.loads((other / "card.json").read_text(encoding="utf-8"))
    card |= {"name": "added", "training": {**card["training"], "third_party": True}}
    (other / "card.json").write_text(json.dumps(card), encoding="utf-8")
    shutil.rmtree(models_copy)
    outcome = command("models", "list")
    assert outcome.code == 0
    assert b"(default)" not in outcome.out
    assert "models default NAME" in outcome.err
    assert all(not card["default"] for card in command("models", "list", "--json").json)
    assert "choose one" in command("models", "default").err
    assert command("models", "default", "nope").code == 2
    assert command("models", "default", "added").code == 0
    assert b"added (default)" in command("models", "list").out
    assert command("models", "default", "--reset").code == 2
    assert "models default" in command("models", "--help").out.decode()


@pytest.mark.slow
def test_add(command, models_copy: Path, tmp_path: Path) -> None:
    mine = tmp_path / "download"
    shutil.copytree(models_copy, mine)
    card = json.loads((mine / "card.json").read_text(encoding="utf-8"))
    (mine / "card.json").write_text(json.dumps({**card, "name": "mine"}), encoding="utf-8")
    assert command("models", "add", mine).code == 0
    assert command("models", "verify", "mine").code == 0
    assert command("models", "add", mine).code == 2  # the name is taken
    assert command("models", "add", tmp_path).code == 2  # no card


def test_list_tells_a_broken_card(command, models_copy: Path) -> None:
    other = models_copy.with_name("other")
    other.mkdir()
    (other / "card.json").write_text("{", encoding="utf-8")
    outcome = command("models", "list")
    assert outcome.code == 1
    assert models_copy.name in outcome.out.decode()
    assert "other" in outcome.err


def test_no_models(command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(tmp_path))
    assert command("models", "list").code == 2
    assert command("models", "verify").code == 2
    assert command("doctor").code == 1
