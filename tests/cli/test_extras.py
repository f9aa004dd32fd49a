"""Commands whose packages are not installed name the extra that brings them."""

import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        ("keras", "train --dataset synthetic --preset smoke --run-dir run", "train"),
        ("sklearn", "dataset audit synthetic", "audit"),
        ("streamlit", "app", "app"),
    ],
)
def test_one_sentence_names_the_extra(
    command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    arguments: str,
    extra: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, module, None)
    outcome = command(*arguments.split())
    assert outcome.code == 2
    assert len(outcome.err.strip().splitlines()) == 1, outcome.err
    assert f"needs the package {module}" in outcome.err
    assert f'pip install "emotion-lens[{extra}]"' in outcome.err
    assert not (tmp_path / "run").exists()
