"""What the pages say on a full disk, and what the app cleans when it starts."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emotion_core.evaluation import test_set_log
from emotion_core.paths import HOME_ENV
from pages.parts.common.server import clean_own_folders
from tests.files.conftest import SmallDisk


def test_an_upload_that_does_not_fit_is_said(
    disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page() -> None:
        import io

        import streamlit as st

        from pages.parts.datasets import importing

        upload = io.BytesIO(b"emotion,pixels,Usage\n" * 10_000)
        upload.name = "theirs.csv"
        importing._start(upload, None, None, None, None, "theirs", "theirs.csv")
        st.write(st.session_state[importing._FAILED])

    monkeypatch.setenv(HOME_ENV, str(disk.path))
    (disk.path / "data").mkdir()
    disk.fill()
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    assert app.markdown[0].value.startswith(f"The disk is full: {disk.path}/jobs/")
    assert list((disk.path / "data").iterdir()) == []
    assert [path.name for path in (disk.path / "jobs").iterdir()] in ([], [".lock"])


def test_a_look_that_cannot_be_noted_shows_no_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, line: str) -> None:
        raise OSError(28, "No space left on device")

    def page() -> None:
        from types import SimpleNamespace

        from emotion_core.classifiers.registry import ModelRegistry
        from emotion_core.evaluation import evaluated_model
        from pages.parts.evaluation.test_set_gate import may_access
        from tests.files.operations import OLD

        model = evaluated_model(ModelRegistry(), "compact")
        rows = SimpleNamespace(split="test", labels="fer2013")
        import streamlit as st

        st.write(str(may_access(SimpleNamespace(model=model, data=OLD, rows=rows))))  # type: ignore[arg-type]

    monkeypatch.setenv(HOME_ENV, str(tmp_path))
    monkeypatch.setattr(test_set_log, "_append", full)
    app = AppTest.from_function(page, default_timeout=60).run()
    app.button[0].click().run()
    assert not app.exception
    assert "test_looks.jsonl cannot be written" in app.error[0].value
    assert app.markdown[-1].value == "False"


def test_the_app_cleans_its_folders_when_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_ENV, str(tmp_path))
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(tmp_path / "models"))
    left = [
        tmp_path / "runs" / "one" / "checkpoint" / ".state.npz.emotion-lens-abcdefgh.partial",
        tmp_path / "models" / ".mine.emotion-lens-abcdefgh.partial" / "new" / "mine" / "card.json",
        tmp_path / "data" / ".import.emotion-lens-abcdefgh.partial" / "new" / "import" / "x.csv",
        tmp_path / "data" / "exports" / ".set.csv.emotion-lens-abcdefgh.partial",
    ]
    for path in left:
        path.parent.mkdir(parents=True)
        path.write_text("x")
    clean_own_folders()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert list((tmp_path / "models").iterdir()) == []
