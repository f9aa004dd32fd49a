"""Files that earlier versions wrote are read as they were meant, and their runs go on.

The files of ``old_versions`` are what the code at commit d6e19a2 wrote: the shipped
flagship's recipe, and the settings, state and history of a run of three epochs that was stopped
after the first.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from emotion_core.errors import TrainingError
from emotion_core.schema.old_names import OLD_KEYS, renamed
from emotion_core.training.augmentation import Augmentation
from emotion_core.training.config import TrainingConfig
from emotion_core.training.presets import load_recipe
from emotion_core.training.run import load_run_config, resume_run, start_run
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import read_run
from tests.training.conftest import draw_shapes, with_contrary_votes

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.timeout(900),
]

OLD = Path(__file__).parent / "old_versions"
MODELS = Path(__file__).resolve().parents[2] / "models"


def quiet(_: str) -> None:
    pass


def old_run(folder: Path) -> RunFolder:
    """A run folder with the old files and without a checkpoint."""
    folder.mkdir()
    for name in ("config.json", "status.json", "history.csv"):
        shutil.copy(OLD / name, folder / name)
    return RunFolder(folder)


def test_an_old_recipe_has_the_same_values() -> None:
    config = load_recipe(OLD / "recipe.json")
    assert (config.init_from, config.labels) == ("flagship", "auxiliary-head")
    assert (config.progressive_resizing_px, config.full_size_fraction) == (0, 0.0)
    changes = config.augmentation
    assert (changes.sharp_share, changes.random_erasing, changes.random_erasing_area) == (
        0.5, 0.3, 0.2,
    )  # fmt: skip
    # What was the flagship then is fer2013 now.
    today = {"init_from": "fer2013", "teachers": ["fer2013", "compact"]}
    assert config.with_values(today) == load_recipe(MODELS / "fer2013" / "recipe.json")


def test_an_old_key_beside_its_present_one_is_a_fault() -> None:
    with pytest.raises(TrainingError, match="start_from: no such setting"):
        TrainingConfig.from_dict({"start_from": "a", "init_from": "b"})


@pytest.mark.parametrize(
    ("old", "present"),
    [("ferplus", "raters"), ("both", "auxiliary-head"), ("two-heads", "multi-task")],
)
def test_old_words_for_labels_are_taken(old: str, present: str) -> None:
    assert TrainingConfig.from_dict({"labels": old}).labels == present


def test_what_an_old_run_says_of_itself_is_read(tmp_path: Path) -> None:
    run = read_run(old_run(tmp_path / "old").path)
    assert not run.faults
    assert (run.state, run.epoch, run.epochs, run.can_resume) == ("stopped", 1, 3, True)
    config, saved = load_run_config(run.folder)
    assert config == TrainingConfig(
        architecture="mini-xception",
        epochs=3,
        batch_size=70,
        optimizer="adam",
        learning_rate=1e-3,
        ema=0.5,
        labels="auxiliary-head",
        progressive_resizing_px=40,
        full_size_fraction=0.34,
        init_from="base",
        augmentation=Augmentation(
            flip=False, sharp_share=0.5, random_erasing=0.25, random_erasing_area=0.1
        ),
    )
    assert saved["n_training_images"] == 280
    assert not set(OLD_KEYS) & (set(saved) | set(saved["augmentation"]))


@pytest.mark.slow
def test_an_old_run_goes_on_after_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form of a checkpoint has not changed, so one made here stands for the old one."""
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    dataset = with_contrary_votes(draw_shapes())
    folder = old_run(tmp_path / "old")
    config = load_run_config(folder.path)[0]
    first = RunFolder(tmp_path / "first")
    start_run(replace(config, epochs=1, init_from=""), dataset, first.path, report=quiet)
    shutil.copytree(first.checkpoint.parent, folder.checkpoint.parent)
    before = folder.read_history()
    resume_run(dataset, folder.path, report=quiet)
    run = read_run(folder.path)
    assert (run.state, run.epoch) == ("done", 3)
    assert folder.read_history()[0] == before[0]
    # What is written now has the present names, and everything else as it was.
    written = json.loads(folder.config.read_text())
    assert written == renamed(json.loads((OLD / "config.json").read_text()))
    assert written["init_from"] == "base"
    assert "start_from" not in written


@pytest.mark.long
def test_an_old_run_that_waited_in_the_queue_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    dataset = with_contrary_votes(draw_shapes())
    folder = old_run(tmp_path / "old")
    folder.history.unlink()
    folder.set_status("queued", position=1)
    with pytest.raises(TrainingError, match="init_from"):
        resume_run(dataset, folder.path, report=quiet)
    base = TrainingConfig(architecture="mini-xception", epochs=1, batch_size=70)
    start_run(base, dataset, tmp_path / "runs" / "base", report=quiet)
    resume_run(dataset, folder.path, report=quiet)
    assert read_run(folder.path).epoch == 3
