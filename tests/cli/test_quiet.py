"""What TensorFlow and LiteRT say of themselves never stands among our messages; errors do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emotion_core.native_messages import is_idle_talk, quiet

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        env={**os.environ, **environment},
    )


def run(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "emotion_core", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        env={**os.environ, **environment},
    )


def test_reading_a_photo_says_nothing(astronaut_path: Path) -> None:
    done = run("analyze", astronaut_path)
    assert done.returncode == 0
    assert done.stderr == "1 photo read, 1 face found, 0 failed.\n"


def test_doctor_says_nothing(tmp_path: Path) -> None:
    done = run("doctor", EMOTION_LENS_HOME=str(tmp_path))
    assert done.stderr == ""


@pytest.mark.long
@pytest.mark.timeout(900)  # two starts of TensorFlow
def test_training_says_only_our_lines(tmp_path: Path) -> None:
    folder, small = tmp_path / "run", tmp_path / "small.parquet"
    made = run("dataset", "synthesize", "--output", small, "--per-class", 10, "--seed", 1)
    assert made.returncode == 0, made.stderr
    done = run("train", "--dataset", small, "--preset", "smoke", "--epochs", 1, "--run-dir", folder)
    assert done.returncode == 0, done.stderr
    foreign = ("I0000", "W0000", "E0000", "INFO:", "absl", "cuInit", "cudart", "oneDNN", "rebuild")
    assert not [word for word in foreign if word in done.stderr], done.stderr
    judged = run("evaluate", "--run", folder, "--dataset", small, "--split", "validation")
    assert judged.returncode == 0, judged.stderr
    assert not [word for word in foreign if word in judged.stderr], judged.stderr


@pytest.mark.long
def test_adding_a_model_says_only_our_line(tmp_path: Path) -> None:
    code = (
        "from emotion_core.classifiers.quiet import load_tensorflow; load_tensorflow()\n"
        "from emotion_core.classifiers.architectures import build_emotion_cnn\n"
        f"build_emotion_cnn().save_weights({str(tmp_path / 'm.weights.h5')!r})"
    )
    made = python(code)
    assert made.stderr == ""
    done = run(
        "models", "add", tmp_path / "m.weights.h5", "--name", "m",
        EMOTION_LENS_MODELS=str(tmp_path / "models"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("Added m.")


def test_what_is_no_idle_talk_comes_through() -> None:
    code = (
        "import os, sys\n"
        "from emotion_core.native_messages import quiet\n"
        "with quiet():\n"
        "    os.write(2, b'I0000 00:00:1.2    9 a.cc:1] idle\\n')\n"
        "    os.write(2, b'INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\\n')\n"
        "    os.write(2, b'E0000 00:00:1.2    9 a.cc:1] out of memory\\n')\n"
        "    print('from Python', file=sys.stderr)\n"
        "    raise SystemExit('the end')\n"
    )
    done = python(code)
    assert done.stderr.splitlines() == [
        "E0000 00:00:1.2    9 a.cc:1] out of memory", "from Python", "the end",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "idle"),
    [
        (b"E0000 00:00:1795655114.665578 9312 cuda_platform.cc:52] failed call to cuInit: X", True),
        (b"2025-11-26 01:02:03.1: I tensorflow/core/x.cc:1] y", True),
        (b"2025-11-26 01:02:03.1: E tensorflow/core/x.cc:1] y", False),
        (b"To enable the following instructions: AVX2", True),
        (b"Traceback (most recent call last):", False),
        (b"Information is not INFO", False),
    ],
)
def test_idle_talk(line: bytes, idle: bool) -> None:
    assert is_idle_talk(line) == idle


def test_without_an_error_stream_nothing_fails() -> None:
    done = python(
        "import os; os.close(2)\n"
        "from emotion_core.native_messages import quiet\n"
        "with quiet():\n    print('inside')\n"
    )
    assert done.returncode == 0
    assert done.stdout == "inside\n"
    with quiet():
        pass
