"""``models add`` with somebody else's model, from the file to the answers of the served copy."""

import json
import shutil
from pathlib import Path

import pytest

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.files.atomic_files import file_sha256

ROOT = Path(__file__).resolve().parents[2]

# TensorFlow's variables do not know NumPy 2's copy keyword; saving a model runs into it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Models and evaluations of these tests have folders of their own."""
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights of Emotion-detection's network, untrained."""
    from emotion_core.classifiers.architectures import build_emotion_cnn

    path = tmp_path / "model.weights.h5"
    build_emotion_cnn().save_weights(path)
    return path


@pytest.mark.slow
def test_weights_are_added_measured_and_counted(command, root: Path, weights: Path) -> None:
    outcome = command(
        "models", "add", weights, "--name", "mine", "--title", "My model", "--dataset", "synthetic"
    )
    assert outcome.code == 0, outcome.err
    card = ModelRegistry(root).card("mine")
    assert card.labels[4] == "neutral"
    assert card.title == "My model"
    assert set(card.metrics) == {"validation", "test", "test_ferplus"}
    assert "unknown" in card.licence
    assert command("models", "verify", "mine").code == 0
    # What the card says is what evaluate finds; the two looks of adding count.
    judged = command(
        "evaluate", "--model", "mine", "--dataset", "synthetic", "--split", "test", "--json"
    ).json
    assert judged["accuracy"] == pytest.approx(card.metrics["test"]["accuracy"])
    assert judged["ece"] == pytest.approx(card.metrics["test"]["ece"])
    assert judged["test_set_accesses"] == 3
    assert "not known" in command("models", "show", "mine").out.decode()
    assert "Not by this project" in (root / "mine" / "README.md").read_text(encoding="utf-8")


def test_what_is_wrong_is_told_and_nothing_is_left_behind(
    command, root: Path, weights: Path, tmp_path: Path
) -> None:
    assert "--name" in command("models", "add", weights).err
    wrong = command("models", "add", weights, "--name", "mine", "--labels", "happy,sad")
    assert wrong.code == 2
    assert "7 outputs, but 2 labels" in wrong.err
    assert command("models", "add", tmp_path / "none.keras", "--name", "mine").code == 2
    assert not root.exists() or list(root.iterdir()) == []


def test_a_tflite_file_is_added_and_answers(
    command, root: Path, astronaut_path: Path, tmp_path: Path
) -> None:
    shipped = ModelRegistry(ROOT / "models")
    network = shipped.root / "fer2013" / "model.tflite"
    labels = ",".join(shipped.card("fer2013").labels)
    outcome = command(
        "models", "add", network, "--name", "lite", "--labels", labels, "--scale", "-1-1"
    )
    assert outcome.code == 0, outcome.err
    assert "models default lite" in outcome.err
    assert command("models", "verify").code == 0
    assert command("analyze", astronaut_path).code == 2  # nobody chose it
    assert command("analyze", astronaut_path, "--model", "lite").code == 0


def test_a_network_that_cannot_be_run_is_said_everywhere(
    command, root: Path, astronaut_path: Path
) -> None:
    from tests.classifiers.third_party.test_litert_models import wrecked

    shutil.copytree(ROOT / "models" / "compact", root / "compact")
    network, card = root / "compact" / "model.tflite", root / "compact" / "card.json"
    network.write_bytes(wrecked(network.read_bytes()))
    values = json.loads(card.read_text(encoding="utf-8"))
    values["files"]["model.tflite"] = file_sha256(network)
    card.write_text(json.dumps(values), encoding="utf-8")
    verified = command("models", "verify")
    assert verified.code == 1
    (line,) = verified.out.decode().splitlines()
    assert line.startswith("compact: model.tflite cannot be used")
    checked = command("doctor").out.decode().splitlines()
    (line,) = [line for line in checked if "Model compact" in line]
    assert line.startswith("PROBLEM")
    assert "cannot be used" in line
    outcome = command("analyze", astronaut_path)
    assert outcome.code == 2
    assert "defect" not in outcome.err
    assert "LiteRT network" in outcome.err


def test_a_model_folder_says_all_by_itself(command, root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "whole"
    folder.mkdir()
    (folder / "card.json").write_text(json.dumps({}), encoding="utf-8")
    outcome = command("models", "add", folder, "--name", "mine", "--flip-tta")
    assert outcome.code == 2
    assert "Leave out --name, --flip-tta" in outcome.err
