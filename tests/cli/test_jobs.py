"""``jobs``: retry, and what everything takes of the disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

from emotion_core.jobs import JobBoard, JobState
from emotion_core.jobs.store import JobFolder
from emotion_core.paths import HOME_ENV
from tests.cli.conftest import Outcome


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_ENV, str(tmp_path))
    monkeypatch.setattr(JobBoard, "ensure_supervisor", lambda _: False)
    return tmp_path


def test_a_failed_job_is_tried_again(command: Callable[..., Outcome]) -> None:
    board = JobBoard(start=False)
    job = board.submit("evaluation", {}, title="Evaluate", key="a")
    JobFolder(job.folder).write_status(JobState.FAILED, error="No such file.")
    assert command("jobs", "retry", job.id).code == 0
    assert board.get(job.id).state == JobState.QUEUED
    again = command("jobs", "retry", job.id)
    assert (again.code, "wanted a stopped or failed job" in again.err) == (2, True)
    (listed,) = command("jobs", "list", "--json").json["jobs"]
    assert (listed["id"], listed["state"]) == (job.id, "queued")


def test_disk_use_is_listed_and_cleaned_up_when_meant(
    command: Callable[..., Outcome], home: Path
) -> None:
    file = home / "data" / "exports" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x" * 3_000_000)
    shown = command("jobs", "disk")
    assert "exports         3.0 MB  Exports  3.0 MB can go" in shown.out.decode()
    document = command("jobs", "disk", "--json").json
    exports = next(kind for kind in document["kinds"] if kind["kind"] == "exports")
    assert (exports["bytes"], exports["removable"]) == (3_000_000, 1)
    assert document["total_bytes"] >= 3_000_000

    asked = command("jobs", "disk", "--clean", "exports")
    assert (asked.code, file.exists()) == (2, True)
    assert "a.csv" in asked.out.decode()
    assert "Add --yes" in asked.err
    done = command("jobs", "disk", "--clean", "exports", "--yes", "--json")
    assert (done.code, done.json["removed"], file.exists()) == (0, 1, False)
    assert command("jobs", "disk", "--clean", "videos", "--yes").code == 2
