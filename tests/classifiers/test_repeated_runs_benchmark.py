"""The script that writes repeated runs of the same recipe into a card."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from emotion_core.classifiers.card import ModelCard, load_card
from tests.classifiers.conftest import card_values

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
RECIPE = {"architecture": "compact", "epochs": 4, "seed": 1, "teachers": ["flagship"]}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """benchmarks/repeated_runs.py, which is no part of the package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import repeated_runs

    yield repeated_runs
    sys.modules.pop("repeated_runs", None)


@pytest.fixture
def run(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., ModelCard]:
    """Runs it for a model and other cards, and returns the model's card as it stands then."""
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(tmp_path))

    def run(*folders: Path) -> ModelCard:
        monkeypatch.setattr(sys, "argv", ["repeated_runs.py", "compact", *map(str, folders)])
        script.main()
        return load_card(tmp_path / "compact")

    return run


def put(folder: Path, **training: Any) -> Path:
    """A folder with a card."""
    folder.mkdir()
    values = card_values()
    given = {**values["training"], "recipe": RECIPE, "seed": 1, "seconds": 10, **training}
    metrics = dict.fromkeys(("validation", "test", "test_ferplus"), values["metrics"]["test"])
    card = ModelCard(**card_values(training=given, metrics=metrics))
    card.save(folder)
    return folder


def test_figures_come_from_the_other_cards_and_go_again(
    run: Callable[..., ModelCard], tmp_path: Path
) -> None:
    model = put(tmp_path / "compact")
    before = load_card(model)
    three = put(tmp_path / "three", seed=3, recipe={**RECIPE, "seed": 3})
    leaking = put(tmp_path / "all", leak_free=False, recipe={**RECIPE, "leak_free": False})
    two = put(tmp_path / "two", seed=2, recipe={**RECIPE, "teachers": ["runs/other"]})

    repeated = run(leaking, three, two).training["repeated_runs"]
    assert [(one["seed"], one["leak_free"]) for one in repeated] == [
        (2, True),
        (3, True),
        (1, False),
    ]
    assert repeated[0]["metrics"]["test"]["accuracy"] == before.metrics["test"]["accuracy"]
    assert "confusion" not in repeated[0]["metrics"]["test"]
    assert "## Repeated runs" in (model / "README.md").read_text(encoding="utf-8")

    assert run() == before
    assert "## Repeated runs" not in (model / "README.md").read_text(encoding="utf-8")


def test_a_training_by_other_settings_is_refused(
    run: Callable[..., ModelCard], tmp_path: Path
) -> None:
    model = put(tmp_path / "compact")
    before = (model / "card.json").read_bytes()
    other = put(tmp_path / "other", recipe={**RECIPE, "epochs": 40})
    with pytest.raises(SystemExit, match="settings differ: epochs"):
        run(other)
    elsewhere = put(tmp_path / "elsewhere", recipe="somebody's")
    with pytest.raises(SystemExit, match="wanted a card with the settings of its training"):
        run(elsewhere)
    with pytest.raises(SystemExit, match=r"card\.json"):
        run(tmp_path / "none")
    assert (model / "card.json").read_bytes() == before
