"""``train``: what options do to the settings of a recipe."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emotion_core.cli import train
from emotion_core.cli.common import EXIT_FAILED
from emotion_core.training.config import TrainingConfig
from tests.cli.conftest import Outcome

DISTILLED = {"preset": "smoke", "teachers": ["flagship"], "init_from": "flagship"}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(DISTILLED))
    return path


@pytest.mark.parametrize(
    ("options", "setting", "wanted"),
    [
        ([], "teachers", ("flagship",)),
        (["--teachers"], "teachers", ()),
        (["--teachers", "compact", "runs/mine"], "teachers", ("compact", "runs/mine")),
        ([], "init_from", "flagship"),
        (["--init-from", "runs/base"], "init_from", "runs/base"),
        (["--start-from", "runs/base"], "init_from", "runs/base"),  # of earlier versions
        (["--labels", "raters"], "labels", "raters"),
        (["--labels", "ferplus"], "labels", "raters"),
    ],
)
def test_models_that_a_recipe_names_can_be_replaced(
    options: list[str],
    setting: str,
    wanted: object,
    recipe: Path,
    tmp_path: Path,
    command: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[TrainingConfig] = []

    def keep(config: TrainingConfig, *_: object, **__: Any) -> None:
        started.append(config)

    monkeypatch.setattr(train, "start_run", keep)
    monkeypatch.setattr(train, "check_sources", lambda config: None)  # no such runs here
    line = ["train", "--recipe", str(recipe), "--dataset", "synthetic"]
    outcome = command(*line, *options, "--run-dir", str(tmp_path / "run"))
    assert outcome.code == 0, outcome.err
    assert [getattr(config, setting) for config in started] == [wanted]


def test_a_teacher_that_is_not_there_is_named(
    recipe: Path, tmp_path: Path, command: Callable[..., Outcome]
) -> None:
    line = ["train", "--recipe", str(recipe), "--dataset", "synthetic", "--teachers", "nobody"]
    outcome = command(*line, "--run-dir", str(tmp_path / "run"))
    assert outcome.code == EXIT_FAILED
    assert "teachers: wanted a run folder" in outcome.err
    assert "nobody" in outcome.err
    assert "Traceback" not in outcome.err
