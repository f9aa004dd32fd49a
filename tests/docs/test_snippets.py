"""What the documentation prints is run: Python, and the shell lines that need no data.

In a folder with ``party.jpg``, ``photos/``, ``interview.mp4`` and ``notes.txt``. A block of ``sh``
is run; ``text`` is not, because it needs data, a server or a decision; its commands are at least
parsed. A comment ``<!-- slow -->`` or ``<!-- long -->`` before a block keeps it out of the usual
run.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import matplotlib.cbook
import pytest
import skimage.data
from PIL import Image

from emotion_core.cli import available_commands, build_parser
from tests.video.face_clips import face_clip

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>slow|long) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(r"(?:emotion-lens|python3? -m emotion_core)\s+(?P<arguments>[^|`<>\n]*)")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: of which file, from which line, in which language."""

    file: str
    line: int
    language: str
    code: str
    mark: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def blocks(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    name = str(path.relative_to(ROOT))
    return [
        Block(
            name,
            text.count("\n", 0, match.start()) + 1,
            match["language"],
            match["code"],
            match["mark"] or "",
        )
        for match in _BLOCK.finditer(text)
    ]


BLOCKS = [block for path in FILES for block in blocks(path)]
SHELL = [
    pytest.param(
        block, id=str(block), marks=[getattr(pytest.mark, block.mark)] if block.mark else []
    )
    for block in BLOCKS
    if block.language == "sh"
]
PYTHON = [path for path in FILES if any(block.language == "python" for block in blocks(path))]
COMMANDS = [
    (f"{path.relative_to(ROOT)}", match["arguments"])
    for path in FILES
    for match in _COMMAND.finditer(path.read_text(encoding="utf-8").replace("\\\n", " "))
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of a reader, who has the command ``emotion-lens``."""
    folder = tmp_path / "work"
    (folder / "photos" / "more").mkdir(parents=True)
    astronaut = Image.fromarray(skimage.data.astronaut())
    astronaut.save(folder / "party.jpg")
    astronaut.save(folder / "photos" / "party.jpg")
    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        Image.open(file).convert("RGB").save(folder / "photos" / "more" / "hopper.jpg")
    face_clip(folder / "interview.mp4")
    (folder / "notes.txt").write_text("No picture.", encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EMOTION_LENS_DATASET", "")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.stem)
def test_python_of_a_page_runs_from_top_to_bottom(path: Path, folder: Path) -> None:
    """In a process of its own: the blocks of a page follow each other, and warnings are errors."""
    code = "\n".join(block.code for block in blocks(path) if block.language == "python")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout, "nothing was printed"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize("block", SHELL)
def test_shell_lines_run(block: Block, folder: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    command = tools / "emotion-lens"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m emotion_core "$@"\n')
    command.chmod(0o755)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.code],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def subcommands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """{name: parser} of what may follow; empty where nothing has to."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


@pytest.mark.parametrize(("file", "arguments"), COMMANDS)
def test_commands_are_those_of_the_program(file: str, arguments: str) -> None:
    """Every command that is named, in blocks and in sentences, with its options."""
    words = shlex.split(arguments, comments=True)
    parser: argparse.ArgumentParser = build_parser(available_commands())
    for word in words:
        if (choices := subcommands(parser)) and not word.startswith("-"):
            assert word in choices, f"{file}: {arguments}"
            parser = choices[word]
    known = {option for action in parser._actions for option in action.option_strings}
    wrong = [word for word in words if word[2:] and word.startswith("--") and word not in known]
    assert wrong == [], f"{file}: {arguments}"


def test_there_is_something_to_run() -> None:
    assert len(SHELL) >= 5
    assert len(PYTHON) >= 2
    assert len(COMMANDS) >= 30
