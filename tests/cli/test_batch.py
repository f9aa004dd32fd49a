"""``batch``: what the command says, its exit codes, and the job that others see."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from emotion_core import analyze
from emotion_core.batch.folder import BatchFolder
from emotion_core.batch.options import INPUT_KINDS, BatchOptions
from emotion_core.batch.run import EXECUTORS
from emotion_core.cli import batch, build_parser
from emotion_core.jobs import JobBoard, JobState
from emotion_core.jobs.foreground import run_here

MODEL = ("--model", "compact")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("EMOTION_LENS_HOME", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path, astronaut: Image.Image, hopper: Image.Image) -> Path:
    (folder := tmp_path / "photos").mkdir()
    astronaut.resize((200, 200)).save(folder / "a.jpg")
    hopper.resize((200, 234)).save(folder / "b.jpg")
    (folder / "c.jpg").write_bytes(b"")
    return folder


def test_a_folder(command, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = command("batch", folder, "--output", out, "--workers", 1, "--json", *MODEL)
    assert outcome.code == 1, outcome.err
    said = outcome.json
    (error,) = said.pop("errors")
    assert (Path(error["source"]).name, error["error"]) == ("c.jpg", "empty: c.jpg has 0 bytes.")
    assert {key: said[key] for key in ("output", "kind", "total", "done", "read", "failed")} == {
        "output": str(out), "kind": "photos", "total": 3, "done": 3, "read": 2, "failed": 1,
    }  # fmt: skip
    assert "2 photos read, 1 failed." in outcome.err
    single = analyze([folder / "a.jpg", folder / "b.jpg"], model="compact").to_frame()
    parts = sorted((out / "parts").iterdir())
    pd.testing.assert_frame_equal(
        pd.concat(map(pd.read_parquet, parts), ignore_index=True), single, check_exact=True
    )
    # It was a job like any other.
    (job,) = JobBoard(start=False).jobs()
    assert (job.kind, job.state, job.title) == ("batch", JobState.DONE, "Batch out")
    assert (job.progress.done, job.progress.total, job.progress.unit) == (3, 3, "inputs")
    assert JobBoard(start=False).result(job.id)["read"] == 2
    # Nothing is left to do, and so nobody starts.
    again = command("batch", "--output", out, "--resume", *MODEL)
    assert again.code == 1
    assert again.out.decode().startswith("2 photos in 1 part, ")
    assert "3 of 3 were read before." in again.err
    other = command("batch", folder, "--output", out, "--resume", "--model", "emotion-cnn")
    assert other.code == 2
    assert "Different: model (it was compact, now emotion-cnn)" in other.err
    assert JobBoard(start=False).jobs()[0].state == JobState.FAILED
    assert command("batch", folder, "--output", out, *MODEL).code == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Wanted a SOURCE"),
        (["-"], "A batch has no standard input"),
        (["gone/"], "Nothing to read. gone/: no such file or folder"),
        (["https://example.org/a.jpg"], "Nothing is fetched from there"),
        (["a.jpg", "--address", "10.0.0.1:6379"], "give --executor ray, too"),
        (["a.jpg", "--every", "often"], "wanted seconds such as 0.2s"),
    ],
)
def test_what_cannot_be_done(command, tmp_path: Path, arguments: list[str], says: str) -> None:
    outcome = command("batch", *arguments, "--output", tmp_path / "out", *MODEL)
    assert (outcome.code, outcome.out) == (2, b"")
    assert says in outcome.err


def test_in_the_background(
    command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobBoard, "ensure_supervisor", lambda _: False)
    out = tmp_path / "out"
    outcome = command("batch", folder, "--output", out, "--background", "--json", *MODEL)
    assert outcome.code == 0
    (job,) = JobBoard(start=False).jobs()
    assert (outcome.json["job"], job.state) == (job.id, JobState.QUEUED)
    assert BatchOptions.from_dict(job.arguments["options"]).model == "compact"
    assert Path(job.arguments["output"]) == out
    assert job.arguments["sources"] == [str(folder)]
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    refused = command("batch", folder, "--output", out, "--background", *MODEL)
    assert (refused.code, "There is notes.txt" in refused.err) == (2, True)


def test_a_job_beside_a_board_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    done = []
    run_here(
        JobBoard(tmp_path / "file" / "jobs", start=False),
        "batch",
        {},
        lambda context: done.append(context.cancelled()) or {},
        title="t",
        key="k",
    )
    assert done == [False]


def test_a_job_that_fails_and_one_that_is_stopped(tmp_path: Path) -> None:
    board = JobBoard(tmp_path / "jobs", start=False)

    def stopped(context) -> dict[str, object]:
        board.stop(board.jobs()[0].id)
        while not context.cancelled():
            pass
        context.check()
        return {}

    def failed(_: object) -> dict[str, object]:
        raise ValueError("oh")

    for work in (stopped, failed):
        with pytest.raises(Exception, match=r"Stopped\.|oh"):
            run_here(board, "batch", {"output": "x"}, work, title="t", key="k")
    states = {job.state: job for job in board.jobs()}
    assert states.keys() == {JobState.STOPPED, JobState.FAILED}
    assert (states[JobState.FAILED].error, states[JobState.STOPPED].can_resume) == ("oh", True)


def test_what_is_written_out_is_what_the_library_has() -> None:
    assert batch._KINDS == INPUT_KINDS
    assert batch._EXECUTORS == EXECUTORS
    parse: Callable[..., argparse.Namespace] = build_parser(["batch"]).parse_args
    args = parse(["batch", "a.jpg", "--output", "out"])
    assert batch._options(args) == BatchOptions()
    given = [
        "batch", "a.jpg", "--output", "out", "--every", "5", "--from", "1:30", "--to", "2:00",
        "--model", "compact", "--labels", "fer2013", "--detector", "haar", "--threshold", "0.7",
        "--min-confidence", "0.6", "--small-faces", "off", "--detection-size", "320",
    ]  # fmt: skip
    assert batch._options(parse(given)) == BatchOptions(
        every_s=None, every_n=5, from_s=90.0, to_s=120.0, model="compact", labels="fer2013",
        detector="haar", threshold=0.7, min_confidence=0.6, small_faces="off",
        detection_size=320,
    )  # fmt: skip


def test_settings_of_another_program(command, folder: Path, tmp_path: Path) -> None:
    out = BatchFolder(tmp_path / "out")
    out.path.mkdir()
    out.manifest.write_bytes(b"PAR1")
    for content in ("{}", "[]", "no", json.dumps({"options": {"kind": 5}})):
        out.settings.write_text(content, encoding="utf-8")
        outcome = command("batch", folder, "--output", out.path, "--resume", *MODEL)
        assert outcome.code == 2
        assert "batch.json: wanted" in outcome.err
