"""Training and promotion killed while they write: nothing unfinished stays after the next start."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.training.promote import promote_run
from emotion_core.training.run import resume_run
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import read_run
from tests.training.conftest import draw_shapes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.timeout(900),
]
ROOT = Path(__file__).resolve().parents[2]

# Killed when a file of this name is written but not in its place yet.
_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.training.conftest import draw_shapes
from emotion_core.training.config import TrainingConfig
from emotion_core.training.promote import promote_run
from emotion_core.training.run import resume_run, start_run

what, folder, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]

def hook(event, arguments):
    if event == "os.chmod" and f".{name}.emotion-lens-" in str(arguments[0]):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
config = TrainingConfig(
    architecture="emotion-cnn", epochs=2, batch_size=70, optimizer="adam", learning_rate=0.001
)
if what == "start":
    start_run(config, draw_shapes(), folder / "run")
elif what == "resume":
    resume_run(draw_shapes(), folder / "run")
else:
    promote_run(
        folder / "run", draw_shapes(), folder / "models", "shapes", title="S", description="S."
    )
"""


def kill(what: str, folder: Path, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, what, str(folder), name], cwd=ROOT, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def unfinished(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if ".emotion-lens-" in path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_what_kills_leave_goes_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    folder = RunFolder(tmp_path / "run")
    kill("start", tmp_path, "model.keras")
    assert len(unfinished(folder.path)) == 1
    assert not folder.model.exists()
    kill("resume", tmp_path, "state.npz")
    # What the kill before left is gone; what this one left is megabytes.
    assert [path.parent.name for path in unfinished(folder.path)] == ["checkpoint"]
    assert unfinished(folder.path)[0].stat().st_size > 1_000_000
    assert folder.epochs_done == 0
    resume_run(draw_shapes(), folder.path, report=lambda line: None)
    assert unfinished(folder.path) == []
    assert (read_run(folder.path).state, folder.epochs_done) == ("done", 2)

    registry = ModelRegistry(tmp_path / "models")
    kill("promote", tmp_path, "model.tflite")
    assert len(unfinished(registry.root)) == 2, "a folder and the file in it"
    assert registry.names() == ()
    assert unfinished(registry.root) == [], "a look at the models is a start, too"
    card = promote_run(
        folder.path, draw_shapes(), registry.root, "shapes", title="S", description="S.",
        report=lambda line: None,
    )  # fmt: skip
    assert registry.names() == ("shapes",)
    assert registry.verify("shapes") == []
    assert unfinished(tmp_path) == []
    # Replaced: whoever left files beside the old network is told that they are gone.
    (registry.root / "shapes" / "recipe.json").write_text("{}")
    told: list[str] = []
    promote_run(
        folder.path, draw_shapes(), registry.root, "shapes", title="S", description="Again.",
        replace=True, report=told.append,
    )  # fmt: skip
    assert "The old model's other files went with it: recipe.json." in told
    assert registry.card("shapes").description == "Again."
    assert card.description == "S."
