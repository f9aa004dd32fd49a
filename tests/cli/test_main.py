"""The command line as a whole: help, usage errors, errors without tracebacks."""

from pathlib import Path

import pytest

import emotion_core
from emotion_core.cli import available_commands, models
from emotion_core.errors import ModelError


def test_help_names_every_command(command) -> None:
    outcome = command("--help")
    assert outcome.code == 0
    for name in available_commands():
        assert f"    {name}\n" in outcome.out.decode() or f"    {name} " in outcome.out.decode()


@pytest.mark.parametrize(
    "name", [*available_commands(), "models list", "models show", "models verify"]
)
def test_help_shows_an_example(command, name: str) -> None:
    outcome = command(*name.split(), "--help")
    assert outcome.code == 0
    text = outcome.out.decode()
    assert "example:" in text
    assert f"python -m emotion_core {name}" in text.partition("example:")[2]


def test_version(command) -> None:
    assert emotion_core.__version__ in command("--version").out.decode()


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["analyze"], ["models"], ["analyze", "x", "--nonsense"]]
)
def test_usage_errors_are_one_sentence_and_exit_2(command, arguments) -> None:
    outcome = command(*arguments)
    assert outcome.code == 2
    assert outcome.out == b""
    assert len(outcome.err.strip().splitlines()) == 1
    assert "--help" in outcome.err


@pytest.mark.parametrize("error", [ModelError("Wanted this. Received: that."), KeyError("odd")])
def test_errors_never_show_a_traceback(command, monkeypatch: pytest.MonkeyPatch, error) -> None:
    monkeypatch.setattr(models, "ModelRegistry", raising(error))
    outcome = command("models", "list")
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    assert str(error) in outcome.err


def test_tracebacks_can_be_asked_for(command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ModelRegistry", raising(KeyError("odd")))
    monkeypatch.setenv("EMOTION_LENS_TRACEBACK", "1")
    with pytest.raises(KeyError):
        command("models", "list")


def test_ctrl_c_exits_with_130(command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ModelRegistry", raising(KeyboardInterrupt()))
    assert command("models", "list").code == 130


def raising(error: BaseException):
    def call(*_: object) -> None:
        raise error

    return call


def test_help_follows_how_it_was_called(command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/somewhere/bin/emotion-lens"])
    text = command("models", "--help").out.decode()
    assert "usage: emotion-lens models" in text
    assert "  emotion-lens models list" in text
    assert "python -m" not in text
    assert command("models", "show", "nobody").err.startswith("emotion-lens: ")


def test_runs_from_any_folder(start_command, tmp_path) -> None:
    root = Path(emotion_core.__file__).parents[1]
    process = start_command("models", "list", cwd=tmp_path, env={"PYTHONPATH": str(root)})
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b"default" in out
