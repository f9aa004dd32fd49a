"""``evaluate --run``: a run that is no model yet is judged and keeps its figures."""

import json
from pathlib import Path

import pytest

from emotion_core.cli import main


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
def test_a_judged_run_keeps_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from emotion_core.classifiers.architectures import build_model

    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    run = tmp_path / "run"
    run.mkdir()
    build_model("mini-xception").save(run / "model.keras")
    for split in ("validation", "test"):
        command = ["evaluate", "--run", str(run), "--dataset", "synthetic", "--split", split]
        assert main([*command, "--json"]) == 0
        printed = json.loads(capsys.readouterr().out)
        kept = json.loads((run / "evaluation.json").read_text(encoding="utf-8"))
        assert kept[split]["accuracy"] == printed["accuracy"]
    assert set(kept) == {"validation", "test"}
